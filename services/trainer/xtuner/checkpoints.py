"""Checkpoints of DeepSpeed's as mmengine keeps them: folders `iter_N.pth`, and a note of the last."""

import re
import zipfile
from pathlib import Path

NOTE = "last_checkpoint"
_NAME = re.compile(r"iter_(\d+)\.pth")


def iteration_of(checkpoint: Path) -> int | None:
    """Iterations done; None: the name is no checkpoint's."""
    found = _NAME.fullmatch(checkpoint.name)
    return int(found[1]) if found else None


def shards_of(checkpoint: Path) -> int:
    """Processes whose part of the optimizer is there."""
    return len(list(checkpoint.glob("*_optim_states.pt")))


def last_checkpoint(work: Path, devices: int | None = None) -> Path | None:
    """The newest checkpoint that is whole and noted, or an older one.

    mmengine notes the full path when one is written to its end, and goes on from there without looking. So the note is
    mended where the folder was moved, where the disk was full for it, and where the checkpoint is cut off or gone.

    Args:
        work: the training's folder.
        devices: processes whose parts must be there; None: any.
    """
    note = work / NOTE
    try:
        told = note.read_text("utf-8", "replace").strip()
    except OSError:
        return None
    noted = iteration_of(Path(told))
    found = {done: one for one in work.glob("iter_*.pth") if (done := iteration_of(one)) is not None}
    for done in sorted(found, reverse=True):
        # What is newer than the note was being written.
        if (noted is None or done <= noted) and _whole(found[done], devices):
            if told != str(found[done]):
                note.write_text(str(found[done]), "utf-8")
            return found[done]
    note.unlink(missing_ok=True)
    return None


def _whole(checkpoint: Path, devices: int | None) -> bool:
    """Whether each file has its end: torch writes archives, whose table of contents comes last."""
    if not any(checkpoint.glob("*model_states.pt")) or shards_of(checkpoint) < (devices or 1):
        return False
    return all(zipfile.is_zipfile(one) for one in checkpoint.glob("*.pt"))
