"""The record of what was run: `python -m benchmarks.proving take|keep [--store PATH] [--matrix FILE]`.

All theorems with all models take days, longer than one machine may be at hand. So the outcomes are kept in
`records.jsonl` (verdict, the model's name, CPU seconds, whether coqc agreed; no text of a project, a model or a proof):
`take` puts those into the experiment store that are not there, so that the matrix goes on from them, and `keep` writes
what the store has more.
"""

import argparse
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coqdata.project import ProjectError
from evaluator.errors import EvaluatorError
from evaluator.record import Key, Record
from evaluator.store import ExperimentStore, Outcome, StoreError, Verification, default_store
from evaluator.theorems import sources_of
from palmetto.evaluation.matrix import read_matrix
from palmetto.evaluation.projects import find_projects

_HERE = Path(__file__).parent
_KEPT = ("verdict", "cause", "how", "model", "cpu_s", "budget_cpu_s", "coq_version", "started_at")


def read(path: Path) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """The experiments (settings and contents of projects, by name) and the rows of a file of records."""
    experiments: dict[str, dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        one = json.loads(line)
        if "settings" in one:
            experiments[one["experiment"]] = one
        else:
            rows.append(one)
    return experiments, rows


def take(store: ExperimentStore, path: Path, contents: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Puts into the store what it lacks; says what came of it.

    Args:
        store: the store.
        path: the file of records.
        contents: folder and hash of the projects here, by name: what was measured on others is left out.
    """
    experiments, rows = read(path)
    for name, one in experiments.items():
        same = {
            project: {"folder": contents[project][0], "content": content}
            for project, content in one["projects"].items()
            if project in contents and contents[project][1] == content
        }
        mine = [row for row in rows if row["experiment"] == name and row["project"] in same]
        if not mine:
            continue
        there = {record.key for record in store.records(name)} if name in store.experiments() else set()
        try:
            store.begin(name, one["settings"], same)
        except StoreError as error:
            yield f"{name}: nothing taken, {error}"
            continue
        new = [row for row in mine if _key(row) not in there]
        store.put_all([_record(row) for row in new])
        for row in new:
            if row["coqc"]:
                store.put_verification(name, Verification(_key(row), "", Outcome(row["coqc"]), at=row["started_at"]))
        yield f"{name}: {len(new)} records taken, {len(mine) - len(new)} were there"


def _key(row: Mapping[str, Any]) -> Key:
    return Key(row["project"], row["file"], row["theorem"], row["index"])


def _record(row: Mapping[str, Any]) -> Record:
    return Record(**{name: row[name] for name in ("experiment", "project", "file", "theorem", "index", *_KEPT)})


def keep(store: ExperimentStore, path: Path, names: list[str], code: str) -> int:
    """Writes the records of the experiments, with those that are in the file already; how many are new.

    Args:
        store: the store.
        path: the file.
        names: of the experiments.
        code: which code they were made with.
    """
    experiments, rows = read(path)
    held = {(row["experiment"], _key(row)): row for row in rows}
    before = len(held)
    for name in names:
        if name not in store.experiments():
            continue
        about = store.experiment(name)
        contents = {project: one["content"] for project, one in about["projects"].items()}
        known = experiments.get(name, {"projects": {}})["projects"]
        experiments[name] = {"experiment": name, "settings": store.settings(name), "projects": known | contents}
        judged = store.verifications(name)
        for record in store.records(name):
            said = judged.get(record.key)
            # What was said of an earlier proof says nothing of this one.
            coqc = said.outcome.value if said and record.proved and said.script == record.script else ""
            own = {field: getattr(record, field) for field in _KEPT}
            row = {"experiment": name, **asdict(record.key), **own, "coqc": coqc, "code": code}
            row["cpu_s"] = round(row["cpu_s"], 2)
            there = held.get((name, record.key))
            # What was taken from the file began when it says there.
            if there is None or record.started_at > there["started_at"]:
                held[name, record.key] = row
            elif not there["coqc"] and coqc:
                held[name, record.key] = {**there, "coqc": coqc}
    lines = [json.dumps(one, ensure_ascii=False) for one in experiments.values()]
    lines += [json.dumps(row, ensure_ascii=False) for _, row in sorted(held.items(), key=lambda one: one[0])]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return len(held) - before


def main() -> None:
    """Takes or keeps."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proving", description=__doc__)
    parser.add_argument("what", choices=["take", "keep"])
    parser.add_argument("--store", type=Path, default=None, help="the experiment store")
    parser.add_argument("--matrix", type=Path, default=_HERE / "palm.toml", help="whose experiments")
    parser.add_argument("--records", type=Path, default=_HERE / "records.jsonl", help="the file of records")
    given = parser.parse_args()
    try:
        _work(given)
    except (EvaluatorError, ProjectError) as error:
        parser.exit(2, f"palmetto: {error}\n")
    except (ValueError, KeyError) as error:
        parser.exit(2, f"palmetto: {given.records} is no file of records ({error}): restore it.\n")


def _work(given: argparse.Namespace) -> None:
    found = read_matrix(given.matrix)
    with ExperimentStore.open(given.store or default_store()) as store:
        if given.what == "keep":
            git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
            new = keep(store, given.records, list(found.experiments), git.stdout.strip())
            print(f"{given.records}: {new} new records")
            return
        names = {name for one in found.options().values() for name in one.proj}
        projects, _ = find_projects(sorted(names))
        contents = {one.name: (str(one.root), sources_of(one).content) for one in projects}
        for told in take(store, given.records, contents):
            print(told)


if __name__ == "__main__":
    main()
