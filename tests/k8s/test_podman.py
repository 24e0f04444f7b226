"""`kubectl apply -k k8s/eval` with the images that docker/ builds: pods of ours are containers, as their manifests say.

The cluster is that of `test_apply`; the models' servers alone are processes, in the place of vLLM.
"""

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..docker import machine
from ..docker.conftest import TAG, Images, images, store
from .cluster.api import serve
from .cluster.controllers import Controllers
from .cluster.node import PALMETTO, Node, Pod
from .cluster.objects import Object, Objects
from .rendered import kubectl
from .test_apply import BOTH, Cluster, changed, put_projects, require_evaluated

__all__ = ["images", "store"]
pytestmark = [pytest.mark.images, pytest.mark.timeout(1500)]
# Libraries are indexed by the way, which takes minutes.
# With projects of both toolchains the libraries of both are indexed, which takes some minutes more.
_PROJECTS = tuple(BOTH) if os.environ.get("PALMETTO_HEAVY_IMAGES") else ("small",)
_READY = "--timeout=1200s"


class PodmanNode(Node):
    """Starts pods as containers, on the network of this machine; init containers first."""

    tag = ""

    def start(self, name: str, namespace: str, template: Object, extra: dict[str, str]) -> Pod:
        """Starts a pod, one of another's image as a process."""
        spec = template["spec"]
        if not spec["containers"][0]["image"].startswith("palmetto/"):
            return super().start(name, namespace, template, extra)
        self._count += 1
        address = f"127.0.20.{self._count}"
        commands = [
            shlex.join(self._command(name, address, namespace, spec, one, extra))
            for one in (*spec.get("initContainers", []), *spec["containers"])
        ]
        log = self.folder / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        script = " && ".join([*commands[:-1], f"exec {commands[-1]}"])
        with log.open("ab") as out:
            process = subprocess.Popen(
                ["sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=machine.environment(),
                start_new_session=True,
            )
        self.pods[name] = Pod(name, address, process, log)
        return self.pods[name]

    def _command(
        self, name: str, address: str, namespace: str, spec: Object, container: Object, extra: dict[str, str]
    ) -> list[str]:
        if not container["image"].startswith("palmetto/"):
            return super()._command(name, address, namespace, spec, container, extra)
        variables = self._variables(container, namespace, extra)
        here = self._image(container["image"], address)
        listens = {key: value for key, value in here.items() if key.endswith(("_LISTEN", "PROVER_HOSTS"))}
        user = spec["securityContext"]["runAsUser"]
        words = [
            "podman",
            "run",
            "--rm",
            "--name",
            f"k8s-{name}-{container['name']}",
            "--network",
            "host",
            "--no-healthcheck",
        ]
        words += ["--no-hosts", "--volume", f"{self.names()}:/etc/hosts:ro", "--user", str(user)]
        words += ["--security-opt", "no-new-privileges", "--read-only", "--read-only-tmpfs=false"]
        words += [f"--cap-drop={one}" for one in container["securityContext"]["capabilities"]["drop"]]
        for key, value in {**listens, **variables}.items():
            words += ["--env", f"{key}={_filled(value, variables)}"]
        volumes = {one["name"]: one for one in spec.get("volumes", [])}
        for mount in container.get("volumeMounts", []):
            claim = volumes[mount["name"]].get("persistentVolumeClaim")
            source = self.volume(claim["claimName"]) if claim else self.folder / "pods" / name / mount["name"]
            source.mkdir(parents=True, exist_ok=True)
            source.chmod(0o777)  # what fsGroup is for
            words += ["--volume", f"{source}:{mount['mountPath']}:{'ro' if mount.get('readOnly') else 'rw'}"]
        command = container.get("command", [])
        if command:
            words += ["--entrypoint", command[0]]
        image = container["image"].rpartition("/")[2].partition(":")[0]
        arguments = [_filled(word, variables) for word in container.get("args", [])]
        return [*words, f"localhost/palmetto/{image}:{self.tag}", *command[1:], *arguments]

    def close(self) -> None:
        """Ends all pods; a container outlives a podman that is killed."""
        left = machine.run("podman", "ps", "--all", "--quiet", "--filter", "name=^k8s-").stdout.split()
        machine.run("podman", "rm", "--force", "--ignore", "--time", "0", *left, check=False)
        super().close()


def _filled(text: str, variables: dict[str, str]) -> str:
    for name, value in variables.items():
        text = text.replace(f"$({name})", value)
    return text


@contextmanager
def cluster(folder: Path, built: Images) -> Iterator[Cluster]:
    objects = Objects()
    server = serve(objects)
    models = [str(PALMETTO), "serve", "model-server", "--backend", "neighbours", "--listen", "ADDRESS:PORT"]
    node = PodmanNode(objects, folder / "node", foreign={"vllm/": models})
    node.tag = TAG
    node.folder.mkdir(parents=True)
    made = Cluster(objects, node, f"http://127.0.0.1:{server.server_address[1]}", folder)
    made.controllers = Controllers(objects, node)
    try:
        yield made
    finally:
        made.controllers.stop()
        server.shutdown()


def _one_of_each(kustomization: Path) -> None:
    with kustomization.open("a") as settings:
        settings.write(
            "patches:\n  - target: {kind: Deployment}\n    patch: |-\n"
            "      - {op: add, path: /spec/replicas, value: 1}\n"
        )


def test_an_evaluation_runs_in_our_images(images: Images, tmp_path: Path) -> None:
    kubectl()
    folder = changed(
        tmp_path,
        PROJECTS=",".join(f"/projects/{name}" for name in _PROJECTS),
        SHARDS="2",
        PARALLELISM="1",
        THREADS="1",
        BUDGET_CPU_S="20",
        A_MODEL="",
        A_PRINTING="default",
        B_MODEL="",
        B_PROMPT="sft",
        PATIENCE_S="1000",
    )
    _one_of_each(folder / "kustomization.yaml")
    # The containers' user has to get to the volumes.
    for one in (tmp_path, *tmp_path.parents[:2]):
        one.chmod(0o755)
    with cluster(tmp_path, images) as found:
        put_projects(found.node.volume("projects"), _PROJECTS)
        applied = found.apply(folder)
        assert applied.returncode == 0, applied.stderr
        done = found.run("-n", "palmetto", "wait", "--for=condition=complete", "job/report-1", _READY, timeout_s=1300)
        assert done.returncode == 0, (done.stderr, found.logs(), found.controllers and found.controllers.problems)
        out = found.node.volume("results") / "run-1"
        assert "sft-1" in (out / "report.md").read_text()
        require_evaluated(out, _PROJECTS)
        assert (found.node.volume("index") / "prepared").is_file()
