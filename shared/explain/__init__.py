"""Tells one dossier's life across the services, as the topics have it."""
