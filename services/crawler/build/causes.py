"""Why files do not compile, from what Coq says."""

import re
from collections import Counter
from collections.abc import Iterable

from coq_checker.builds import FileResult, FileStatus
from coqdata.opam import Package
from crawler.model import Cause

_MISSING = re.compile(
    r"(?:Cannot find a physical path bound to logical path|Unable to locate library|Cannot find library)"
    r" (\S+?)(?: with prefix (\S+?))?\.?(?=[ ;,]|$)"
)
_TIME = re.compile(r"took more than|killed by signal 24\b|killed by signal 25\b")
_MEMORY = re.compile(r"out of memory|stack overflow|not enough heap memory", re.IGNORECASE)
_KILLED = re.compile(r"killed by signal 9\b")
_PLUGIN = re.compile(
    r"\.cmxs|\.cmxa|Findlib error|Dynlink|dynlink|findlib|Declare ML Module|ML module|[Pp]lugin \S+ (?:is )?not found"
)
_VERSION = re.compile(
    r"bad (?:version|magic) number|another version of (?:Coq|Rocq)|is deprecated since|has been removed"
    r"|was removed|no longer"
    r"|The (?:reference|variable) \S+ was not found in the current environment|Syntax error|Unknown (?:flag|option)"
    r"|There is no (?:flag|option|qualid|flag or option)|\[[a-z][\w-]*(?:,[\w-]+)*,default\]|Unknown command"
    r"|Hint locality|Compatibility with Coq|No such language|Ltac2 is not"
)
# Of Coq's own library: what is required of it and is not there was there in another version.
_OF_COQ = ("Coq", "Stdlib", "Corelib", "Ltac2")
_ONCE_IN_COQ = frozenset(
    (
        "BigN",
        "BigNumPrelude",
        "BigQ",
        "BigZ",
        "Cyclic31",
        "Div2",
        "Even",
        "Fourier",
        "Gt",
        "Int31",
        "Le",
        "LegacyField",
        "LegacyRing",
        "Lt",
        "Max",
        "Min",
        "Minus",
        "Mult",
        "Newring",
        "NMake",
        "NPeano",
        "Omega",
        "OmegaLemmas",
        "Plus",
        "Quote",
        "ReflOmegaCore",
        "Ring31",
        "ROmega",
        "TheoryList",
        "ZOdiv",
    )
)


def cause_of(message: str, own: frozenset[str], watch: Iterable[str] = ()) -> Cause:
    """The cause of one file's failure.

    Args:
        message: what coqc said, in one line.
        own: first parts of the project's own logical names.
        watch: why programs were killed meanwhile.
    """
    if found := _MISSING.search(message):
        return _missing(found[1], found[2] or "", own)
    if _TIME.search(message):
        return Cause.TIMEOUT
    if _MEMORY.search(message) and not _KILLED.search(message):
        return Cause.MEMORY
    if _KILLED.search(message):
        return Cause.MEMORY if "memory" in set(watch) or not list(watch) else Cause.TIMEOUT
    if _PLUGIN.search(message):
        return Cause.PLUGIN
    if _VERSION.search(message):
        return Cause.COQ_VERSION
    return Cause.SOURCE


def _missing(name: str, prefix: str, own: frozenset[str]) -> Cause:
    first = (prefix or name).partition(".")[0]
    if first in _OF_COQ or (not prefix and name.rpartition(".")[2] in _ONCE_IN_COQ and "." not in name):
        return Cause.COQ_VERSION
    return Cause.BUILD_SYSTEM if first in own else Cause.MISSING_DEPENDENCY


def library_of(message: str) -> str:
    """The library that a message misses, by its first parts; empty when it misses none."""
    found = _MISSING.search(message)
    if found is None:
        return ""
    return found[2] or found[1].partition(".")[0]


def judge(
    results: Iterable[FileResult],
    own: frozenset[str],
    package: Package,
    coq_version: str,
    watch: Iterable[str],
) -> tuple[Cause, str, list[tuple[str, str, str]]]:
    """The cause for a project whose files do not all compile.

    It is that of most files that failed by themselves, not for another one's sake. A project that by its own account
    is for another Coq has that for its cause, unless what it lacks is a library.

    Returns:
        The cause, a sentence, and the files that failed: (path, cause, message).
    """
    stopped = list(watch)
    failed = [one for one in results if one.status is FileStatus.FAILED]
    causes = {one.path: cause_of(one.message, own, stopped) for one in failed}
    problems = [(one.path, causes[one.path].value, one.problem or "") for one in failed]
    if not failed:
        return Cause.BUILD_SYSTEM, "nothing was compiled", problems
    counted = Counter(causes.values())
    # Where two are as frequent, the one of the earlier file: the others follow from it.
    cause = max(counted, key=lambda one: (counted[one], -list(causes.values()).index(one)))
    if cause in (Cause.SOURCE, Cause.COQ_VERSION) and package.refuses(coq_version):
        return Cause.COQ_VERSION, f"it asks for coq {package.coq}, and this is {coq_version}", problems
    if cause is Cause.MISSING_DEPENDENCY:
        names = Counter(filter(None, (library_of(one.message) for one in failed)))
        wanted = ", ".join(name for name, _ in names.most_common(5))
        return cause, f"it requires {wanted}, which is not installed", problems
    first = next(one for one in failed if causes[one.path] is cause)
    return cause, f"{first.path}: {first.problem}", problems
