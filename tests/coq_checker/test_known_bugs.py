"""The table of known soundness bugs: whole, exact, and tried by the gallery of attacks."""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from coq_checker.soundness.features import Feature
from coq_checker.soundness.known_bugs import Expressible, KnownBug, known_bugs, touching
from coqdata.releases import version_numbers

GALLERY = Path(__file__).parents[1] / "attacks"
DOCUMENT = Path(__file__).parents[2] / "docs" / "known-bugs.md"


def ids(bugs: tuple[KnownBug, ...]) -> set[str]:
    return {bug.id for bug in bugs}


def named(id_: str) -> KnownBug:
    (found,) = (bug for bug in known_bugs() if bug.id == id_)
    return found


@pytest.mark.parametrize("bug", known_bugs(), ids=lambda bug: bug.id)
def test_row_is_whole(bug: KnownBug) -> None:
    number = bug.id.removeprefix("rocq#")
    assert number.isdecimal()
    assert re.fullmatch(rf"https://github\.com/rocq-prover/rocq/(?:issues|pull)/{number}", bug.link)
    assert bug.title and bug.component and bug.hit
    for first, mended in bug.hit:
        assert not mended or first < mended
    assert (bug.expressible is Expressible.NO) == bool(bug.why)
    assert bug.fixtures or bug.expressible is Expressible.NO
    assert all(bug.features), "a way without features would touch every proof"


def test_versions_of_the_table_are_versions() -> None:
    table = tomllib.loads(files("coq_checker.soundness").joinpath("known_bugs.toml").read_text("utf-8"))
    versions = [version for one in table["bug"] for pair in one["hit"] for version in pair]
    assert all(version == "" or re.fullmatch(r"\d+(\.\d+){1,2}", version) for version in versions)


def test_every_report_has_one_row() -> None:
    assert len(ids(known_bugs())) == len(known_bugs())


@pytest.mark.parametrize("bug", known_bugs(), ids=lambda bug: bug.id)
def test_fixtures_of_a_row_are_in_the_gallery_and_name_it(bug: KnownBug) -> None:
    for fixture in bug.fixtures:
        wanted = json.loads((GALLERY / fixture / "expected.json").read_text())
        assert bug.id in wanted["reports"]
    if bug.expressible is Expressible.BODY:
        forms = {json.loads((GALLERY / one / "expected.json").read_text())["form"] for one in bug.fixtures}
        assert "proof" in forms


def test_gallery_names_reports_and_features_that_there_are() -> None:
    known = {bug.id: bug for bug in known_bugs()}
    count = 0
    for path in GALLERY.glob("*/expected.json"):
        wanted = json.loads(path.read_text())
        for id_ in wanted.get("reports", []):
            count += 1
            assert path.parent.name in known[id_].fixtures
        for told in (wanted, wanted.get("since", {})):
            if features := told.get("features"):
                # What the fixture shows of itself is enough to touch what it is for, wherever Coq accepts it.
                own = frozenset(Feature(one) for one in features)
                assert all(known[id_].touched_by(own) for id_ in wanted["reports"]), path.parent.name
    assert count > 0


def test_document_tells_every_row() -> None:
    text = DOCUMENT.read_text("utf-8")
    for bug in known_bugs():
        assert f"[{bug.id}]({bug.link})" in text
        assert all(f"`{fixture}`" in text for fixture in bug.fixtures)
        (row,) = [line for line in text.splitlines() if line.startswith(f"| [{bug.id}]")]
        if "the feature" in row:
            assert {feature for way in bug.features for feature in way} <= set(re.findall(r"`(\w+)`", row)), row


def test_bug_is_touched_by_its_features_on_the_versions_that_have_it() -> None:
    strict = ["fixpoint", "fixpoint_not_strict"]
    of_820, of_92 = touching(strict, (8, 20, 1)), touching(strict, (9, 2))
    assert {"rocq#21839", "rocq#21682", "rocq#22382"} <= ids(of_820)
    assert {"rocq#21839", "rocq#22382"} <= ids(of_92)
    assert "rocq#21682" not in ids(of_92)
    assert "rocq#21683" not in ids(of_820)


def test_plain_features_touch_nothing() -> None:
    plain = ["fixpoint", "cofixpoint", "vm_cast", "primitive_integer", "primitive_projection", "nested_inductive"]
    assert touching(plain, (8, 20, 1)) == ()
    assert touching([], ()) == ()


def test_all_features_of_one_way_are_needed() -> None:
    assert "rocq#21736" not in ids(touching(["vm_cast"], (8, 20, 1)))
    assert "rocq#21736" not in ids(touching(["vm_cast", "native_cast"], (8, 20, 1)))
    assert "rocq#21736" in ids(touching(["vm_cast", "inlined_polymorphic_constant"], (8, 20, 1)))
    assert "rocq#21736" in ids(touching(["native_cast", "inlined_polymorphic_constant"], (8, 20, 1)))


@pytest.mark.parametrize(
    ("version", "hit"),
    [
        ("8.15.2", False),
        ("8.16", True),
        ("8.20.1", True),
        ("9.0", True),
        ("9.0.0", True),
        ("9.0.1", False),
        ("9.1", False),
    ],
)
def test_range_ends_before_the_first_release_without_it(version: str, hit: bool) -> None:
    assert named("rocq#20413").hits(version_numbers(version)) is hit


def test_open_ends() -> None:
    assert named("rocq#21053").hits((8, 10)) and not named("rocq#21053").hits((9, 1))
    assert named("rocq#22382").hits((99,)) and not named("rocq#22382").hits((8, 19, 2))


def test_unknown_version_has_every_bug() -> None:
    assert all(bug.hits(()) for bug in known_bugs())


def test_unknown_feature_is_an_error() -> None:
    with pytest.raises(ValueError, match="telepathy"):
        touching(["telepathy"], (8, 20, 1))


def test_the_engine_tells_these_features_and_no_others() -> None:
    source = files("coq_checker.engine.plugin").joinpath("palmetto_features.ml").read_text("utf-8")
    told = re.findall(r'"(\w+)";', source.partition("let names =")[2].partition("|]")[0])
    assert {*told, Feature.MODULE} == set(Feature) and len(told) == len(set(told))


def test_page_has_every_feature() -> None:
    page = DOCUMENT.with_name("strict-guard.md").read_text("utf-8")
    assert [one for one in Feature if f"| `{one}` |" not in page] == []
