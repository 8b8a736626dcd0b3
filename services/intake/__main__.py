"""`python -m services.intake`."""

from services.intake.entrypoints.subscribers import TOPICS
from services.intake.main import MIGRATIONS, NAME, add_commands, build, open_ear, read_rules
from services.intake.settings import Settings
from shared.commands import commands

app = commands(NAME, Settings, build, open_ear, MIGRATIONS, TOPICS, read_rules)
add_commands(app)
app()
