"""What a training with xtuner goes on from, and what nodes tell each other."""

import json
import threading
import zipfile
from pathlib import Path

import pytest

from trainer.errors import TrainError
from trainer.run import Progress
from trainer.xtuner.checkpoints import last_checkpoint
from trainer.xtuner.config import counts
from trainer.xtuner.nodes import awaited, heard
from trainer.xtuner.numbers import Job
from trainer.xtuner.watch import STALL_VARIABLE


def checkpoint(work: Path, iteration: int, processes: int = 2) -> Path:
    """A folder with the names of DeepSpeed's files; archives, as torch writes them."""
    place = work / f"iter_{iteration}.pth"
    place.mkdir(parents=True)
    names = ["mp_rank_00_model_states.pt"]
    names += [f"bf16_zero_pp_rank_{at}_mp_rank_00_optim_states.pt" for at in range(processes)]
    for name in names:
        with zipfile.ZipFile(place / name, "w") as archive:
            archive.writestr("data", "x" * 2000)
    (work / "last_checkpoint").write_text(str(place), "utf-8")
    return place


def test_the_noted_checkpoint_is_the_last(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    first, second = checkpoint(tmp_path, 5), checkpoint(tmp_path, 10)
    assert last_checkpoint(tmp_path, 2) == second
    (tmp_path / "last_checkpoint").write_text(str(first), "utf-8")  # the second was being written
    assert last_checkpoint(tmp_path, 2) == first


_HARMED = {"gone": "*", "a process less": "*_rank_1_*", "no weights": "*model_states.pt", "cut off": ""}


@pytest.mark.parametrize("harm", _HARMED)
def test_a_checkpoint_that_is_not_whole_gives_way_to_the_one_before(tmp_path: Path, harm: str) -> None:
    first, second = checkpoint(tmp_path, 9), checkpoint(tmp_path, 10)
    for file in list(second.glob(_HARMED[harm] or "*")):
        if _HARMED[harm]:
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:1000])
    if harm == "gone":
        second.rmdir()
    assert last_checkpoint(tmp_path, 2) == first
    # mmengine goes on from what the note says.
    assert (tmp_path / "last_checkpoint").read_text() == str(first)


def test_a_note_that_is_empty_or_from_elsewhere_is_mended(tmp_path: Path) -> None:
    last = checkpoint(tmp_path, 3)
    for text in ("", "/elsewhere/work/iter_3.pth"):
        (tmp_path / "last_checkpoint").write_text(text)
        assert last_checkpoint(tmp_path, 2) == last
        assert (tmp_path / "last_checkpoint").read_text() == str(last)
    for file in last.iterdir():
        file.write_bytes(b"")
    assert last_checkpoint(tmp_path, 2) is None
    assert not (tmp_path / "last_checkpoint").exists()


def test_an_edited_configuration_says_its_counts_plainly(tmp_path: Path) -> None:
    file = tmp_path / "config.py"
    file.write_text("iterations = 12\naccumulate = 4\n")
    assert counts(file) == (12, 4)
    for text in ("iterations = 3 * 4\naccumulate = 4\n", "iterations = 12\naccumulate = 0\n", "iterations = 12\n"):
        file.write_text(text)
        with pytest.raises(TrainError, match="as a plain number"):
            counts(file)


def test_other_nodes_hear_that_the_first_failed(tmp_path: Path) -> None:
    heard_of: list[str] = []
    waiting = threading.Event()

    def wait() -> None:
        try:
            awaited(tmp_path / "ready.json", "the data", lambda _: waiting.set(), "key")
        except TrainError as error:
            heard_of.append(str(error))

    # What an earlier run left does not count.
    (tmp_path / "first_node.json").write_text(json.dumps({"time_ns": 1, "why": "the disk is full"}))
    (tmp_path / "ready.json").write_text(json.dumps({"key": "another"}))
    other = threading.Thread(target=wait)
    other.start()
    assert waiting.wait(30)
    with pytest.raises(TrainError, match="no such model"), heard(tmp_path, Job(1, nodes=2)):
        other.join(2.5)
        assert other.is_alive()
        raise TrainError("no such model: give another.")
    other.join(30)
    assert heard_of == ["the first node ended: no such model: give another."]


def test_other_nodes_do_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STALL_VARIABLE, "1")
    told: list[Progress] = []
    with pytest.raises(TrainError, match="the first node has said nothing"):
        awaited(tmp_path / "ready.json", "the data", told.append)
    assert [one.note for one in told] == ["waiting: the data"]


def test_one_node_tells_nobody(tmp_path: Path) -> None:
    with heard(tmp_path, Job(2)):
        pass
    assert list(tmp_path.iterdir()) == []
