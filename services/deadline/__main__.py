"""`python -m services.deadline`."""

from services.deadline.main import MIGRATIONS, NAME, add_commands, build, open_ear
from services.deadline.settings import Settings
from shared.commands import commands

app = commands(NAME, Settings, build, open_ear, MIGRATIONS)
add_commands(app)
app()
