"""Real git repositories with real history, made for a test."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class History:
    """A repository that grows by commits of given dates; it can be cloned in part, as GitHub's can."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant", "uploadpack.allowReachableSHA1InWant"):
            self.git("config", name, "true")

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def git(self, *arguments: str, when: str = "2020-01-01T00:00:00Z", authored: str = "") -> str:
        environment = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.invalid",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.invalid",
            "GIT_AUTHOR_DATE": authored or when,
            "GIT_COMMITTER_DATE": when,
        }
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, **files: str | bytes | None) -> None:
        """Files by their names, `__` for `/` and `_v` for `.v`; None takes one away."""
        self.put({name.replace("__", "/").replace("_v", ".v"): content for name, content in files.items()})

    def put(self, files: dict[str, str | bytes | None]) -> None:
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, when: str, files: dict[str, str | bytes | None] | None = None, authored: str = "") -> str:
        """A commit of all that is there; gives its hash."""
        self.put(files or {})
        self.git("add", "--all", "--force")
        self.git(
            "commit", "--quiet", "--allow-empty", "--message", "change", when=f"{when}T12:00:00Z", authored=authored
        )
        return self.git("rev-parse", "HEAD")


def lemma(name: str, statement: str, proof: str = "intros; auto.") -> str:
    return f"Lemma {name} : {statement}.\nProof. {proof} Qed.\n"
