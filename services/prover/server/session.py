"""The page's session: a token once, then a cookie that scripts cannot read."""

from typing import Annotated

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from prover.server.access import COOKIE, Tokens, client_of
from prover.server.rates import Rates


class SessionRequest(BaseModel):
    """A token to be looked at."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=4096)]


class SessionAnswer(BaseModel):
    """Whether a token is needed, and whether this client has shown one."""

    needed: bool
    authenticated: bool


def add_session(app: FastAPI, tokens: Tokens, rates: Rates) -> None:
    """Adds `/v1/session`."""

    @app.get("/v1/session")
    async def session(request: Request) -> SessionAnswer:
        """Whether a token is needed, and whether this client has shown one."""
        return SessionAnswer(needed=tokens.needed, authenticated=tokens.authorised(Headers(scope=request.scope)))

    @app.post("/v1/session", status_code=204, responses={401: {"description": "The token is not a good one"}})
    async def begin(request: Request, body: SessionRequest) -> Response:
        """Show a token; the answer sets a cookie for the page. It ends with the browser, or with DELETE."""
        if not tokens.needed:
            return Response(status_code=204)
        client = client_of(request.scope)
        if wait_s := rates.too_wrong(client):
            raise HTTPException(429, "there were too many wrong tokens", {"Retry-After": str(wait_s)})
        if not tokens.is_good(body.token):
            rates.wrong(client)
            raise HTTPException(401, "the token is not a good one")
        response = Response(status_code=204)
        response.set_cookie(
            COOKIE,
            tokens.cookie(body.token),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @app.delete("/v1/session", status_code=204)
    async def end() -> Response:
        """Forget the cookie."""
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response
