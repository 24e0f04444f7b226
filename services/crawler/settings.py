"""Settings of the crawler, each from the environment as PALMETTO_CRAWLER_<NAME>."""

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_MIB = 1 << 20


class CrawlerSettings(BaseSettings):
    """Where the crawler asks, and what it and the builds that it runs may use."""

    model_config = SettingsConfigDict(env_prefix="PALMETTO_CRAWLER_", extra="ignore", populate_by_name=True)

    api_url: str = Field("https://api.github.com", description="Base address of GitHub's API.")
    token: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("PALMETTO_CRAWLER_TOKEN", "GITHUB_TOKEN"),
        description="GitHub's token; GITHUB_TOKEN is read too. Without one GitHub allows 60 requests an hour.",
    )
    languages: tuple[str, ...] = Field(
        ("coq", "rocq-prover"), description="GitHub's names of the language, as a JSON list."
    )
    request_timeout_s: float = Field(60.0, gt=0)
    request_attempts: int = Field(6, ge=1, description="Tries of a request that fails on the way or with 5xx.")
    retry_pause_s: float = Field(2.0, ge=0, description="Pause before the second try; it doubles each time.")
    max_wait_s: float = Field(7200.0, gt=0, description="The longest that one rate limit is waited for.")
    max_answer_bytes: int = Field(32 * _MIB, ge=1024)

    git_protocols: str = Field("https", description="What git may fetch through, separated by colons.")
    git_timeout_s: float = Field(1800.0, gt=0, description="The longest that one git command may take.")
    git_attempts: int = Field(3, ge=1)
    max_repository_bytes: int = Field(2048 * _MIB, ge=0, description="A larger one, as GitHub says, is left out.")
    max_history_bytes: int = Field(2048 * _MIB, ge=0, description="Coq text in a history that is read at the most.")
    max_file_bytes: int = Field(8 * _MIB, ge=1, description="A larger file is left out.")
    max_tree_bytes: int = Field(1024 * _MIB, ge=1, description="Files of one commit at the most.")
    max_tree_files: int = Field(50_000, ge=1)
    copy_share: float = Field(0.8, gt=0, le=1, description="Share of known files that makes a repository a copy.")

    file_wall_s: float = Field(600.0, gt=0, description="The longest that coqc may take for a file.")
    build_wall_s: float = Field(3600.0, gt=0, description="The longest that a project's files may take together.")
    make_wall_s: float = Field(600.0, gt=0, description="The longest that a project's own make may take.")
    cpu_s: int = Field(1800, ge=1, description="CPU time of one process in the sandbox.")
    memory_bytes: int = Field(4096 * _MIB, ge=64 * _MIB, description="Memory of a program with all that it starts.")
    processes: int = Field(256, ge=8, description="Processes of a program at one time.")
    disk_bytes: int = Field(2048 * _MIB, ge=_MIB, description="What a project's make may write, in memory.")
    written_file_bytes: int = Field(512 * _MIB, ge=_MIB, description="Largest file that may be written.")
