"""`python -m services.feedback`."""

from services.feedback.main import MIGRATIONS, NAME, build, open_ear
from services.feedback.settings import Settings
from shared.commands import commands

commands(NAME, Settings, build, open_ear, MIGRATIONS)()
