"""The busiest route without FastAPI's dependency solving, which costs more than all else it does."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from shared.identity import Caller
from shared.problems import Problem

LONGEST_BODY_BYTES = 1_000_000


def quick_route(model: type[BaseModel], authorise: Callable[[Request], Any]) -> type[APIRoute]:
    """A class of routes whose endpoints take `body`, `caller` and `request`, and nothing else.

    `authorise` is what `shared.identity.require` gives. FastAPI still reads the endpoint's signature for the OpenAPI document. Who asks is decided
    before what they send is read.
    """

    class QuickRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            endpoint = self.endpoint

            async def handle(request: Request) -> Response:
                caller: Caller = await authorise(request)
                body = await read_body(request, model)
                response: Response = await endpoint(body=body, caller=caller, request=request)
                return response

            return handle

    return QuickRoute


async def read_body(request: Request, model: type[BaseModel]) -> BaseModel:
    """The body as `model`. Raises `Problem` or `RequestValidationError`."""
    if int(request.headers.get("content-length", 0)) > LONGEST_BODY_BYTES:
        raise Problem(413, "Too long", f"a body has at most {LONGEST_BODY_BYTES} bytes")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        faults = error.errors(include_url=False)
        if faults[0]["type"] == "json_invalid":
            why = faults[0]["ctx"]["error"]
            raise Problem(400, "The body is not JSON", why, type="malformed-json") from error
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        ) from error
