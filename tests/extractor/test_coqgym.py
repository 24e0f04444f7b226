"""CoqGym's JSON, in files made here from its published description."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coqdata.prompts import parse_messages
from extractor.coqgym import import_coqgym
from extractor.dataset import assemble
from extractor.duplicates import Exclusion
from extractor.model import Wish
from extractor.records import Records, examples_of


def goal(kind: str, *hypotheses: tuple[list[str], str]) -> dict[str, Any]:
    listed = [{"idents": names, "term": [], "type": shown, "sexp": "0"} for names, shown in hypotheses]
    return {"id": 1, "type": kind, "hypotheses": listed, "sexp": "0"}


def step(text: str, *focused: int) -> dict[str, Any]:
    return {"command": [text, "VernacExtend", "hash"], "goal_ids": {"fg": list(focused), "bg": []}}


def proof(name: str = "and_comm") -> dict[str, Any]:
    goals = {
        "1": goal("forall A B : Prop, and A B -> and B A"),
        "2": goal("and B A", (["A", "B"], "Prop"), (["H"], "and A B")),
        "3": goal("B", (["A", "B"], "Prop"), (["a"], "A"), (["b"], "B")),
        "4": goal("A", (["A", "B"], "Prop"), (["a"], "A"), (["b"], "B")),
    }
    steps = [step("Proof.", 1), step("intros A B H.", 1), step("destruct H as [a b]; split.", 2), step("-", 3, 4)]
    steps += [step("exact b.", 3), step("-"), step("exact a.", 4), step("Qed.")]
    return {"name": name, "line_nb": 7, "env_delta": {}, "steps": steps, "goals": goals, "proof_tree": {}}


def write(place: Path, *proofs: Any) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    file = {"filename": place.name, "coq_project": "demo", "vernac_cmds": [], "proofs": list(proofs)}
    place.write_text(json.dumps({**file, "synthetic_proofs": []}), "utf-8")


def rows(out: Path) -> list[dict[str, Any]]:
    return [row for place, _ in Records(out).headers() for row in examples_of(place)]


def test_a_proof_becomes_an_example_byte_for_byte(tmp_path: Path) -> None:
    write(tmp_path / "data" / "demo" / "Logic.json", proof())
    (record,) = import_coqgym(tmp_path / "data", tmp_path / "out", Wish("coqgym"))
    assert (record.problem, record.theorems, record.written) == ("", 1, 1)
    (row,) = rows(tmp_path / "out")
    assert row["messages"] == [
        {
            "role": "user",
            "content": "Solve This Proof State:\n\nHypotheses:\n\nGoal:\nforall A B : Prop, and A B -> and B A\n\n",
        },
        {
            "role": "assistant",
            "content": "```coq\nintros A B H.\ndestruct H as [a b]; split.\n- exact b.\n- exact a.\nQed.\n```",
        },
    ]
    about = {name: row[name] for name in ("project", "file", "theorem", "line", "coq_version", "profile", "checked")}
    assert about == {
        "project": "demo",
        "file": "Logic.json",
        "theorem": "and_comm",
        "line": 7,
        "coq_version": "8.9.1",
        "profile": "coqgym",
        "checked": False,
    }


def test_rests_are_asked_from_the_goal_that_stood_there(tmp_path: Path) -> None:
    write(tmp_path / "data" / "demo" / "Logic.json", proof())
    import_coqgym(tmp_path / "data", tmp_path / "out", Wish("coqgym", steps=True))
    found = {row["step"]: row for row in rows(tmp_path / "out")}
    assert {at: row["proof"] for at, row in found.items() if at} == {
        2: "destruct H as [a b]; split.\n- exact b.\n- exact a.",
        4: "exact b.",
        6: "exact a.",
    }
    read = parse_messages(found[6]["messages"][:1])
    assert read is not None
    assert [(one.name, one.type) for one in read.state.hypotheses] == [
        ("A", "Prop"),
        ("B", "Prop"),
        ("a", "A"),
        ("b", "B"),
    ]


def test_json_that_breaks_off_keeps_what_stands_before(tmp_path: Path) -> None:
    place = tmp_path / "data" / "demo" / "Broken.json"
    write(place, proof("first"), proof("second"))
    whole = place.read_text("utf-8")
    place.write_text(whole[: whole.rindex("exact b.")], "utf-8")
    write(tmp_path / "data" / "demo" / "Fine.json", proof("third"))
    broken, fine = import_coqgym(tmp_path / "data", tmp_path / "out", Wish("coqgym"))
    assert broken.problem.startswith("the JSON breaks off after 1 proofs")
    assert fine.problem == ""
    assert {row["theorem"] for row in rows(tmp_path / "out")} == {"first", "third"}


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {"name": "x"},
        {**proof(), "steps": [{"command": []}]},
        {**proof(), "goals": {"1": {"type": 3, "hypotheses": []}}},
        {**proof(), "name": None},
        {**proof(), "steps": [step("\ud800.", 1)]},
    ],
)
def test_a_proof_of_another_form_costs_that_proof(tmp_path: Path, wrong: Any) -> None:
    write(tmp_path / "data" / "demo" / "A.json", wrong, proof("after"))
    (record,) = import_coqgym(tmp_path / "data", tmp_path / "out", Wish("coqgym"))
    assert record.left_out.total() == 1
    assert [row["theorem"] for row in rows(tmp_path / "out")] == ["after"]


def test_bytes_that_are_no_text_and_circles_of_links_cost_nothing_else(tmp_path: Path) -> None:
    data = tmp_path / "data" / "demo"
    write(data / "Fine.json", proof())
    (data / "Bytes.json").write_bytes(b'{"proofs": [{"name": "\xff\xfe"}]}')
    (data / "Empty.json").write_bytes(b"")
    (data / "circle").symlink_to(data, target_is_directory=True)
    (data / "Loop.json").symlink_to(data / "Loop.json")
    records = {one.path: one for one in import_coqgym(tmp_path / "data", tmp_path / "out", Wish("coqgym"))}
    assert sorted(records) == ["Bytes.json", "Empty.json", "Fine.json", "Loop.json"]
    assert [path for path, record in records.items() if not record.problem] == ["Fine.json"]
    assert len(rows(tmp_path / "out")) == 1


def test_what_is_finished_is_not_read_again(tmp_path: Path) -> None:
    write(tmp_path / "data" / "demo" / "A.json", proof())
    told: list[bool] = []
    for _ in range(2):
        import_coqgym(tmp_path / "data", tmp_path / "out", Wish("coqgym"), progress=lambda _, fresh: told.append(fresh))
    write(tmp_path / "data" / "demo" / "A.json", proof("changed"))
    import_coqgym(tmp_path / "data", tmp_path / "out", Wish("coqgym"), progress=lambda _, fresh: told.append(fresh))
    assert told == [True, False, True]
    assert [row["theorem"] for row in rows(tmp_path / "out")] == ["changed"]


def test_shards_share_the_files_out(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / "data" / "demo" / f"F{number}.json", proof(f"t{number}"))
    taken = [import_coqgym(tmp_path / "data", tmp_path / "out", Wish("coqgym"), (part, 2)) for part in (0, 1)]
    assert sorted(len(part) for part in taken) == [2, 3]
    figures = assemble(tmp_path / "out", "jsonl", Exclusion())
    # All five are the same goal with the same proof.
    assert figures.examples == 1
    assert figures.left_out["exact duplicate within its split"] == 4


MEASURED = """
import resource, sys
from pathlib import Path
from extractor.coqgym import import_coqgym
from extractor.dataset import assemble
from extractor.duplicates import Exclusion
from extractor.model import Wish

