"""`python -m services.intake`."""

from services.intake.main import MIGRATIONS, NAME, build, open_ear
from services.intake.settings import Settings
from shared.commands import commands

commands(NAME, Settings, build, open_ear, MIGRATIONS)()
