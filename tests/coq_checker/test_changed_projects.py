"""A project that changes while the service runs: no verdict may rest on what it was."""

from pathlib import Path

import pytest

from coq_checker.client import EnvironmentFailedError, SyncCheckerClient, Verdict

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

            # At once, however little time is between them.
            for number, expected in ((1, Verdict.PROVED), (2, Verdict.FAILED)) * 3:
                (tmp_path / "A.v").write_text(f"Definition one := {number}.\n")
                assert verdict() is expected
            (tmp_path / "A.v").write_text("Definition one := .\n")
            with pytest.raises(EnvironmentFailedError, match=r"A\.v, which is required"):
                verdict()
            (tmp_path / "A.v").write_text("Definition one := 1.\n")
            assert verdict() is Verdict.PROVED
    finally:
        server.stop()
