"""Deadline's environment."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service is told; deadline's own figures are in its rule book."""
