"""docker/compose.yaml, read and run with podman as it says, service by service in the order of `depends_on`.

No compose program is needed: podman of Debian 12 has none that waits for health without systemd.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from .containers import Container
from .dockerfiles import FOLDER
from .machine import run

FILE = FOLDER / "compose.yaml"
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def read(settings: Mapping[str, str] | None = None, file: Path = FILE) -> dict[str, Any]:
    """The file, with its variables replaced by settings or their defaults."""
    given = settings or {}
    text = _VARIABLE.sub(lambda hit: given.get(hit[1]) or hit[2], file.read_text("utf-8"))
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def order(services: Mapping[str, Any]) -> list[str]:
    """Names of the services, each after those that it depends on."""
    found: list[str] = []
    while len(found) < len(services):
        ready = [
            name for name in services if name not in found and set(services[name].get("depends_on", ())) <= {*found}
        ]
        assert ready, f"services depend on each other in a circle: {set(services) - set(found)}"
        found += ready
    return found


def arguments(project: str, name: str, service: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """What `podman run` is told for a service."""
    words = ["--name", f"{project}-{name}", "--user", service["user"]]
    words += ["--read-only"] if service["read_only"] else []
    for option, key in (("--cap-drop", "cap_drop"), ("--security-opt", "security_opt"), ("--tmpfs", "tmpfs")):
        words += [word for value in service.get(key, ()) for word in (option, _security(value))]
    for key, value in service.get("environment", {}).items():
        words += ["--env", f"{key}={value}"]
    for volume in service.get("volumes", ()):
        source, rest = volume.split(":", 1)
        place = f"{project}-{source}" if source in document["volumes"] else str((FOLDER / source).resolve())
        words += ["--volume", f"{place}:{rest}"]
    for port in service.get("ports", ()):
        words += ["--publish", port]
    networks = [f"{project}-{one}" for one in service.get("networks", ())]
    words += ["--network", ",".join(networks) if networks else service["network_mode"], "--network-alias", name]
    if not networks:
        words = words[:-2]
    limits = service["deploy"]["resources"]["limits"]
    return [*words, "--memory", limits["memory"], "--pids-limit", str(limits["pids"])]


def _security(value: str) -> str:
    # podman's word has no value.
    return value.removesuffix(":true")


@contextmanager
def up(project: str, settings: Mapping[str, str]) -> Iterator[dict[str, Container]]:
    """The stack, for as long as the block lasts; each service is healthy before those that depend on it start."""
    document = read(settings)
    services = document["services"]
    with ExitStack() as ending:
        for name, network in document["networks"].items():
            inner = ["--internal"] if network.get("internal") else []
            run("podman", "network", "rm", "--force", f"{project}-{name}", check=False)
            run("podman", "network", "create", *inner, f"{project}-{name}")
            ending.callback(run, "podman", "network", "rm", "--force", f"{project}-{name}", check=False)
        for name in document["volumes"]:
            run("podman", "volume", "rm", "--force", f"{project}-{name}", check=False)
            run("podman", "volume", "create", f"{project}-{name}")
            ending.callback(run, "podman", "volume", "rm", "--force", f"{project}-{name}", check=False)
        started: dict[str, Container] = {}
        for name in order(services):
            for need, how in services[name].get("depends_on", {}).items():
                assert how == {"condition": "service_healthy"}
                started[need].wait_healthy()
            words = arguments(project, name, services[name], document)
            run("podman", "rm", "--force", "--ignore", "--time", "0", f"{project}-{name}")
            ending.callback(run, "podman", "rm", "--force", "--ignore", "--time", "0", f"{project}-{name}", check=False)
            image, command = services[name]["image"], services[name].get("command", ())
            run("podman", "run", "--detach", *words, f"localhost/{image}", *command)
            started[name] = Container(f"{project}-{name}")
        yield started
