"""Ours and its peers: each empties an outbox into Kafka, in order per dossier, alone in a process."""
