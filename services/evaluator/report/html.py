"""A comparison as one HTML page that needs nothing else.

What comes from projects and models is text of the page and never markup: Jinja escapes everything, the plots are
trees of elements, and the page's own policy lets no script and no style run but the two that are in it, and nothing
be fetched.
"""

import base64
import hashlib
import string
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evaluator.record import Key, Record
from evaluator.report.comparison import ALL, Comparison
from evaluator.report.plots import plots
from evaluator.report.tables import SAID, sentence, tables
from evaluator.report.words import seconds, visible

_TEXT_CHARACTERS = 16_384
# Up to so many columns a theorem's line names them; more have letters.
_NAMED = 3
_ASSETS = resources.files("evaluator.report") / "templates"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One experiment's work on a theorem, ready to be shown."""

    experiment: str
    record: Record
    facts: str
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Theorem:
    """A theorem with what each experiment made of it.

    Attributes:
        outcomes: of each column, `proved`, `not` or `none` where it was not tried.
    """

    id: str
    key: Key
    statement: str
    outcomes: tuple[str, ...]
    attempts: tuple[Attempt, ...]


def render(comparison: Comparison, home: str = "") -> str:
    """The page.

    Args:
        comparison: what it shows.
        home: address of the list of experiments, where one is served.
    """
    environment = Environment(
        loader=PackageLoader("evaluator.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["visible"] = visible
    style, script = _asset("report.css"), _asset("report.js")
    theorems = list(_theorems(comparison))
    names = [visible(name) for name in comparison.columns]
    page = environment.get_template("report.html.j2").render(
        comparison=comparison,
        home=home,
        names=names,
        marks=names if len(names) <= _NAMED else [string.ascii_uppercase[number % 26] for number in range(len(names))],
        totals=comparison.shares[ALL],
        tables=tables(comparison),
        # Their markup is a serialised tree; everything else goes through Jinja's escaping.
        plots={plot.slug: (plot, Markup(plot.wide), Markup(plot.narrow)) for plot in plots(comparison)},
        sentences={f"pair-{number}": sentence(pair) for number, pair in enumerate(comparison.pairs, 1)},
        said=len(comparison.pairs) <= SAID,
        theorems=theorems,
        ids={theorem.key: theorem.id for theorem in theorems},
        style=Markup(style),
        script=Markup(script),
        policy=policy(),
    )
    # Letters that are no Unicode cannot be written.
    return page.encode("utf-8", "replace").decode("utf-8")


def policy() -> str:
    """The page's content security policy: its own style and script, and nothing else."""
    style, script = _hash(_asset("report.css")), _hash(_asset("report.js"))
    own = f"style-src {style}; script-src {script}"
    return f"default-src 'none'; img-src data:; {own}; base-uri 'none'; form-action 'none'"


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _theorems(comparison: Comparison) -> Iterator[Theorem]:
    for number, key in enumerate(comparison.theorems, 1):
        found = [(one.name, one.records.get(key)) for one in comparison.experiments]
        records = [record for _, record in found if record is not None]
        outcomes = [_outcome(None if record is None else record.proved) for _, record in found]
        outcomes += [_outcome(run.outcomes.get(key)) for run in comparison.recorded]
        yield Theorem(
            f"t{number}",
            key,
            _cut(next((record.statement for record in records if record.statement), "")),
            tuple(outcomes),
            tuple(_attempt(name, record) for name, record in found if record is not None),
        )


def _outcome(proved: bool | None) -> str:
    return "none" if proved is None else "proved" if proved else "not"


def _attempt(name: str, record: Record) -> Attempt:
    facts = [record.verdict, record.how and f"by {record.how}", record.cause]
    facts += [f"{seconds(record.cpu_s)} CPU s", f"{seconds(record.wall_s)} s"]
    if record.prompt_tokens or record.completion_tokens:
        facts.append(f"{record.prompt_tokens:,} + {record.completion_tokens:,} tokens")
    texts = [
        ("proof", "\n".join(filter(None, (record.prelude, record.script)))),
        ("axioms", ", ".join(record.axioms)),
        ("features of the kernel", ", ".join(record.features)),
        ("known bugs", ", ".join(record.known_bugs)),
        ("message", record.message),
        (f"unfinished proof, {record.holes} open goals", record.partial),
    ]
    texts += [
        (f"answer {number} of the model", text or "(empty)") for number, text in enumerate(record.model_answers, 1)
    ]
    return Attempt(
        visible(name),
        record,
        visible(" · ".join(filter(None, facts))),
        tuple((title, _cut(text)) for title, text in texts if text),
    )


def _cut(text: str) -> str:
    shown = visible(text[:_TEXT_CHARACTERS])
    left = len(text) - _TEXT_CHARACTERS
    return f"{shown}\n... and {left:,} characters more, which the store has" if left > 0 else shown
