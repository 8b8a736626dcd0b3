"""Replicas come, go, die and are renewed under a steady load; what it costs, and the ledger."""
