"""What every Dockerfile of ours keeps to. Each rule gives what is wrong, as sentences; an empty list is good."""

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from .dockerfiles import Dockerfile

USER = "10001:10001"
LABELS = ("title", "description", "version", "revision", "source", "licenses")
_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|CREDENTIAL", re.IGNORECASE)
_ARGUMENT = re.compile(r"\$\{(\w+)\}")

Rule = Callable[[Dockerfile], Iterator[str]]


def base_is_pinned(file: Dockerfile) -> Iterator[str]:
    base = file.arguments.get("BASE", "")
    name, _, digest = base.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if not digest.startswith("sha256:") and tag in ("", "latest"):
        yield f"the base {base!r} has neither a tag nor a digest"


def bases_are_known(file: Dockerfile) -> Iterator[str]:
    names = {"scratch", "${BASE}"}
    for stage in file.stages:
        if stage.base not in names:
            yield f"FROM {stage.base} is neither BASE, scratch nor an earlier stage"
        names.add(stage.name)
    for stage in file.stages:
        for copy in stage.of("COPY"):
            origin = copy.flags().get("from")
            if origin is not None and origin not in names:
                yield f"line {copy.line} copies from {origin}, which is no stage"


def runs_as_nobody_special(file: Dockerfile) -> Iterator[str]:
    users = file.last.of("USER")
    if [one.rest for one in users] != [USER]:
        yield f"the image's USER is {[one.rest for one in users]}, not {USER}"
        return
    at = file.last.instructions.index(users[0])
    if any(one.word in ("RUN", "COPY") for one in file.last.instructions[at:]):
        yield "something is made after USER: it would belong to the user that runs"


def is_complete(file: Dockerfile) -> Iterator[str]:
    for word in ("ENTRYPOINT", "CMD", "HEALTHCHECK", "WORKDIR", "STOPSIGNAL"):
        found = file.last.of(word)
        if len(found) != 1:
            yield f"there are {len(found)} {word}"
        elif word in ("ENTRYPOINT", "CMD") and not found[0].rest.startswith("["):
            yield f"{word} is run by a shell, which gets the signals in the program's place"


def health_is_asked_or_refused(file: Dockerfile) -> Iterator[str]:
    serves = bool(file.last.of("EXPOSE"))
    for one in file.last.of("HEALTHCHECK"):
        if serves == (one.words() == ["NONE"]):
            yield "a service has a health check, and a job has none"


def labels_are_set(file: Dockerfile) -> Iterator[str]:
    labels = file.last.pairs("LABEL")
    for name in LABELS:
        if not labels.get(f"org.opencontainers.image.{name}"):
            yield f"the label {name} is missing"


def nothing_is_fetched_on_the_side(file: Dockerfile) -> Iterator[str]:
    for stage in file.stages:
        for one in stage.of("ADD"):
            yield f"line {one.line}: ADD fetches and unpacks; use COPY"
        for one in stage.of("RUN"):
            if re.search(r"\b(curl|wget)\b", one.rest):
                yield f"line {one.line}: something is fetched without a hash"
            # Not every builder sees that such a file has changed, and then takes what it has.
            if "--mount=type=bind" in one.rest:
                yield f"line {one.line}: what RUN reads is copied, not mounted"


def packages_have_hashes(file: Dockerfile) -> Iterator[str]:
    for stage in file.stages:
        for one in stage.of("RUN"):
            for command in re.split(r"&&|;", one.rest):
                if "pip install" in command and not re.search(r"--require-hashes|\$\{TORCH\}|--no-deps \.", command):
                    yield f"line {one.line}: pip installs what is not locked: {command.strip()}"


def no_secret_is_named(file: Dockerfile) -> Iterator[str]:
    for stage in file.stages:
        for name in (*stage.pairs("ENV"), *stage.pairs("ARG")):
            if _SECRET.search(name):
                yield f"{name} would be kept in the image"


def arguments_are_declared(file: Dockerfile) -> Iterator[str]:
    inherited: dict[str, set[str]] = {}
    for stage in file.stages:
        known = inherited.get(stage.base, set()) | {"PATH"}
        for one in stage.instructions:
            for name in _ARGUMENT.findall(one.rest):
                if name not in known:
                    yield f"line {one.line}: ${{{name}}} is not declared in its stage"
            if one.word in ("ARG", "ENV"):
                known = known | {pair.partition("=")[0] for pair in one.words()}
        inherited[stage.name] = known


RULES: tuple[Rule, ...] = (
    base_is_pinned,
    bases_are_known,
    runs_as_nobody_special,
    is_complete,
    health_is_asked_or_refused,
    labels_are_set,
    nothing_is_fetched_on_the_side,
    packages_have_hashes,
    no_secret_is_named,
    arguments_are_declared,
)


def problems(file: Dockerfile) -> list[str]:
    """What is wrong with a Dockerfile, by all rules."""
    return [f"{rule.__name__}: {what}" for rule in RULES for what in rule(file)]


def context_problems(file: Dockerfile, root: Path, ignored: list[str]) -> list[str]:
    """What COPY names and is not there, or does not reach the builder."""
    found = []
    for stage in file.stages:
        for one in stage.of("COPY"):
            if "from" in one.flags():
                continue
            for source in one.words()[:-1]:
                if not (root / source).exists():
                    found.append(f"line {one.line}: {source} is not there")
                elif not reaches_builder(source, ignored):
                    found.append(f"line {one.line}: {source} is kept out by .dockerignore")
    return found


def reaches_builder(path: str, ignored: list[str]) -> bool:
    """Whether a file or folder of the tree is part of the context, as .dockerignore's lines say: the last that fits."""
    reaches = True
    for line in ignored:
        pattern = line.removeprefix("!")
        parts = path.split("/")
        prefixes = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
        inner = pattern.removeprefix("**/")
        hit = any(fnmatch(one, pattern) and one.count("/") == pattern.count("/") for one in prefixes)
        if pattern.startswith("**/"):
            hit = any(fnmatch(part, inner) for part in parts)
        if hit:
            reaches = line.startswith("!")
    return reaches


def ignore_lines(text: str) -> list[str]:
    """The lines of a .dockerignore that mean something."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
