"""Examples from data in CoqGym's own JSON, read as a stream: one proof is held at a time.

The format is CoqGym's (Yang and Deng, Learning to Prove Theorems via Interacting with Proof Assistants, 2019): a file
has `proofs`; a proof its `name`, `steps` with `command` (text, kind, hash) and `goal_ids` (`fg`, `bg`), and `goals` by
their ids, each with `type` and `hypotheses` (`idents`, `term`, `type`). Coq 8.9 and its projects are not at hand, so
that these examples are not checked; `checked` says so.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ijson

from coqdata.crawled import Provenance
from coqdata.prompts import Hypothesis, ProofState, one_line, proof_body
from extractor.examples import Known, example
from extractor.model import FileRecord, Wish, provenance_fields
from extractor.records import Records, fingerprint
from extractor.rests import Step, rests, text_of
from extractor.run import Progress
from extractor.uses import Uses

COQ_VERSION = "8.9.1"
_SOURCE = Provenance("https://github.com/princeton-vl/CoqGym", "", marks=("coqgym",))
_FINISHED = ("Qed", "Defined", "Save")


class MalformedError(Exception):
    """A proof that is not as the format has it."""


def import_coqgym(
    folder: Path, out: Path, wish: Wish, shard: tuple[int, int] = (0, 1), progress: Progress | None = None
) -> list[FileRecord]:
    """Leaves a record for each JSON file below a folder; finished ones that have not changed are kept.

    A file that is broken keeps what stands before the break, and says so in its record.

    Raises:
        ExtractError: nothing can be written.
    """
    records = Records(out)
    found: list[FileRecord] = []
    for place in list(json_files(folder))[shard[0] :: shard[1]]:
        path = place.relative_to(folder).as_posix()
        project, _, inside = path.partition("/") if "/" in path else (folder.name, "", path)
        record, fresh = _import(place, project, inside, wish, records)
        if progress is not None:
            progress(record, fresh)
        found.append(record)
    return found


def json_files(folder: Path) -> Iterator[Path]:
    """The JSON files below a folder, by name. Links to folders are not followed, so that circles do not matter."""
    for where, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".json") and name != "projs_split.json":
                yield Path(where) / name


def _import(place: Path, project: str, path: str, wish: Wish, records: Records) -> tuple[FileRecord, bool]:
    try:
        digest = hashlib.sha256()
        with place.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        record = FileRecord(project, path, "", problem=f"the file cannot be read ({error.strerror or error})")
        records.write(record)
        return record, True
    key = fingerprint("coqgym", digest.digest(), str(wish.steps))
    held = records.finished(project, path, key)
    if held is not None:
        return held, False
    record = FileRecord(project, path, key)
    try:
        with place.open("rb") as file:
            for proof in ijson.items(file, "proofs.item", use_float=True):
                record.theorems += 1
                _proof(proof, project, path, wish, record)
    except (ijson.JSONError, UnicodeDecodeError, ValueError, OSError) as error:
        record.problem = f"the JSON breaks off after {record.theorems} proofs: {' '.join(str(error).split())[:200]}"
    else:
        if not record.theorems:
            record.left_out["files without proofs"] += 1
    records.write(record)
    record.examples = []
    return record, True


def _proof(proof: Any, project: str, path: str, wish: Wish, record: FileRecord) -> None:
    try:
        name, steps, states = _read(proof)
    except (MalformedError, KeyError, TypeError, IndexError, AttributeError, ValueError):
        record.left_out["a proof that is not as CoqGym's format has it"] += 1
        return
    if not steps or not steps[-1].text.startswith(_FINISHED):
        record.left_out["no finished proof by tactics"] += 1
        return
    first = next((at for at, step in enumerate(steps) if not step.text.startswith("Proof")), 0)
    parts = [(0, first, len(steps))]
    if wish.steps:
        parts += [(rest.start, rest.start, rest.end) for rest in rests(steps) if rest.start > first]
    about = {
        "project": project,
        **provenance_fields(_SOURCE),
        "split": "train",
        "file": path,
        "theorem": name,
        "theorem_kind": "",
        "index": record.theorems - 1,
        "line": int(proof.get("line_nb") or 0),
        "start_byte": 0,
        "coq_version": COQ_VERSION,
        "profile": "coqgym",
        "layout": wish.prompt.layout.name,
        "checked": False,
        "statement": "",
    }
    for number, start, end in parts:
        state = states[start]
        if state is None:
            record.left_out["its goal is not known"] += 1
            continue
        body = proof_body(text_of(steps, start, end))
        told = {"kind": "rest" if number else "proof", "step": number, **about}
        made = example(Known(state, body, Uses(), told), wish.prompt.layout, None)
        if made is None:
            record.left_out["the answer does not read back as the proof"] += 1
        else:
            record.examples.append(made.row())


def _read(proof: Any) -> tuple[str, list[Step], list[ProofState | None]]:
    goals = {str(number): goal for number, goal in proof["goals"].items()}
    steps: list[Step] = []
    states: list[ProofState | None] = []
    for step in proof["steps"]:
        text = step["command"][0]
        focused = step["goal_ids"]["fg"]
        if not isinstance(text, str) or not isinstance(focused, list):
            raise MalformedError
        text.encode("utf-8")  # halves of characters are no text
        steps.append(Step(text.strip(), len(focused)))
        states.append(_state(goals.get(str(focused[0]))) if focused else None)
    name = proof["name"]
    if not isinstance(name, str):
        raise MalformedError
    return name, steps, states


def _state(goal: Any) -> ProofState | None:
    if goal is None:
        return None
    hypotheses: list[Hypothesis] = []
    for one in goal["hypotheses"]:
        term = one.get("term")
        body = term[0] if isinstance(term, list) and term else term
        for name in one["idents"]:
            hypotheses.append(
                Hypothesis(str(name), one_line(_text(one["type"])), one_line(_text(body)) if body else None)
            )
    return ProofState(tuple(hypotheses), one_line(_text(goal["type"])))


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise MalformedError
    given.encode("utf-8")
    return given
