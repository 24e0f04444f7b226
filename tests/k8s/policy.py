"""What must hold of rendered manifests. Each check names what is wrong, one sentence each; none: all is well."""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from .rendered import ROOT, Manifest, containers, pod_templates
from .shared_work import toolchains

# Images that are not ours: models are served by these.
FOREIGN = ("vllm/vllm-openai:", "ghcr.io/huggingface/text-generation-inference:")
_SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
_VARIABLE = re.compile(r"(?<!\$)\$\(([A-Z][A-Z0-9_]*)\)")


def images(manifests: Sequence[Manifest]) -> list[str]:
    """Every image has a version, and is one that docker/ builds or a known one."""
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert version is not None
    built = _built()
    found = []
    for owner, template in pod_templates(list(manifests)):
        for one in containers(template):
            image = one["image"]
            name, _, tag = image.rpartition(":")
            if not name or tag == "latest":
                found.append(f"{owner}: {image} has no version")
            elif not image.startswith(FOREIGN) and (name.removeprefix("palmetto/") not in built or tag != version[1]):
                found.append(f"{owner}: docker/ does not build {image}")
    return found


@cache
def _built() -> frozenset[str]:
    """The images that docker/build builds."""
    command = [sys.executable, str(ROOT / "docker" / "build"), "all", "--list"]
    return frozenset(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def resources(manifests: Sequence[Manifest]) -> list[str]:
    """Every container asks for CPU, memory and disk, and has a limit of the last two."""
    found = []
    for owner, template in pod_templates(list(manifests)):
        for one in containers(template):
            given = one.get("resources", {})
            for kind, names in (
                ("requests", ("cpu", "memory", "ephemeral-storage")),
                ("limits", ("memory", "ephemeral-storage")),
            ):
                missing = [name for name in names if name not in given.get(kind, {})]
                found += [f"{owner}: {one['name']} has no {kind} of {name}" for name in missing]
            for name in ("memory", "ephemeral-storage"):
                low, high = (_bytes(given.get(kind, {}).get(name, "0")) for kind in ("requests", "limits"))
                if low > high:
                    found.append(f"{owner}: {one['name']} asks for more {name} than its limit")
    return found


def _bytes(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([KMGT]i?)?", str(text)).groups()  # type: ignore[union-attr]
    return float(number) * {None: 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}.get(unit, 1)


def restricted(manifests: Sequence[Manifest]) -> list[str]:
    """Pods pass the Pod Security Standard `restricted`, and more: nothing of the root file system is written."""
    found = []
    for owner, template in pod_templates(list(manifests)):
        spec = template["spec"]
        pod = spec.get("securityContext", {})
        if pod.get("runAsNonRoot") is not True or pod.get("runAsUser", 0) == 0:
            found.append(f"{owner}: runs as root")
        if pod.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            found.append(f"{owner}: has no seccomp profile")
        if spec.get("automountServiceAccountToken") is not False:
            found.append(f"{owner}: gets the cluster's token")
        if any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
            found.append(f"{owner}: shares a namespace with its node")
        allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "secret", "projected", "downwardAPI", "name"}
        for volume in spec.get("volumes", []):
            if not set(volume) <= allowed:
                found.append(f"{owner}: the volume {volume['name']} is of a kind that is not allowed")
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
                found.append(f"{owner}: the volume {volume['name']} has no limit")
        for one in containers(template):
            own = one.get("securityContext", {})
            if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
                found.append(f"{owner}: {one['name']} may become more than it is")
            if own.get("capabilities", {}).get("drop") != ["ALL"] or own["capabilities"].get("add"):
                found.append(f"{owner}: {one['name']} has capabilities")
            if own.get("readOnlyRootFilesystem") is not True:
                found.append(f"{owner}: {one['name']} may write its root file system")
            if any("hostPort" in port for port in one.get("ports", [])):
                found.append(f"{owner}: {one['name']} takes a port of its node")
    return found


def references(manifests: Sequence[Manifest]) -> list[str]:
    """Whatever is named is there: volumes, claims, ConfigMaps and their keys, ports, pods, variables."""
    found = []
    claims = {one["metadata"]["name"] for one in manifests if one["kind"] == "PersistentVolumeClaim"}
    maps = {one["metadata"]["name"]: one.get("data", {}) for one in manifests if one["kind"] == "ConfigMap"}
    for owner, template in pod_templates(list(manifests)):
        volumes = {one["name"]: one for one in template["spec"].get("volumes", [])}
        for volume in volumes.values():
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim is not None and claim not in claims:
                found.append(f"{owner}: there is no claim {claim}")
        for one in containers(template):
            found += [
                f"{owner}: {one['name']} mounts {mount['name']}, which is no volume"
                for mount in one.get("volumeMounts", [])
                if mount["name"] not in volumes
            ]
            ports = {port["name"] for port in one.get("ports", [])}
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                for action in one.get(kind, {}).values():
                    port = action.get("port") if isinstance(action, dict) else None
                    if isinstance(port, str) and port not in ports:
                        found.append(f"{owner}: {kind} asks the port {port}, which there is not")
            known = {"JOB_COMPLETION_INDEX"} if template_is_indexed(manifests, owner) else set()
            for variable in one.get("env", []):
                known.add(variable["name"])
                key = variable.get("valueFrom", {}).get("configMapKeyRef")
                if key is not None and key["key"] not in maps.get(key["name"], {}):
                    found.append(f"{owner}: the ConfigMap {key['name']} has no {key['key']}")
            said = [*one.get("command", []), *one.get("args", []), *(v.get("value") or "" for v in one.get("env", []))]
            for name in {name for text in said for name in _VARIABLE.findall(text)} - known:
                found.append(f"{owner}: {one['name']} uses $({name}), which is not set")
    return found + _selectors(manifests)


def template_is_indexed(manifests: Sequence[Manifest], owner: str) -> bool:
    """Whether pods of the owner have an index."""
    return any(
        f"{one['kind']}/{one['metadata']['name']}" == owner and one["spec"].get("completionMode") == "Indexed"
        for one in manifests
    )


def _selectors(manifests: Sequence[Manifest]) -> list[str]:
    found = []
    pods = [(owner, template["metadata"]["labels"], template) for owner, template in pod_templates(list(manifests))]

    def behind(selector: dict[str, str]) -> list[tuple[str, Manifest]]:
        return [(owner, template) for owner, labels, template in pods if selector.items() <= labels.items()]

    for one in manifests:
        kind, name = one["kind"], one["metadata"]["name"]
        if kind == "Service":
            there = behind(one["spec"]["selector"])
            if not there:
                found.append(f"Service/{name}: selects no pod")
            owners = {owner for owner, _ in there}
            if len(owners) > 1:
                found.append(f"Service/{name}: selects pods of {', '.join(sorted(owners))}")
            for port in one["spec"]["ports"]:
                target = port.get("targetPort", port["port"])
                names = {p["name"] for _, t in there for c in containers(t) for p in c.get("ports", [])}
                if isinstance(target, str) and target not in names:
                    found.append(f"Service/{name}: no pod has the port {target}")
        elif kind in ("Deployment", "StatefulSet"):
            labels = one["spec"]["template"]["metadata"]["labels"]
            if not one["spec"]["selector"]["matchLabels"].items() <= labels.items():
                found.append(f"{kind}/{name}: does not select its own pods")
            if len(behind(one["spec"]["selector"]["matchLabels"])) != 1:
                found.append(f"{kind}/{name}: selects pods of others, too")
        elif kind == "PodDisruptionBudget" and not behind(one["spec"]["selector"]["matchLabels"]):
            found.append(f"{kind}/{name}: selects no pod")
        elif kind == "NetworkPolicy":
            labels = one["spec"]["podSelector"].get("matchLabels", {})
            if labels and not behind(labels):
                found.append(f"{kind}/{name}: selects no pod")
        elif kind in _SCALERS:
            target = one["spec"]["scaleTargetRef"]["name"]
            if not any(d["kind"] == "Deployment" and d["metadata"]["name"] == target for d in manifests):
                found.append(f"{kind}/{name}: there is no Deployment {target}")
    return found


def network(manifests: Sequence[Manifest]) -> list[str]:
    """Nobody talks to anybody unless a policy says so; what a Service offers can be reached; a checker asks nobody."""
    found = []
    policies = [one for one in manifests if one["kind"] == "NetworkPolicy"]
    if not any(not one["spec"]["podSelector"] and set(one["spec"]["policyTypes"]) == {"Ingress", "Egress"} and
               not one["spec"].get("ingress") and not one["spec"].get("egress") for one in policies):  # fmt: skip
        found.append("nothing denies what is not allowed")
    templates = list(pod_templates(list(manifests)))
    for owner, template in templates:
        labels = template["metadata"]["labels"]
        if labels["app.kubernetes.io/name"] in ("coq-checker", "prepare", "extract"):
            found += [
                f"{owner}: may talk to others ({one['metadata']['name']})"
                for one in policies
                if one["spec"].get("egress") and _selects(one["spec"]["podSelector"], labels)
            ]
    for one in manifests:
        if one["kind"] != "Service":
            continue
        asked = re.compile(rf"(?:^|[/=]){re.escape(one['metadata']['name'])}:(\d+)\b")
        target = next(
            (t for _, t in templates if one["spec"]["selector"].items() <= t["metadata"]["labels"].items()), None
        )
        for owner, template in templates:
            values = [str(v.get("value") or "") for c in containers(template) for v in c.get("env", [])]
            values += _from_maps(manifests, template)
            for port in {match[1] for value in values for match in [asked.search(value)] if match}:
                if target is not None and not _allowed(policies, template, target, int(port)):
                    found.append(f"{owner}: asks {one['metadata']['name']}:{port}, and no policy lets it")
    return found


def _from_maps(manifests: Sequence[Manifest], template: Manifest) -> list[str]:
    maps = {one["metadata"]["name"]: one.get("data", {}) for one in manifests if one["kind"] == "ConfigMap"}
    keys = [v.get("valueFrom", {}).get("configMapKeyRef") for c in containers(template) for v in c.get("env", [])]
    return [str(maps.get(key["name"], {}).get(key["key"], "")) for key in keys if key]


def _selects(selector: Manifest, labels: dict[str, str]) -> bool:
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    for one in selector.get("matchExpressions", []):
        value = labels.get(one["key"])
        if (value in one["values"]) != (one["operator"] == "In"):
            return False
    return True


def _allowed(policies: Sequence[Manifest], source: Manifest, target: Manifest, port: int) -> bool:
    names = {p["name"]: p["containerPort"] for c in containers(target) for p in c.get("ports", [])}
    ours, theirs = source["metadata"]["labels"], target["metadata"]["labels"]

    def lets(kind: str, peer_key: str, mine: dict[str, str], peer: dict[str, str]) -> bool:
        for one in policies:
            if not _selects(one["spec"]["podSelector"], mine):
                continue
            for rule in one["spec"].get(kind) or []:
                peers = rule.get(peer_key)
                fits = peers is None or any(
                    "podSelector" in p and "namespaceSelector" not in p and _selects(p["podSelector"], peer)
                    for p in peers
                )
                ports = [names.get(p["port"], p["port"]) for p in rule.get("ports", [])]
                if fits and (not ports or port in ports):
                    return True
        return False

    return lets("egress", "to", ours, theirs) and lets("ingress", "from", theirs, ours)


def operation(manifests: Sequence[Manifest]) -> list[str]:
    """Services are probed, drained, budgeted and found; jobs tell faults apart and are cleaned away."""
    found: list[str] = []
    for one in manifests:
        name = f"{one['kind']}/{one['metadata']['name']}"
        spec: Any = one.get("spec", {})
        if one["kind"] == "Deployment":
            for container in spec["template"]["spec"]["containers"]:
                found += [
                    f"{name}: {container['name']} has no {kind}"
                    for kind in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle")
                    if kind not in container
                ]
            found += [
                f"{name}: {container['name']} has no name for its user ({variable})"
                for container in containers(spec["template"])
                for variable in ("HOME", "LOGNAME", "USER")
                if container["image"].startswith(FOREIGN) and variable not in (v["name"] for v in container["env"])
            ]
            annotations = spec["template"]["metadata"].get("annotations", {})
            ports = {str(p["containerPort"]) for c in containers(spec["template"]) for p in c.get("ports", [])}
            if annotations.get("prometheus.io/port") not in ports:
                found.append(f"{name}: its metrics are on no port of its")
            scaled = {s["spec"]["scaleTargetRef"]["name"] for s in manifests if s["kind"] in _SCALERS}
            if one["metadata"]["name"] in scaled and "replicas" in spec:
                found.append(f"{name}: applying it sets back what the autoscaler did")
        elif one["kind"] == "PodDisruptionBudget":
            if spec.get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
                found.append(f"{name}: pods that are not ready keep a node from being drained")
        elif one["kind"] == "Job":
            rules = spec.get("podFailurePolicy", {}).get("rules", [])
            if not any(rule["action"] == "Ignore" for rule in rules):
                found.append(f"{name}: a drained node counts as its fault")
            if not any(rule["action"] == "FailJob" for rule in rules):
                found.append(f"{name}: wrong settings are tried again and again")
            named = {rule.get("onExitCodes", {}).get("containerName") for rule in rules} - {None}
            if not named <= {container["name"] for container in containers(spec["template"])}:
                found.append(f"{name}: podFailurePolicy names a container that there is not")
            if "ttlSecondsAfterFinished" not in spec:
                found.append(f"{name}: is never cleaned away")
            if spec["template"]["spec"]["restartPolicy"] != "Never":
                found.append(f"{name}: podFailurePolicy needs restartPolicy Never")
    return found


def token(manifests: Sequence[Manifest]) -> list[str]:
    """Where provers want a token, all of them do, and whoever asks them sends the same one, out of a secret."""
    found = []
    sources: dict[str, object] = {}
    for owner, template in pod_templates(list(manifests)):
        for one in containers(template):
            variables = {v["name"]: v for v in one.get("env", [])}
            given = variables.get("PALMETTO_PROVER_TOKEN", {})
            if "value" in given:
                found.append(f"{owner}: {one['name']} has its token in the open")
            if one.get("args") == ["serve", "prover"] or "PALMETTO_PROVER_URL" in variables:
                sources[f"{owner}: {one['name']}"] = given.get("valueFrom", {}).get("secretKeyRef")
    wanted = [source for source in sources.values() if source is not None]
    return found + [f"{who} has another token, or none" for who, one in sources.items() if wanted and one != wanted[0]]


CHECKS: dict[str, Callable[[Sequence[Manifest]], list[str]]] = {
    "images": images,
    "toolchains": toolchains,
    "resources": resources,
    "restricted": restricted,
    "references": references,
    "network": network,
    "operation": operation,
    "token": token,
}
