"""Replays a real log through the services' own HTTP, on a virtual clock."""
