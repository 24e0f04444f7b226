"""Folders of running programs, and what killed programs left behind."""

import subprocess
import sys
from pathlib import Path

from coqdata.run_folder import RunFolder

_HOLD = """
import sys, time
from pathlib import Path
from coqdata.run_folder import RunFolder
with RunFolder(Path(sys.argv[1]), "one-") as folder:
    print(folder, flush=True)
    time.sleep(600)
"""


def test_what_a_killed_program_left_is_removed_and_what_lives_stays(tmp_path: Path) -> None:
    programs = [
        subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    folders = []
    for program in programs:
        assert program.stdout is not None
        folders.append(Path(program.stdout.readline().strip()))
    (tmp_path / "one-that-is-not-ours").mkdir()
    try:
        programs[0].kill()
        programs[0].wait()
        with RunFolder(tmp_path, "other-"):
            assert folders[0].is_dir()  # another program's
        with RunFolder(tmp_path, "one-") as mine:
            assert mine.is_dir()
            assert not folders[0].exists()
            assert folders[1].is_dir()
            assert (tmp_path / "one-that-is-not-ours").is_dir()
        assert not mine.exists()
    finally:
        for program in programs:
            program.kill()
            program.wait()
