"""Pages for citizens: jinja2 with everything escaped, one request each, no script, nothing from elsewhere."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

SHELL = Path(__file__).parent / "templates"
"""What all pages have: `base.html` and its style."""


class CitizenPages:
    """A service's templates, all compiled when loaded: a broken one stops the start."""

    def __init__(self, directory: Path, **words: Any) -> None:
        """`words` are known to every template."""
        style = (SHELL / "style.css").read_text(encoding="utf-8")
        environment = Environment(
            loader=FileSystemLoader([directory, SHELL]), undefined=StrictUndefined, autoescape=True
        )
        environment.globals.update(style=Markup(style), **words)
        self._templates = {
            name: environment.get_template(name)
            for name in environment.list_templates(extensions=["html", "inc"])
        }
        self._headers = _headers(style)

    def show(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Render `name.html`."""
        html = self._templates[f"{name}.html"].render(values)
        return HTMLResponse(html, status, headers=self._headers)


def _headers(style: str) -> dict[str, str]:
    """Only our own style and our own forms; no trace of a link's token in a referrer or a cache."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
