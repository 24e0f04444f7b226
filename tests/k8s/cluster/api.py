"""The API server: HTTP, as far as kubectl asks."""

import json
import queue
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

from .objects import KINDS, ConflictError, Object, Objects
from .patch import merged

_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


def serve(objects: Objects) -> ThreadingHTTPServer:
    """Starts the server in a thread."""

    class Handler(_Handler):
        pass

    Handler.objects = objects
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: Objects

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _answer(self, body: Object, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _refused(self, status: int, reason: str, message: str) -> None:
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message}
        self._answer({**body, "code": status}, status)

    def _body(self) -> Any:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return yaml.safe_load(data) if data else {}

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        words = url.path.strip("/").split("/")
        discovered = _discovery(words)
        if discovered is not None:
            self._answer(discovered)
            return
        place = _place(words)
        if place is None:
            self._refused(404, "NotFound", "the server could not find the requested resource")
            return
        kind, namespace, name = place
        if name:
            found = self.objects.get(kind, namespace, name)
            if found is None:
                self._refused(404, "NotFound", f'{KINDS[kind][1]} "{name}" not found')
            else:
                self._answer(found)
            return
        asked = dict(urllib.parse.parse_qsl(url.query))
        if asked.get("watch") in ("true", "1"):
            self._watch(kind, namespace, asked)
            return
        items = [one for one in self.objects.all(kind, namespace) if _fits(one, asked)]
        meta = {"resourceVersion": self.objects.version}
        self._answer({"kind": f"{kind}List", "apiVersion": KINDS[kind][0], "metadata": meta, "items": items})

    def _watch(self, kind: str, namespace: str, asked: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

        def wanted(one: Object) -> bool:
            return one["kind"] == kind and namespace in ("", one["metadata"].get("namespace", "")) and _fits(one, asked)

        since = int(asked.get("resourceVersion") or 0)
        try:
            with self.objects.watch(wanted) as waiting:
                for one in self.objects.all(kind, namespace):
                    if _fits(one, asked) and int(one["metadata"]["resourceVersion"]) > since:
                        self._event("MODIFIED", one)
                while True:
                    try:
                        self._event(*waiting.get(timeout=0.5))
                    except queue.Empty:
                        self.wfile.flush()
        except (BrokenPipeError, ConnectionError):
            self.close_connection = True

    def _event(self, event: str, one: Object) -> None:
        data = json.dumps({"type": event, "object": one}).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def do_POST(self) -> None:
        place = _place(urllib.parse.urlsplit(self.path).path.strip("/").split("/"))
        body = self._body()
        if place is None or body.get("kind") != place[0]:
            self._refused(404, "NotFound", "the server could not find the requested resource")
            return
        kind, namespace, _ = place
        if KINDS[kind][2]:
            body["metadata"].setdefault("namespace", namespace)
            if self.objects.get("Namespace", "", namespace) is None:
                self._refused(404, "NotFound", f'namespaces "{namespace}" not found')
                return
        if self.objects.get(kind, namespace, body["metadata"]["name"]) is not None:
            self._refused(409, "AlreadyExists", f'{KINDS[kind][1]} "{body["metadata"]["name"]}" already exists')
            return
        self._answer(self.objects.put(body), 201)

    def do_PATCH(self) -> None:
        place = _place(urllib.parse.urlsplit(self.path).path.strip("/").split("/"))
        held = self.objects.get(*place) if place is not None else None
        if place is None or held is None:
            self._refused(404, "NotFound", "there is no such object")
            return
        if "strategic-merge-patch" not in self.headers["Content-Type"]:
            self._refused(415, "UnsupportedMediaType", f"this server takes no {self.headers['Content-Type']}")
            return
        try:
            self._answer(self.objects.put(merged(held, self._body())))
        except ConflictError as error:
            self._refused(422, "Invalid", str(error))

    def do_DELETE(self) -> None:
        place = _place(urllib.parse.urlsplit(self.path).path.strip("/").split("/"))
        self._body()
        found = self.objects.remove(*place) if place is not None and place[2] else None
        if found is None:
            self._refused(404, "NotFound", "there is no such object")
        else:
            self._answer({"kind": "Status", "apiVersion": "v1", "status": "Success"})


def _place(words: list[str]) -> tuple[str, str, str] | None:
    """Kind, namespace and name that a path means; no name for all of them."""
    if words[:1] == ["api"] and len(words) > 2:
        version, rest = words[1], words[2:]
    elif words[:1] == ["apis"] and len(words) > 3:
        version, rest = f"{words[1]}/{words[2]}", words[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    for kind, (group, plural, _) in KINDS.items():
        if (group, plural) == (version, rest[0]):
            return kind, namespace, rest[1] if len(rest) > 1 else ""
    return None


def _fits(one: Object, asked: dict[str, str]) -> bool:
    for pair in filter(None, asked.get("fieldSelector", "").split(",")):
        field, _, value = pair.partition("=")
        if field == "metadata.name" and one["metadata"]["name"] != value.lstrip("="):
            return False
    labels = one["metadata"].get("labels", {})
    pairs = (pair.partition("=") for pair in filter(None, asked.get("labelSelector", "").split(",")))
    return all(labels.get(name) == value.lstrip("=") for name, _, value in pairs)


def _discovery(words: list[str]) -> Object | None:
    groups = sorted({group for group, _, _ in KINDS.values() if "/" in group})
    match words:
        case ["version"]:
            return {"major": "1", "minor": "34", "gitVersion": "v1.34.0"}
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        case ["apis"]:
            listed = [
                {
                    "name": group.partition("/")[0],
                    "versions": [{"groupVersion": group, "version": group.partition("/")[2]}],
                    "preferredVersion": {"groupVersion": group, "version": group.partition("/")[2]},
                }
                for group in groups
            ]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
        case ["api", version] | ["apis", _, version]:
            group = "v1" if words[0] == "api" else f"{words[1]}/{version}"
            resources = [
                {"name": plural, "singularName": kind.lower(), "namespaced": inside, "kind": kind, "verbs": _VERBS}
                for kind, (held, plural, inside) in KINDS.items()
                if held == group
            ]
            if resources:
                return {"kind": "APIResourceList", "groupVersion": group, "resources": resources}
    return None
