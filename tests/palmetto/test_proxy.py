"""A proxy in the environment is for the network: the commands' own services are reached without it."""

import json
import subprocess
from pathlib import Path

import pytest

from ..coq_checker.servers import PALMETTO

PLAIN = "Lemma a (A B : Prop) : A /\\ B -> B /\\ A.\nProof. intros [x y]; split; assumption. Qed.\n"


@pytest.mark.parametrize("command", ["check", "prove"])
def test_a_proxy_that_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "A.v").write_text(PLAIN)
    argv = [str(PALMETTO), command, str(tmp_path / "A.v"), "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "PROVED"
