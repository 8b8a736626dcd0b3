"""The words of notices, asked of feedback over HTTP."""

from pathlib import Path

import httpx

from services.intake.domain.deliveries import Fault
from services.intake.usecases.delivery_ports import DeliveryError, Wording

SECONDS = 20.0


class FeedbackWords:
    """`Words` from feedback's `GET /notices`. The token is read at each call: its file may be renewed."""

    def __init__(self, client: httpx.AsyncClient, url: str, token_file: Path) -> None:
        self._client = client
        self._url = url
        self._token_file = token_file

    async def of(self, dossier: str, notice: str, number: int, language: str) -> Wording:
        try:
            token = self._token_file.read_text().strip()
            answer = await self._client.get(
                self._url,
                params={"dossier": dossier},
                headers={"Authorization": f"Bearer {token}"},
                timeout=SECONDS,
            )
            answer.raise_for_status()
            told = next(
                one
                for one in answer.json()["notices"]
                if (one["notice"], one.get("number", 1)) == (notice, number)
            )
            text: str = told["text"][language]
            link: str | None = told["rating_link"]
            handler: str | None = told.get("handler")
        except httpx.HTTPStatusError as error:
            raise DeliveryError(Fault(f"Words {error.response.status_code}")) from error
        except StopIteration as error:
            raise DeliveryError(Fault("Words Missing")) from error
        except (httpx.HTTPError, OSError, ValueError, KeyError, TypeError) as error:
            raise DeliveryError(Fault(f"Words {type(error).__name__}")) from error
        return Wording(f"{text}\n{link}" if link else text, handler)
