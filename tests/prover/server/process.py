"""The prover's HTTP service as a process of its own."""

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

from ...coq_checker.servers import PALMETTO


class ProverProcess:
    """A `palmetto serve prover` that is up."""

    def __init__(self, checker: str, **settings: str) -> None:
        environment = {
            **os.environ,
            "PALMETTO_PROVER_CHECKER": checker,
            "PALMETTO_PROVER_RETRIEVER": "",
            "PALMETTO_PROVER_MODEL": "",
            **{f"PALMETTO_PROVER_{name.upper()}": value for name, value in settings.items()},
        }
        argv = [str(PALMETTO), "serve", "prover", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        self.url = ""
        self.lines: list[str] = []
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r'"address": "(http[^"]+)"', line)
            if found:
                self.url = found[1]
                break
        assert self.url, self.lines
        threading.Thread(target=lambda: self.lines.extend(self.process.stderr or []), daemon=True).start()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def refused_start(palmetto: Path, **settings: str) -> tuple[int, str]:
    """Status and words of a prover that does not start."""
    environment = {**os.environ, **{f"PALMETTO_PROVER_{name.upper()}": value for name, value in settings.items()}}
    argv = [str(palmetto), "serve", "prover", "--listen", "127.0.0.1:0"]
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stderr
