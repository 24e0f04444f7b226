"""The VS Code extension as it is built, in a stand-in of the editor, against the real stack."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from itertools import accumulate

import pytest

from coq_checker.toolchain import Toolchain
from prover.fill import Unfinished

from ..coq_checker.servers import EXAMPLES
from .extension import EXTENSION, NODE, TESTS, TOKEN, a_guarded_prover, a_stack, need_extension

SCENARIOS = re.findall(
    r'^test\("([^"]+)"', (EXTENSION / "test" / "integration" / "extension.test.ts").read_text("utf-8"), re.MULTILINE
)
TEXTS = (
    "",
    "Lemma a : True.\r\n(* prove *)\r\nLemma 𝔸é : True. Proof. (* PROVE *)\r\nAdmitted.",
    "Module M. Section S. Lemma a : 1 = 1. Abort. Goal True. Admitted. Goal True. admit. Qed. End S. End M. Goal I.",
    "#[global, program] Instance : C nat. Admitted. Instance : forall x, M.D x. Admitted. Instance i : C. Abort.",
    "Program Definition f : nat := _. Next Obligation. Admitted. Obligation 3 of g. Admitted. Final Obligation. Abort.",
    "Lemma a : True with b : True. Admitted. Fixpoint f (n : nat) : nat with g (n : nat) : nat. Admitted.",
    "Lemma a : exists n, let x := n in x = 1. Proof. Lemma b : True. admit. Qed. Admitted.",
    "Definition d : nat. give_up. Defined. Definition e := fix f n := n. Let Fixpoint g (n : nat) : nat. Admitted.",
    'Lemma a : "(* prove *)" = "". Admitted. (* " *) Lemma b : True. Proof (I). Lemma c : True. Proof using. Admitted.',
    "Module Type T. Module N := M. Module O. Lemma a : x.(f) = y.(* no *). Admitted. End O. End T. Lemma b : f.(*x*) .",
    "Lemma a : True. Proof. { admit. } - idtac. Save b. Timeout 3 Lemma c : 1 .. 2 .... 3. Admitted.",
    "Equations f : nat. Next Obligation. Abort. Equations(noind) g : nat. Next Obligation. Admitted.",
    "Lemma a : True (* prove *). Lemma b : True. idtac. (* prove *) Admitted. Lemma c : True. (* prove *) (* prove *)",
    "(* prove *) Lemma a : True. Admitted. (* prove *) Lemma b : True. idtac. (* prove *) auto. Qed. Goal I. Abort.",
    "Lemma a : True. (* prove *) - exact I. Qed. Lemma b : True. (* prove *) (* prove *) #[x] Goal I. Abort.",
    "Lemma a : True. Proof using x. (* prove *) Goal True. Proof with auto using x y. (* c *) (* prove *) Admitted.",
    "Lemma a : True. Proof using x. idtac. (* prove *) Admitted. Lemma b : True. Proofs. (* prove *) Admitted.",
    "Lemma a : True. Admitted. (* open",
    'Lemma a : True. Admitted. Check "open',
)


@pytest.fixture(scope="module")
def provers() -> Iterator[dict[str, str]]:
    """Where the tests find an open prover and one that wants a token."""
    need_extension()
    with a_stack() as (url, addresses), a_guarded_prover(addresses) as guarded:
        yield {
            "PALMETTO_TEST_PROVER": url,
            "PALMETTO_TEST_GUARDED": guarded,
            "PALMETTO_TEST_TOKEN": TOKEN,
            "PALMETTO_TEST_EXTENSION": str(EXTENSION),
        }


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) > 15


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_against_the_stack(provers: dict[str, str], scenario: str) -> None:
    done = subprocess.run(
        [
            *(str(NODE), "--test", "--test-reporter=tap", f"--test-name-pattern=^{re.escape(scenario)}$"),
            str(TESTS / "integration" / "extension.test.js"),
        ],
        env={**os.environ, **provers},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert "\n# pass 1\n" in done.stdout, done.stdout


def test_the_scanner_finds_what_the_prover_finds() -> None:
    need_extension()
    texts = [*TEXTS, *(file.read_bytes().decode() for file in sorted(EXAMPLES.glob("*.v")))]
    # Every proof of the examples given up, and every second one marked.
    texts += [re.sub(r"\b(?:Qed|Defined)\.", "Admitted.", text) for text in texts]
    texts += [re.sub(r"Proof\.\s(?=.)", "(* prove *) ", text) for text in texts[len(TEXTS) :]]
    compare(texts)


def test_the_scanner_finds_what_the_prover_finds_in_the_library(toolchain: Toolchain) -> None:
    need_extension()
    files = sorted(toolchain.host_path(toolchain.coqlib).glob("theories/**/*.v"))[::5]
    assert len(files) > 50
    texts = [file.read_bytes().decode() for file in files]
    compare([re.sub(r"\bQed\.", "Admitted.", text) for text in texts])


def test_every_setting_is_told() -> None:
    manifest = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    told = (EXTENSION / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(palmetto\.\w+)`\s+\| (.*?)\s+\|", told, re.MULTILINE))
    settings = manifest["contributes"]["configuration"]["properties"]
    assert rows == {
        name: f"`{json.dumps(one['default']).strip(chr(34))}`" if one["default"] not in ("", None) else "empty"
        for name, one in settings.items()
    }


def test_the_lock_names_no_address() -> None:
    lock = json.loads((EXTENSION / "package-lock.json").read_text("utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert [name for name, one in packages.items() if "resolved" in one or "integrity" not in one] == []


def compare(texts: list[str]) -> None:
    done = subprocess.run(
        [str(NODE), str(TESTS / "integration" / "places.js")],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    found = json.loads(done.stdout)
    assert len(found) == len(texts)
    for text, places in zip(texts, found, strict=True):
        assert [tuple(one) for one in places] == expected(text), text[:300]


def expected(text: str) -> list[tuple[str, str, int, int, int]]:
    """What the prover finds, with offsets as editors count them."""
    source = Unfinished(text.encode())
    # The offset in UTF-16 code units of every byte.
    units = [0, *accumulate((byte & 0xC0 != 0x80) + (byte >= 0xF0) for byte in source.source)]

    def unit(offset: int) -> int:
        added = source._added
        before = offset - sum(min(len(b" Admitted."), offset - at) for at in added if at < offset)
        return units[before]

    return [(one.name, one.why, unit(one.context_end), unit(one.start), unit(one.end)) for one in source.places]
