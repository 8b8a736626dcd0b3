"""What deadline does, a verb per file: load, decide, store. Beside them: ports, and what is known."""
