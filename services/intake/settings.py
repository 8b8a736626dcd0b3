"""Intake's environment."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service is told; intake's own figures are in its rules."""
