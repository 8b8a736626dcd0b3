"""`python -m services.feedback`."""

from services.feedback.entrypoints.subscribers import TOPICS
from services.feedback.main import MIGRATIONS, NAME, build, open_ear, read_rules
from services.feedback.settings import Settings
from shared.commands import commands

commands(NAME, Settings, build, open_ear, MIGRATIONS, TOPICS, read_rules)()
