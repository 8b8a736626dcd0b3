"""The fault campaign: kills, cuts and poisons the stack under load, then lets the ledger judge."""
