"""The cluster's objects, and who watches them."""

import copy
import queue
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]
# Kind: its group and version, its name in paths, whether it lies in a namespace.
KINDS: dict[str, tuple[str, str, bool]] = {
    "Namespace": ("v1", "namespaces", False),
    "ConfigMap": ("v1", "configmaps", True),
    "Secret": ("v1", "secrets", True),
    "Service": ("v1", "services", True),
    "PersistentVolumeClaim": ("v1", "persistentvolumeclaims", True),
    "Pod": ("v1", "pods", True),
    "Deployment": ("apps/v1", "deployments", True),
    "Job": ("batch/v1", "jobs", True),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies", True),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets", True),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers", True),
}
# What of a job can be changed, and of a claim (which may grow, too, and nothing here does).
_FIXED = {
    "Job": ("parallelism", "suspend", "ttlSecondsAfterFinished", "activeDeadlineSeconds", "backoffLimit"),
    "PersistentVolumeClaim": (),
}


class ConflictError(Exception):
    """A change that is not allowed; the text is what the API server says."""


class Objects:
    """All objects by kind, namespace and name. Changes are seen by watchers in their order."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, str], Object] = {}
        self._version = 0
        self._lock = threading.RLock()
        self._watchers: list[tuple[Callable[[Object], bool], queue.Queue[tuple[str, Object]]]] = []

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """A copy of an object."""
        with self._lock:
            found = self._held.get((kind, namespace, name))
            return copy.deepcopy(found)

    def all(self, kind: str, namespace: str = "") -> list[Object]:
        """Copies of the objects of a kind."""
        with self._lock:
            return [
                copy.deepcopy(one)
                for (held, where, _), one in self._held.items()
                if held == kind and namespace in ("", where)
            ]

    @property
    def version(self) -> str:
        """Of the last change."""
        return str(self._version)

    def put(self, given: Object, *, status: bool = False) -> Object:
        """Creates or replaces an object; with `status` its status alone changes.

        Raises:
            ConflictError: what cannot be changed has been.
        """
        one = copy.deepcopy(given)
        kind, meta = one["kind"], one["metadata"]
        key = (kind, meta.get("namespace", "") if KINDS[kind][2] else "", meta["name"])
        with self._lock:
            held = self._held.get(key)
            if held is None:
                meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": now(), "generation": 1}
            else:
                meta |= {name: held["metadata"][name] for name in ("uid", "creationTimestamp")}
                if status:
                    one = {**held, "status": one.get("status", {})}
                elif kind in _FIXED:
                    _refuse(kind, meta["name"], held["spec"], one["spec"])
                if not status:
                    one["status"] = held.get("status", {})
            self._version += 1
            one["metadata"]["resourceVersion"] = self.version
            self._held[key] = one
            self._tell("ADDED" if held is None else "MODIFIED", one)
            return copy.deepcopy(one)

    def remove(self, kind: str, namespace: str, name: str) -> Object | None:
        """Takes an object away."""
        with self._lock:
            found = self._held.pop((kind, namespace, name), None)
            if found is not None:
                self._version += 1
                self._tell("DELETED", found)
            return found

    def _tell(self, event: str, one: Object) -> None:
        for wanted, waiting in self._watchers:
            if wanted(one):
                waiting.put((event, copy.deepcopy(one)))

    @contextmanager
    def watch(self, wanted: Callable[[Object], bool]) -> Iterator[queue.Queue[tuple[str, Object]]]:
        """Changes of objects from now on."""
        entry: tuple[Callable[[Object], bool], queue.Queue[tuple[str, Object]]] = (wanted, queue.Queue())
        with self._lock:
            self._watchers.append(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                self._watchers.remove(entry)


def _refuse(kind: str, name: str, held: Object, new: Object) -> None:
    for field in held.keys() | new.keys():
        if field not in _FIXED[kind] and held.get(field) != new.get(field):
            raise ConflictError(f'{kind} "{name}" is invalid: spec.{field}: Invalid value: ...: field is immutable')


def now() -> str:
    """The time, as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
