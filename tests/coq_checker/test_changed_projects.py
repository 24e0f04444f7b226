"""A project that changes while the service runs: no verdict may rest on what it was."""

import time
from pathlib import Path

from coq_checker.client import SyncCheckerClient, Verdict

from .servers import start_server


def test_a_changed_requirement_changes_the_verdict(tmp_path: Path) -> None:
    (tmp_path / "_CoqProject").write_text("-Q . Changing\nA.v\nB.v\n")
    (tmp_path / "A.v").write_text("Definition one := 1.\n")
    (tmp_path / "B.v").write_text("Require Import Changing.A.\nLemma l : one = 1.\nProof. reflexivity. Qed.\n")
    server = start_server(f"changing={tmp_path}")
    try:
        with SyncCheckerClient(server.address) as checker:

            def verdict() -> Verdict:
                (answer,) = checker.check_file(project="changing", file="B.v")
                return answer.result.verdict

            assert verdict() is Verdict.PROVED
            (tmp_path / "A.v").write_text("Definition one := 2.\n")
            deadline = time.monotonic() + 60
            while verdict() is Verdict.PROVED and time.monotonic() < deadline:
                time.sleep(0.5)  # changes are looked for about once a second
            assert verdict() is Verdict.FAILED
    finally:
        server.stop()
