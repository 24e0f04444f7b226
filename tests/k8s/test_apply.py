"""`kubectl apply -k` against a small cluster that runs the pods' own commands as processes."""

import copy
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from coq_checker.engine.plugin.build import build_plugin
from coq_checker.toolchain import ToolchainError, find_toolchain
from coq_checker.toolchain.recipe import RECIPES
from coqdata.catalogue import cache_folder
from coqdata.releases import version_numbers
from evaluator.store import ExperimentStore, Outcome

from .cluster.api import serve
from .cluster.controllers import Controllers
from .cluster.node import PALMETTO, Node
from .cluster.objects import Object, Objects
from .rendered import K8S, OVERLAYS, kubectl

TOKEN = "for-tests-of-the-cluster-alone"
LEMMAS = """\
Lemma one (n : nat) : n + 0 = n. Proof. induction n; simpl; congruence. Qed.
Lemma two (a b : bool) : andb a b = andb b a. Proof. destruct a, b; reflexivity. Qed.
Lemma three : exists n, n = 3. Proof. exists 3. reflexivity. Qed.
"""


@dataclass(slots=True)
class Cluster:
    """A running cluster; `run` is kubectl."""

    objects: Objects
    node: Node
    address: str
    home: Path
    controllers: Controllers | None = None

    def run(self, *arguments: str, timeout_s: float = 250.0) -> subprocess.CompletedProcess[str]:
        argv = [kubectl(), f"--server={self.address}", *arguments]
        environment = {**os.environ, "HOME": str(self.home), "KUBECONFIG": "/dev/null"}
        return subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=timeout_s)

    def apply(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """`kubectl apply -k`. The cluster has no schemas; the manifests were compared with Kubernetes' own already."""
        return self.run("apply", "--validate=false", "-k", str(folder))

    def logs(self) -> str:
        """The ends of all pods' logs."""
        return "\n".join(f"== {name}\n{pod.said()[-1500:]}" for name, pod in list(self.node.pods.items()))


@contextmanager
def a_cluster(folder: Path, *, running: bool) -> Iterator[Cluster]:
    objects = Objects()
    server = serve(objects)
    models = [str(PALMETTO), "serve", "model-server", "--backend", "neighbours", "--listen", "ADDRESS:PORT"]
    node = Node(objects, folder / "node", foreign={"vllm/": models})
    (folder / "node").mkdir(parents=True)
    cluster = Cluster(objects, node, f"http://127.0.0.1:{server.server_address[1]}", folder)
    cluster.controllers = Controllers(objects, node) if running else None
    try:
        yield cluster
    finally:
        if cluster.controllers is not None:
            cluster.controllers.stop()
        server.shutdown()


@pytest.mark.parametrize("name", OVERLAYS)
def test_it_is_applied_and_again_without_a_change(name: str, tmp_path: Path) -> None:
    with a_cluster(tmp_path, running=False) as cluster:
        first = cluster.apply(K8S / name)
        assert first.returncode == 0, first.stderr
        assert all(line.endswith(" created") for line in first.stdout.splitlines())
        again = cluster.apply(K8S / name)
        assert again.returncode == 0, again.stderr
        # Of a budget kubectl always sends the selector: its patch is to replace it.
        lines = [line for line in again.stdout.splitlines() if not line.startswith("poddisruptionbudget")]
        assert all(line.endswith(" unchanged") for line in lines), again.stdout


def test_claims_cannot_be_changed(tmp_path: Path) -> None:
    """So k8s/dev has its own way to bring projects."""
    with a_cluster(tmp_path, running=False) as cluster:
        assert cluster.apply(K8S / "dev").returncode == 0
        done = cluster.apply(K8S / "dev" / "projects")
        assert done.returncode == 0, done.stderr
        assert "persistentvolumeclaim/projects unchanged" in done.stdout
        refused = cluster.apply(K8S / "projects")
        assert refused.returncode == 1
        assert "field is immutable" in refused.stderr


def test_applying_again_leaves_the_number_of_checkers_to_the_autoscaler(tmp_path: Path) -> None:
    with a_cluster(tmp_path, running=False) as cluster:
        assert cluster.apply(K8S / "base").returncode == 0
        scaled = cluster.objects.get("Deployment", "palmetto", "coq-checker-rocq-9-2")
        assert scaled is not None
        scaled["spec"]["replicas"] = 30
        cluster.objects.put(scaled)
        assert cluster.apply(K8S / "base").returncode == 0
        again = cluster.objects.get("Deployment", "palmetto", "coq-checker-rocq-9-2")
        assert again is not None
        assert again["spec"]["replicas"] == 30


def changed(folder: Path, **values: str) -> Path:
    """A copy of k8s/eval with other values in evaluation.env."""
    made = folder / "k8s"
    if not made.exists():
        shutil.copytree(K8S, made)
    settings = made / "eval" / "evaluation.env"
    lines = [line for line in settings.read_text().splitlines() if line.partition("=")[0] not in values]
    settings.write_text("\n".join([*lines, *(f"{name}={value}" for name, value in values.items())]) + "\n")
    return made / "eval"


def test_a_change_needs_another_run(tmp_path: Path) -> None:
    """What docs/operations.md says: the same RUN is refused by the jobs, another one makes new jobs beside the old."""
    with a_cluster(tmp_path, running=False) as cluster:
        assert cluster.apply(changed(tmp_path)).returncode == 0
        refused = cluster.apply(changed(tmp_path, BUDGET_CPU_S="30"))
        assert refused.returncode == 1
        assert "field is immutable" in refused.stderr
        done = cluster.apply(changed(tmp_path, RUN="2"))
        assert done.returncode == 0, done.stderr
        names = {one["metadata"]["name"] for one in cluster.objects.all("Job")}
        assert names == {"prepare", *(f"{job}-{run}{side}" for run in "12" for job, side in
                                      (("eval", "-a"), ("eval", "-b"), ("report", "")))}  # fmt: skip
        # The provers ask the models of the new settings.
        done = cluster.apply(changed(tmp_path, RUN="3", A_URL="http://elsewhere:8000/v1"))
        assert "deployment.apps/prover-a configured" in done.stdout
        assert "job.batch/eval-3-a created" in done.stdout


# Projects, and the version that they are checked with: one that any can check, and one that says it needs Coq 8.20.
BOTH = {"eight": (8, 20), "small": (9, 2)}


def put_projects(projects: Path, names: Iterable[str] = BOTH) -> None:
    """Puts some of these there."""
    for name in names:
        (projects / name).mkdir()
        (projects / name / "_CoqProject").write_text("-R . Small\nA.v\n")
        (projects / name / "A.v").write_text(LEMMAS)
        if name == "eight":
            (projects / name / "palmetto.toml").write_text('[palmetto]\ntoolchain = "coq-8.20"\n')


def require_evaluated(out: Path, names: Iterable[str] = BOTH) -> None:
    """Both models proved all theorems of these projects, each with its toolchain, and coqc confirmed it."""
    with ExperimentStore.open(out / "experiments.sqlite") as store:
        for name in ("sft-1", "llama-3-8b-1"):
            records = list(store.records(name))
            found = sorted((one.project, version_numbers(one.coq_version)[:2], one.theorem) for one in records)
            assert found == [
                (project, BOTH[project], theorem) for project in sorted(names) for theorem in ("one", "three", "two")
            ]
            assert all(one.proved for one in records), [(one.theorem, one.message) for one in records]
            assert any(one.model for one in records), "no model was asked"
            assert {one.shard for one in records} == {"0/2", "1/2"}
            verified = store.verifications(name).values()
            assert [one.outcome for one in verified] == [Outcome.AGREES] * len(records)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster to which `kubectl apply -k` of a small evaluation was made; everything in it runs."""
    for name in RECIPES:
        try:
            build_plugin(find_toolchain(name))
        except ToolchainError as error:
            pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("cluster")
    made = changed(
        folder,
        PROJECTS="/projects/small,/projects/eight",
        SHARDS="2",
        PARALLELISM="1",
        THREADS="1",
        BUDGET_CPU_S="20",
        A_MODEL="",
        A_PRINTING="default",
        B_MODEL="",
        B_PROMPT="sft",
        PATIENCE_S="200",
    )
    settings = made / "kustomization.yaml"
    # With the token, too, as docs/operations.md says; one of each is enough.
    settings.write_text(
        settings.read_text().replace("components:\n", "components:\n  - ../components/token\n")
        + "patches:\n  - target: {kind: Deployment}\n    patch: |-\n"
        "      - {op: add, path: /spec/replicas, value: 1}\n"
    )
    with a_cluster(folder, running=True) as cluster:
        for words in (
            "namespace palmetto",
            f"--namespace=palmetto secret generic prover-token --from-literal=token={TOKEN}",
        ):
            # As docs/operations.md makes them; `create` itself speaks protobuf, which this cluster does not.
            made_of = cluster.run("create", *words.split(), "--dry-run=client", "--output=yaml").stdout
            (folder / "made.yaml").write_text(made_of)
            done = cluster.run("apply", "--validate=false", "-f", str(folder / "made.yaml"))
            assert done.returncode == 0, done.stderr
        put_projects(cluster.node.volume("projects"))
        # What other tests have indexed of the libraries need not be read again, which takes minutes.
        known = cache_folder() / "index"
        if known.is_dir():
            shutil.copytree(known, cluster.node.volume("index"), dirs_exist_ok=True, ignore_dangling_symlinks=True)
        done = cluster.apply(made)
        assert done.returncode == 0, done.stderr
        yield cluster


@pytest.mark.timeout(600)
class TestEvaluation:
    """The whole of it: services, shards, merge, verification, report."""

    def test_it_completes_and_makes_its_report(self, evaluated: Cluster) -> None:
        waited = evaluated.run("-n", "palmetto", "wait", "--for=condition=complete", "job/report-1", "--timeout=240s")
        assert waited.returncode == 0, (waited.stderr, evaluated.logs(), evaluated.controllers and
                                        evaluated.controllers.problems)  # fmt: skip
        assert "job.batch/report-1 condition met" in waited.stdout
        for name in ("eval-1-a", "eval-1-b", "prepare"):
            done = evaluated.run("-n", "palmetto", "wait", "--for=condition=complete", f"job/{name}", "--timeout=200s")
            assert done.returncode == 0, done.stderr
        out = evaluated.node.volume("results") / "run-1"
        assert {one.name for one in out.iterdir()} >= {"parts", "report.html", "report.md", "experiments.sqlite"}
        assert "sft-1" in (out / "report.md").read_text()
        require_evaluated(out)
        assert evaluated.controllers is not None
        assert evaluated.controllers.problems == []

    def test_its_provers_answer_to_nobody_without_the_token(self, evaluated: Cluster) -> None:
        prover = next(pod for name, pod in evaluated.node.pods.items() if name.startswith("prover-a-"))
        address = f"http://{prover.address}:8080/v1/projects"
        assert httpx2.get(address).status_code == 401
        assert httpx2.get(address, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200

    def test_status_tells_the_indexes(self, evaluated: Cluster) -> None:
        job = json.loads(evaluated.run("-n", "palmetto", "get", "job", "eval-1-a", "-o", "json").stdout)
        assert job["status"]["completedIndexes"] == "0,1"
        assert job["spec"]["completions"] == 2


class TestFaults:
    """The jobs' own rules, with the containers' commands in the place of which stands one that ends with a status."""

    @staticmethod
    def ended(cluster: Cluster, script: str, **spec: object) -> dict[str, object]:
        job = copy.deepcopy(cluster.objects.get("Job", "palmetto", "eval-1-a"))
        assert job is not None
        container = job["spec"]["template"]["spec"]["containers"][0]
        container["command"] = ["/bin/sh", "-c"]
        container["args"] = [script]
        job["metadata"] = {"name": "j", "namespace": "palmetto"}
        job["spec"] |= {"completions": 2, "parallelism": 2, **spec}
        job.pop("status", None)
        cluster.objects.put(job)
        node_controllers = Controllers(cluster.objects, cluster.node)
        cluster.controllers = node_controllers
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status = (cluster.objects.get("Job", "palmetto", "j") or {}).get("status", {})
            if status.get("conditions"):
                return dict(status)
            time.sleep(0.1)
        raise AssertionError(cluster.logs())

    @pytest.fixture
    def cluster(self, tmp_path: Path) -> Iterator[Cluster]:
        """Only the job that is put in runs: all else was applied and taken away."""
        with a_cluster(tmp_path, running=False) as found:
            assert found.apply(K8S / "eval").returncode == 0
            template = found.objects.get("Job", "palmetto", "eval-1-a")
            assert template is not None
            for kind in ("Deployment", "Job"):
                for one in found.objects.all(kind):
                    if one["metadata"]["name"] != "eval-1-a":
                        found.objects.remove(kind, "palmetto", one["metadata"]["name"])
            held = found.objects.remove("Job", "palmetto", "eval-1-a")
            (found.node.volume("index") / "prepared").touch()
            real = found.objects.get

            def get(kind: str, namespace: str, name: str) -> Object | None:
                return copy.deepcopy(held) if name == "eval-1-a" else real(kind, namespace, name)

            found.objects.get = get  # type: ignore[method-assign]
            yield found

    def test_what_may_pass_is_tried_again(self, cluster: Cluster) -> None:
        script = "f=/results/seen-$JOB_COMPLETION_INDEX; [ -e $f ] && exit 0; touch $f; exit 1"
        status = self.ended(cluster, script)
        assert status["conditions"][0]["type"] == "Complete"  # type: ignore[index]
        assert status["failed"] == 2

    def test_an_index_is_given_up_and_the_others_are_not(self, cluster: Cluster) -> None:
        status = self.ended(cluster, '[ "$JOB_COMPLETION_INDEX" = 1 ] || exit 0; exit 3')
        assert status["conditions"][0]["type"] == "Failed"  # type: ignore[index]
        assert (status["completedIndexes"], status["failedIndexes"], status["failed"]) == ("0", "1", 1)

    def test_wrong_settings_end_the_job_at_once(self, cluster: Cluster) -> None:
        status = self.ended(cluster, "exit 2")
        assert status["conditions"][0]["reason"] == "PodFailurePolicy"  # type: ignore[index]

    def test_an_index_that_fails_on_and_on(self, cluster: Cluster) -> None:
        status = self.ended(cluster, '[ "$JOB_COMPLETION_INDEX" = 1 ] || exit 0; kill -9 $$')
        assert (status["failedIndexes"], status["failed"]) == ("1", 5)
