"""`python -m services.deadline`."""

from services.deadline.main import MIGRATIONS, NAME, build, open_ear
from services.deadline.settings import Settings
from shared.commands import commands

commands(NAME, Settings, build, open_ear, MIGRATIONS)()
