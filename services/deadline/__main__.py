"""`python -m services.deadline`."""

from services.deadline.entrypoints.subscribers import TOPICS
from services.deadline.main import (
    MIGRATIONS,
    NAME,
    add_commands,
    build,
    open_ear,
    read_rules,
)
from services.deadline.settings import Settings
from shared.commands import commands

app = commands(NAME, Settings, build, open_ear, MIGRATIONS, TOPICS, read_rules)
add_commands(app)
app()
