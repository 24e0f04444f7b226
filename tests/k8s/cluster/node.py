"""A node: pods as processes, each with the volumes and names that its manifest says, by bubblewrap."""

import base64
import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coq_checker.toolchain import ToolchainError, find_toolchain
from coq_checker.toolchain.recipe import RECIPES
from coqdata.catalogue import cache_folder

from .objects import Object, Objects

PALMETTO = Path(sys.executable).with_name("palmetto")
# Places that a pod has of its own.
_CHECKOUT = Path(__file__).parents[3]
_OWN = ("/proc", "/dev", "/tmp", "/var", "/sys", "/projects", "/index", "/results", "/data", "/models")
_CACHE = "/var/lib/palmetto/cache"
_VARIABLE = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
# The ports on which services listen in their images.
_LISTEN = {
    "coq-checker": {"PALMETTO_CHECKER_LISTEN": 50051, "PALMETTO_CHECKER_METRICS_LISTEN": 9100},
    "retriever": {"PALMETTO_RETRIEVER_LISTEN": 50052, "PALMETTO_RETRIEVER_METRICS_LISTEN": 9100},
    "model-server": {"PALMETTO_MODEL_LISTEN": 8000},
    "prover": {"PALMETTO_PROVER_LISTEN": 8080},
}


@dataclass(slots=True)
class Pod:
    """A running pod with one container.

    Attributes:
        name: its name.
        address: its own address.
        process: it.
        log: what it prints.
        disrupted: somebody evicts it.
    """

    name: str
    address: str
    process: subprocess.Popen[bytes]
    log: Path
    disrupted: bool = False

    def end(self, *, force: bool = False) -> None:
        """Ends it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL if force else signal.SIGTERM)

    def said(self) -> str:
        """What it printed."""
        return self.log.read_text(errors="replace")


@dataclass(slots=True)
class Node:
    """Starts pods.

    Attributes:
        objects: the cluster's.
        folder: volumes, logs and names.
        foreign: programs that stand for images that are not ours, by the beginning of their names: an argument list,
            in which ADDRESS and PORT stand for the pod's.
        engine: how a container of ours is started instead of as a process; None: as a process.
    """

    objects: Objects
    folder: Path
    foreign: dict[str, Sequence[str]] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    _count: int = 0

    def volume(self, claim: str) -> Path:
        """The folder of a claim."""
        made = self.folder / "volumes" / claim
        made.mkdir(parents=True, exist_ok=True)
        return made

    def start(self, name: str, namespace: str, template: Object, extra: dict[str, str]) -> Pod:
        """Starts a pod; `extra` are variables that the cluster sets.

        Raises:
            KeyError: what its manifest names is not there.
        """
        self._count += 1
        address = f"127.0.{10 + self._count // 250}.{1 + self._count % 250}"
        spec = template["spec"]
        log = self.folder / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        # Init containers first, one after the other.
        commands = [
            shlex.join(self._command(name, address, namespace, spec, one, extra))
            for one in (*spec.get("initContainers", []), *spec["containers"])
        ]
        script = " && ".join([*commands[:-1], f"exec {commands[-1]}"])
        with log.open("ab") as out:
            process = subprocess.Popen(
                ["/bin/sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pods[name] = Pod(name, address, process, log)
        return self.pods[name]

    def _command(
        self, name: str, address: str, namespace: str, spec: Object, container: Object, extra: dict[str, str]
    ) -> list[str]:
        """The argument list of one container."""
        image = container["image"]
        variables = self._variables(container, namespace, extra)
        program = next((list(one) for prefix, one in self.foreign.items() if image.startswith(prefix)), None)
        if program is None:
            variables = {**self._image(image, address), **variables}
            words = [_filled(word, variables) for word in container.get("args", [])]
            program = [*container.get("command", [str(PALMETTO)]), *words]
        else:
            port = str(container["ports"][0]["containerPort"])
            program = [word.replace("ADDRESS", address).replace("PORT", port) for word in program]
            variables = {**self._image(image, address), "PALMETTO_MODEL_RETRIEVER": ""}
        base = {"PATH": f"{PALMETTO.parent}:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"}
        told = {**base, **{key: _filled(value, variables) for key, value in variables.items()}}
        settings = [f"{key}={value}" for key, value in told.items()]
        return ["env", "-i", *settings, *self._sandbox(name, spec, container), *program]

    def _variables(self, container: Object, namespace: str, extra: dict[str, str]) -> dict[str, str]:
        found = dict(extra)
        for one in container.get("env", []):
            if "value" in one:
                found[one["name"]] = one["value"]
                continue
            source = one["valueFrom"]
            if "configMapKeyRef" in source:
                key = source["configMapKeyRef"]
                held = self.objects.get("ConfigMap", namespace, key["name"])
                if held is None:
                    raise KeyError(f"there is no ConfigMap {key['name']}")
                found[one["name"]] = held["data"][key["key"]]
            elif "secretKeyRef" in source:
                key = source["secretKeyRef"]
                held = self.objects.get("Secret", namespace, key["name"])
                if held is None:
                    raise KeyError(f"there is no Secret {key['name']}")
                found[one["name"]] = base64.b64decode(held["data"][key["key"]]).decode()
        return found

    @staticmethod
    def _image(image: str, address: str) -> dict[str, str]:
        """What an image of ours sets."""
        toolchain = _toolchain(image)
        name = image.rpartition("/")[2].partition(":")[0].removesuffix(f"-{toolchain}")
        listens = {variable: f"{address}:{port}" for variable, port in _LISTEN.get(name, {}).items()}
        return {
            **listens,
            "PALMETTO_CACHE": _CACHE,
            # A pod's address is one of the loopback's here, where a prover answers to no other names by itself.
            "PALMETTO_PROVER_HOSTS": "*",
            "PALMETTO_RETRIEVER_INDEXES": "/index",
            "PALMETTO_PLUGINS": str(cache_folder() / "plugins"),
            **({"PALMETTO_TOOLCHAIN": toolchain} if toolchain else {}),
        }

    def _sandbox(self, name: str, spec: Object, container: Object) -> list[str]:
        words = ["bwrap", "--die-with-parent", "--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev"]
        for entry in Path("/").iterdir():
            place = str(entry)
            if place in _OWN or entry.name == "lost+found":
                continue
            words += ["--symlink", str(entry.readlink()), place] if entry.is_symlink() else ["--ro-bind", place, place]
        words += ["--tmpfs", "/tmp", "--tmpfs", "/var"]
        volumes = {one["name"]: one for one in spec.get("volumes", [])}
        for mount in container.get("volumeMounts", []):
            volume = volumes[mount["name"]]
            if "persistentVolumeClaim" in volume:
                source = self.volume(volume["persistentVolumeClaim"]["claimName"])
            else:
                source = self.folder / "pods" / name / mount["name"]
                source.mkdir(parents=True, exist_ok=True)
            if mount["mountPath"] != "/dev/shm":
                words += ["--ro-bind" if mount.get("readOnly") else "--bind", str(source), mount["mountPath"]]
        # What the programs are made of may lie in /tmp or /var, which pods have of their own.
        for made in (_CHECKOUT, Path(sys.base_prefix), cache_folder()):
            if made.is_relative_to("/tmp") or made.is_relative_to("/var"):
                words += ["--ro-bind", str(made), str(made)]
        # The toolchain of its image, and no other.
        words += ["--tmpfs", f"{_CACHE}/toolchains"]
        with contextlib.suppress(ToolchainError):  # a pod that needs it says so
            if (toolchain := _toolchain(container["image"])) and (root := find_toolchain(toolchain).root) is not None:
                words += ["--ro-bind", str(root), f"{_CACHE}/toolchains/{root.name}"]
        return [*words, "--ro-bind", str(self.names()), "/etc/hosts", "--chdir", "/tmp"]

    def names(self) -> Path:
        """The file that tells pods the addresses of services; it is rewritten in its place."""
        made = self.folder / "hosts"
        if not made.exists():
            made.write_text("127.0.0.1 localhost\n")
        return made

    def publish(self, services: dict[str, list[str]]) -> None:
        """Sets which addresses services have."""
        lines = [f"{address} {name}" for name, addresses in sorted(services.items()) for address in addresses]
        with self.names().open("r+") as held:  # the same file: it is bound into running pods
            held.truncate()
            held.write("\n".join(["127.0.0.1 localhost", *lines]) + "\n")

    def listens(self, pod: Pod, container: Object) -> bool:
        """Whether all ports of the pod are open."""
        for port in container.get("ports", []):
            with socket.socket() as one:
                one.settimeout(1)
                if one.connect_ex((pod.address, port["containerPort"])) != 0:
                    return False
        return True

    def close(self) -> None:
        """Ends all pods."""
        for pod in self.pods.values():
            pod.end(force=True)
        for pod in self.pods.values():
            pod.process.wait(30)
        shutil.rmtree(self.folder / "pods", ignore_errors=True)


def _toolchain(image: str) -> str:
    """The toolchain that an image has, as its name says; empty for one that has none."""
    return next((one for one in RECIPES if image.partition(":")[0].endswith(f"-{one}")), "")


def _filled(text: Any, variables: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), str(text))
