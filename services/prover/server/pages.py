"""What a person sees: the workbench at `/`, the interactive description at `/docs`; nothing is fetched elsewhere."""

import base64
import hashlib
import re
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse, PlainTextResponse
from starlette.staticfiles import StaticFiles

from prover.server.headers import POLICY

_STATIC = Path(__file__).parent / "static"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_NOT_BUILT = "The workbench is not built: run `make web` in a checkout, then reload.\n"


def add_pages(app: FastAPI, folder: Path = _STATIC) -> None:
    """Adds the pages, from what `make web` built into `folder`. Where it is not built, `/` says so."""

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def workbench() -> Response:
        index = folder / "index.html"
        return FileResponse(index) if index.is_file() else PlainTextResponse(_NOT_BUILT, 503)

    @app.api_route("/favicon.svg", methods=["GET", "HEAD"], include_in_schema=False)
    async def icon() -> Response:
        found = folder / "favicon.svg"
        return FileResponse(found) if found.is_file() else Response(status_code=404)

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        base = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            openapi_url=f"{base}/openapi.json",
            title=app.title,
            swagger_js_url=f"{base}/assets/swagger-ui/swagger-ui-bundle.js",
            swagger_css_url=f"{base}/assets/swagger-ui/swagger-ui.css",
            swagger_favicon_url=f"{base}/favicon.svg",
        )
        hashes = " ".join(_hash(script) for script in _INLINE.findall(bytes(page.body).decode()))
        # Swagger UI sets styles of elements.
        policy = POLICY.replace("script-src 'self'", f"script-src 'self' {hashes}")
        page.headers["Content-Security-Policy"] = policy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
        return page

    if (folder / "assets").is_dir():
        app.mount("/assets", StaticFiles(directory=folder / "assets"), name="assets")


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
