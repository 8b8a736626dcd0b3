"""What is due, done: deadline's timer and a peer's worker, each alone in a process."""
