"""`python -m services.feedback`."""

from services.feedback.entrypoints.subscribers import TOPICS
from services.feedback.main import (
    MIGRATIONS,
    NAME,
    add_commands,
    build,
    open_ear,
    read_rules,
)
from services.feedback.settings import Settings
from shared.commands import commands

app = commands(NAME, Settings, build, open_ear, MIGRATIONS, TOPICS, read_rules)
add_commands(app)
app()
