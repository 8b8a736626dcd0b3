"""Calendar bugs that other systems are known for, a test each: the project and its issue name it."""

from services.deadline.tests.entrypoints.conftest import Ask, ask, token  # noqa: F401
