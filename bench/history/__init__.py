"""What a dossier costs with few dossiers behind it, and with ten million."""
