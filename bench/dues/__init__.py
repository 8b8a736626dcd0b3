"""Dates computed in bulk: deadline's own way, and a peer's."""