for folder in sys.argv[1:]:
    out = Path(folder + "-out")
    import_coqgym(Path(folder), out, Wish("coqgym"))
    figures = assemble(out, "jsonl", Exclusion())
    print(figures.examples, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10)
"""


def test_a_large_folder_takes_little_memory(tmp_path: Path) -> None:
    """5,000 theorems in some 100 MB of JSON, after 500 of them: what is held is what duplicates are found by."""
    written = 0
    # Trees of terms, which CoqGym's files are mostly made of.
    tree = "(App (Const Coq.Init.Logic.and) (Rel 1))" * 250
    for folder, files in (("small", 25), ("large", 250)):
        for number in range(files):
            proofs = []
            for at in range(20):
                named = [f"p{number}_{at}_{one}" for one in range(12)]
                one = proof(f"t{number}_{at}")
                one["goals"]["1"]["type"] = "forall A B : Prop, " + " -> ".join(named) + " -> A"
                one["goals"]["2"]["sexp"] = one["proof_tree"]["sexp"] = tree
                proofs.append(one)
            place = tmp_path / folder / "demo" / f"F{number}.json"
            write(place, *proofs)
            written += place.stat().st_size if folder == "large" else 0
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "small"), str(tmp_path / "large")],
        capture_output=True,
        text=True,
        check=True,
    )
    (small, before), (large, after) = ([int(word) for word in line.split()] for line in ran.stdout.splitlines())
    assert (small, large) == (500, 5000)
    assert written > 100 << 20
    # 4,500 examples more, some 3 kB each, and room for what the allocator keeps.
    assert after - before < 40 << 20, (before, after)
