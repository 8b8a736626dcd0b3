"""Whether somebody wrote anything: blanks come in many shapes, some of which nobody can see."""

FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters to Unicode, and nothing to the eye."""


def is_written(text: str | None) -> bool:
    """Whether it holds a letter or a digit of any script.

    White space, zero-width characters and marks alone say nothing, where a reason or words are asked for.
    """
    return any(one.isalnum() and one not in FILLERS for one in text or "")
