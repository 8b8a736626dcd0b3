"""Which of the shapes we have a caller would rather get."""

from collections.abc import Sequence

HTML, JSON, PDF = "text/html", "application/json", "application/pdf"


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The offered media type with the greatest weight in an Accept header (RFC 9110, 12.5.1).

    The first offered where none is named: a browser and `*/*` get that.
    """
    weights = dict(_weight(part) for part in accept.split(","))
    best = max(offered, key=lambda media: weights.get(media, 0.0))
    return best if weights.get(best, 0.0) > 0 else offered[0]


def _weight(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media, float(value)
            except ValueError:
                return media, 0.0
    return media, 1.0
