"""Names as requests may hold them: what passes here, Coq takes; and a project whose names Coq does not take."""

from pathlib import Path

import pytest

from coq_checker.client import EnvironmentFailedError, FreeStatement, InvalidRequestError, SyncCheckerClient, TheoremRef
from coq_checker.server.errors import UnavailableError
from coqdata.fields import bounded, is_identifier, is_logical_name

from .servers import start_server

TAKEN = ("A", "_", "a'", "A1", "Été", "Ωmega", "名前", "א", "a١", "forall", "A" * 240)
NOT_TAKEN = ("", "1A", "'a", "²", "a²", "١", "a b", "a-b", "{", "\u0301a", "\u02b0a", "\U0001f600", "a\0", "A" * 241)


@pytest.mark.parametrize("name", TAKEN)
def test_names_that_coq_takes(checker: SyncCheckerClient, name: str) -> None:
    """As the last part of a logical name, and as a file's own name inside a project."""
    assert is_identifier(name)
    for place in ({"logical_name": f"Lib.{name}"}, {"project": "examples", "file": f"{name}.v"}):
        assert checker.check_proof(FreeStatement("Lemma t : True.", **place), "exact I.").proved


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_names_that_coq_does_not_take(checker: SyncCheckerClient, name: str) -> None:
    assert not is_identifier(name)
    assert not is_logical_name(f"Lib.{name}")
    for place in ({"logical_name": f"Lib.{name}"}, {"project": "examples", "file": f"{name}.v"}):
        with pytest.raises(InvalidRequestError, match=rf"^`statement\.environment\.{list(place)[-1]}`: .*\.$"):
            checker.check_proof(FreeStatement("Lemma t : True.", **place), "exact I.")


def test_an_option_of_sertop_is_no_logical_name(checker: SyncCheckerClient) -> None:
    with pytest.raises(InvalidRequestError, match="no logical name"):
        checker.check_proof(FreeStatement("Lemma t : True.", logical_name="--no_prelude"), "exact I.")


def test_a_project_whose_names_coq_does_not_take(tmp_path: Path) -> None:
    """It is no use to ask again: what is to be mended is said, for the file and for the load path."""
    text = "Lemma t : True.\nProof. exact I. Qed.\n"
    for folder, options in (("files", "-R . Lib\n"), ("paths", "-R . 1bad\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "_CoqProject").write_text(f"{options}1-intro.v\nGood.v\n")
        for file in ("1-intro.v", "Good.v"):
            (tmp_path / folder / file).write_text(text)
    server = start_server(f"files={tmp_path / 'files'}", f"paths={tmp_path / 'paths'}", slots=1)
    try:
        with SyncCheckerClient(server.address) as client:
            with pytest.raises(EnvironmentFailedError, match=r"'1-intro' for no name: rename the file"):
                client.check_proof(TheoremRef("files", "t", "1-intro.v"), "exact I.")
            assert client.check_proof(TheoremRef("files", "t", "Good.v"), "exact I.").proved
            for target in (TheoremRef("paths", "t", "Good.v"), FreeStatement("Lemma t : True.", project="paths")):
                with pytest.raises(EnvironmentFailedError, match=r"1bad"):
                    client.check_proof(target, "exact I.")
    finally:
        assert server.stop() == 0
    assert server.events("internal fault") == []


def test_no_message_has_a_backtrace() -> None:
    """As sertop prints it, whole or with its beginning cut off; what stands around it stays."""
    called = (
        'Called from Serapi__Serapi_paths.dirpath_of_file in file "serapi/serapi_paths.ml", line 59, characters 11-34'
    )
    inlined = 'Called from Stdlib.List.map (inlined) in file "list.ml", lines 1-2, characters 1-2'
    for beginning in (
        f'Raised at Stdlib.invalid_arg in file "stdlib.ml", line 30, characters 20-45 {inlined} {called}',
        f'es.ml", line 57, characters 13-26 {called}',
        f'", line 57, characters 13-26 {called}',
    ):
        told = str(UnavailableError(f"sertop ended at its start ({beginning}): run `palmetto toolchain show`."))
        assert told == "sertop ended at its start (it raised an exception): run `palmetto toolchain show`."
    plain = 'In file "a.v", characters 1-2 are wrong.'
    assert str(UnavailableError(plain)) == plain


@pytest.mark.parametrize("letter", ["x", "é", "%", "\n", "\U0001f600"])
def test_a_long_message_is_cut_in_its_middle(letter: str) -> None:
    message = f"begin {letter * 100_000} end."
    told = bounded(message)
    assert told.startswith("begin ") and told.endswith(" end.")
    assert len(told) < 7_000
    assert bounded("short.") == "short."
