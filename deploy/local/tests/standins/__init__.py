"""Services in name only: they answer /health/ready and tell their environment, nothing more.

The stack's own promises (all starts, nothing stays) are tested with them, whatever state the real
services are in.
"""
