"""What makes pods of deployments and jobs, and says in their status what became of them."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .node import Node, Pod
from .objects import Object, Objects, now

_LOOK_S = 0.2


@dataclass(slots=True)
class _Job:
    """What is known of a job: pods by index, and how often each index has failed."""

    running: dict[int, Pod] = field(default_factory=dict)
    failures: Counter[int] = field(default_factory=Counter)
    tries: Counter[int] = field(default_factory=Counter)
    done: set[int] = field(default_factory=set)
    given_up: set[int] = field(default_factory=set)
    ended: bool = False


class Controllers:
    """Looks at all deployments and jobs five times a second."""

    def __init__(self, objects: Objects, node: Node) -> None:
        self._objects = objects
        self._node = node
        self._jobs: dict[str, _Job] = {}
        self._deployed: dict[str, list[Pod]] = {}
        self._stopped = threading.Event()
        self.problems: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops looking, and ends all pods."""
        self._stopped.set()
        self._thread.join(30)
        self._node.close()

    def evict(self, pod: str) -> None:
        """Drains a node: the pod is ended for no fault of its own."""
        self._node.pods[pod].disrupted = True
        self._node.pods[pod].end()

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_S):
            try:
                for one in self._objects.all("Deployment"):
                    self._deployment(one)
                self._services()
                for one in self._objects.all("Job"):
                    self._job(one)
            except Exception as error:  # told by the test
                self.problems.append(repr(error))

    def _deployment(self, one: Object) -> None:
        name, spec = one["metadata"]["name"], one["spec"]
        pods = [pod for pod in self._deployed.get(name, []) if pod.process.poll() is None]
        while len(pods) < spec.get("replicas", 1):
            number = sum(other.startswith(f"{name}-") for other in self._node.pods)
            pods.append(self._node.start(f"{name}-{number}", one["metadata"]["namespace"], spec["template"], {}))
        self._deployed[name] = pods
        ready = sum(self._node.listens(pod, spec["template"]["spec"]["containers"][0]) for pod in pods)
        status = {"replicas": len(pods), "readyReplicas": ready, "availableReplicas": ready}
        state = "True" if ready >= spec.get("replicas", 1) else "False"
        self._status(one, {**status, "conditions": [{"type": "Available", "status": state}]})

    def _services(self) -> None:
        found: dict[str, list[str]] = {}
        deployments = self._objects.all("Deployment")
        for service in self._objects.all("Service"):
            for one in deployments:
                labels = one["spec"]["template"]["metadata"]["labels"]
                if service["spec"]["selector"].items() <= labels.items():
                    pods = self._deployed.get(one["metadata"]["name"], [])
                    found.setdefault(service["metadata"]["name"], []).extend(pod.address for pod in pods)
        self._node.publish(found)

    def _job(self, one: Object) -> None:
        name, spec = one["metadata"]["name"], one["spec"]
        job = self._jobs.setdefault(one["metadata"]["uid"], _Job())
        if job.ended:
            return
        indexed = spec.get("completionMode") == "Indexed"
        wanted = range(spec.get("completions", 1))
        for index, pod in list(job.running.items()):
            if pod.process.poll() is not None:
                del job.running[index]
                self._pod_ended(one, job, index, pod)
                if job.ended:
                    return
        if job.done | job.given_up >= set(wanted):
            self._finish(one, job, "Failed" if job.given_up else "Complete", "FailedIndexes" if job.given_up else "")
            return
        for index in wanted:
            if len(job.running) >= spec.get("parallelism", 1):
                break
            if index in job.running or index in job.done or index in job.given_up:
                continue
            extra = {"JOB_COMPLETION_INDEX": str(index)} if indexed else {}
            pod_name = f"{name}-{index}-{job.tries[index]}"
            job.tries[index] += 1
            job.running[index] = self._node.start(pod_name, one["metadata"]["namespace"], spec["template"], extra)
        self._status(one, self._counts(job))

    def _pod_ended(self, one: Object, job: _Job, index: int, pod: Pod) -> None:
        status = pod.process.returncode
        spec = one["spec"]
        if status == 0:
            job.done.add(index)
            return
        action = _action(spec, status if status > 0 else 128 - status, pod.disrupted)
        if action == "Ignore":
            return
        if action == "FailJob":
            self._finish(one, job, "Failed", "PodFailurePolicy")
            return
        job.failures[index] += 1
        limit = spec.get("backoffLimitPerIndex", spec.get("backoffLimit", 6))
        if action == "FailIndex" or job.failures[index] > limit:
            job.given_up.add(index)
            if "backoffLimitPerIndex" not in spec:
                self._finish(one, job, "Failed", "BackoffLimitExceeded")
            elif len(job.given_up) > spec.get("maxFailedIndexes", spec["completions"]):
                self._finish(one, job, "Failed", "MaxFailedIndexesExceeded")

    def _finish(self, one: Object, job: _Job, condition: str, reason: str) -> None:
        job.ended = True
        for pod in job.running.values():
            pod.end()
        ended: dict[str, Any] = {"type": condition, "status": "True", "reason": reason, "lastTransitionTime": now()}
        self._status(one, {**self._counts(job), "active": 0, "conditions": [ended]})

    @staticmethod
    def _counts(job: _Job) -> Object:
        return {
            "active": len(job.running),
            "succeeded": len(job.done),
            "failed": sum(job.failures.values()),
            "completedIndexes": ",".join(map(str, sorted(job.done))),
            "failedIndexes": ",".join(map(str, sorted(job.given_up))),
        }

    def _status(self, one: Object, status: Object) -> None:
        if one.get("status") != status and self._objects.get(
            one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]
        ):
            self._objects.put({**one, "status": status}, status=True)


def _action(spec: Object, status: int, disrupted: bool) -> str:
    """What the job's failure policy says of a pod that failed; the first rule that fits counts."""
    for rule in spec.get("podFailurePolicy", {}).get("rules", []):
        if disrupted and any(one["type"] == "DisruptionTarget" for one in rule.get("onPodConditions", [])):
            return str(rule["action"])
        codes = rule.get("onExitCodes")
        if codes is not None and (status in codes["values"]) == (codes["operator"] == "In"):
            return str(rule["action"])
    return "Count"
