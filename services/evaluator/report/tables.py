"""A comparison as tables of text: what the terminal, the Markdown and the page print."""

from collections.abc import Mapping
from dataclasses import dataclass

from evaluator.report.comparison import ALL, Comparison, Line, Pair, Share
from evaluator.report.costs import CLOCKS, Cost, marks
from evaluator.report.words import (
    NOTHING,
    between,
    count,
    p_value,
    percent,
    points,
    seconds,
    signed_between,
    visible,
)
from evaluator.store import Outcome

SAID = 2
"""Up to so many pairs are told in sentences too."""

_SAID_BY_COQC = {
    Outcome.AGREES: "accepted, with all after it",
    Outcome.ALONE: "accepted, not all after it",
    Outcome.REFUSED: "refused",
    Outcome.UNKNOWN: "could not be tried",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text.

    Attributes:
        slug: its short name, unique in a report.
        header: of each column; the first column names the rows.
        rows: cells as long as the header.
        totals: the last row is that of the totals.
        note: what stands below it; may be empty.
    """

    slug: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: bool = False
    note: str = ""


def tables(comparison: Comparison) -> list[Table]:
    """All tables of the report, in their order; one without rows is left out."""
    found = [
        _success(comparison),
        _pairs(comparison),
        *(_paired(pair, number) for number, pair in enumerate(comparison.pairs)),
        *(_solved(comparison, clock) for clock in CLOCKS),
        _counted("found-by", "What found the proofs", "found by", comparison.found_by, comparison),
        _counted("causes", "Why there is no proof", "cause", comparison.causes, comparison),
        _costs(comparison),
        _stages(comparison),
        _verified(comparison),
        _matches(comparison),
        _settings(comparison),
    ]
    return [table for table in found if table.rows]


def difference_words(line: Line) -> str:
    """`+3.1 [+1.2, +5.0]`: points, with the interval."""
    return f"{points(line.counts.difference)} {signed_between(line.interval)}"


def sentence(pair: Pair) -> str:
    """A pair's outcome as a paper would say it."""
    first, second, total = visible(pair.first), visible(pair.second), pair.total
    counts = total.counts
    p = f"p {'' if total.p < 0.001 else '= '}{p_value(total.p)}"
    said = (
        f"On {counts.total} theorems that both have, {second} proves {counts.second} "
        f"({percent(counts.second / counts.total)}) and {first} {counts.first} "
        f"({percent(counts.first / counts.total)}): {points(counts.difference)} points "
        f"{signed_between(total.interval)}. {counts.only_second} are proved by {second} alone "
        f"and {counts.only_first} by {first} alone (exact McNemar test: {p})."
    )
    if not pair.missing_first and not pair.missing_second:
        return said
    return said + (
        f" Left out: {pair.missing_second} theorems that only {first} has, {pair.missing_first} that only {second} has."
    )


def _share(share: Share) -> str:
    if not share.total:
        return NOTHING
    return f"{share.proved}/{share.total}\n{percent(share.rate)} {between(share.interval)}"


def _success(comparison: Comparison) -> Table:
    projects = list(comparison.projects) + ([ALL] if len(comparison.projects) > 1 else [])
    return Table(
        "success",
        "Success by project",
        ("project", *map(visible, comparison.columns)),
        tuple(
            (visible(project), *(_share(comparison.shares[project][name]) for name in comparison.columns))
            for project in projects
        ),
        totals=len(comparison.projects) > 1,
        note="Theorems proved, of those tried; rate with its 95 % confidence interval (Wilson). Each column is over "
        "all the theorems that it has.",
    )


def _pairs(comparison: Comparison) -> Table:
    several = len(comparison.pairs) > 1
    return Table(
        "pairs",
        "Differences",
        ("", "against", "theorems", "proved", "of the other", "difference, points [95 % CI]", "p (McNemar)"),
        tuple(_pair_row(pair) for pair in comparison.pairs) if several else (),
        note="Each on the theorems that both have; the tables by project are below.",
    )


def _pair_row(pair: Pair) -> tuple[str, ...]:
    counts = pair.total.counts
    figures = (str(counts.total), str(counts.second), str(counts.first))
    return (visible(pair.second), visible(pair.first), *figures, difference_words(pair.total), p_value(pair.total.p))


def _paired(pair: Pair, number: int) -> Table:
    first, second = visible(pair.first), visible(pair.second)
    several = len(pair.lines) > 1
    rows = [_line(line) for line in (*pair.lines, *([pair.total] if several else []))]
    return Table(
        f"pair-{number + 1}",
        f"{second} against {first}",
        ("project", "theorems", first, second, "both", f"{first} only", f"{second} only", "neither",
         "difference, points [95 % CI]", "p (McNemar)", "p (Holm)"),
        tuple(rows),
        totals=several,
        note="On the theorems that both have. Difference of the rates with Newcombe's interval for paired data; "
        "two-sided p-values of the exact McNemar test; the last column is adjusted for the number of projects (Holm).",
    )  # fmt: skip


def _line(line: Line) -> tuple[str, ...]:
    counts = line.counts
    return (
        visible(line.project),
        *map(str, (counts.total, counts.first, counts.second)),
        *map(str, (counts.both, counts.only_first, counts.only_second, counts.neither)),
        difference_words(line),
        p_value(line.p),
        "" if line.p_holm is None else p_value(line.p_holm),
    )


def _solved(comparison: Comparison, clock: str) -> Table:
    curves = comparison.curves[clock]
    rows = [
        (f"{mark:g}", *(_solved_cell(curve.solved(mark), curve.total) for curve in curves.values()))
        for mark in (marks(curves) if comparison.common else [])
    ]
    return Table(
        f"solved-{clock.removesuffix('_s')}",
        f"Proved over {CLOCKS[clock]}",
        ("seconds", *map(visible, curves)),
        tuple(rows),
        note=f"Over {_theorems(comparison)}.",
    )


def _solved_cell(solved: int, total: int) -> str:
    return f"{solved}\n{percent(solved / total)}"


def _theorems(comparison: Comparison) -> str:
    every = " that all experiments have" if len(comparison.experiments) > 1 else ""
    return f"the {comparison.common} theorems{every}"


def _counted(slug: str, title: str, what: str, table: Mapping[str, Mapping[str, int]], comparison: Comparison) -> Table:
    names = [one.name for one in comparison.experiments]
    rows = [(visible(found), *(str(row[name]) for name in names)) for found, row in table.items()]
    return Table(slug, title, (what, *map(visible, names)), tuple(rows))


def _costs(comparison: Comparison) -> Table:
    costs = [comparison.costs[one.name] for one in comparison.experiments]

    def row(name: str, *cells: str) -> tuple[str, ...]:
        return (name, *cells)

    return Table(
        "cost",
        "Cost",
        ("", *(visible(one.name) for one in comparison.experiments)),
        (
            row("theorems", *(count(cost.theorems) for cost in costs)),
            row("CPU s, all theorems", *(seconds(cost.cpu_s) for cost in costs)),
            row("CPU s, mean", *(seconds(cost.cpu_s / cost.theorems) for cost in costs)),
            row("CPU s, median", *(seconds(cost.cpu_median_s) for cost in costs)),
            row("CPU s a proof, failures included", *(seconds(cost.cpu_per_proof_s) for cost in costs)),
            row("wall s, added up", *(seconds(cost.wall_s) for cost in costs)),
            row("wall s, median", *(seconds(cost.wall_median_s) for cost in costs)),
            row("prompt tokens", *(count(cost.prompt_tokens) for cost in costs)),
            row("completion tokens", *(count(cost.completion_tokens) for cost in costs)),
            row("orchestration, CPU s", *map(_orchestration, costs)),
        ),
        note="CPU seconds are those of Coq and of the provers that it starts. Orchestration is the CPU of everything "
        "else (model servers apart), as a share of both; a dash: not measured.",
    )


def _orchestration(cost: Cost) -> str:
    share = cost.orchestration_share
    return seconds(cost.orchestration_cpu_s) + ("" if share is None else f"\n{percent(share)}")


def _stages(comparison: Comparison) -> Table:
    costs = [(one.name, comparison.costs[one.name]) for one in comparison.experiments]
    names = list(dict.fromkeys(name for _, cost in costs for name in cost.stages))
    header = [cell for name, _ in costs for cell in (f"{visible(name)}: CPU s", "share", "wall s")]
    return Table(
        "stages",
        "Cost by stage",
        ("stage", *header),
        tuple((visible(name), *(cell for _, cost in costs for cell in _stage(cost, name))) for name in names),
        note="The prover's stages, over all theorems. A model's time is in the wall clock alone.",
    )


def _stage(cost: Cost, name: str) -> tuple[str, str, str]:
    stage = cost.stages.get(name)
    if stage is None:
        return (NOTHING, NOTHING, NOTHING)
    return (seconds(stage.cpu_s), percent(stage.cpu_s / cost.cpu_s) if cost.cpu_s else NOTHING, seconds(stage.wall_s))


def _verified(comparison: Comparison) -> Table:
    rows = [
        (
            visible(one.name),
            *map(str, (len(one.proved), len(one.verified))),
            *(str(len(one.said(outcome))) for outcome in _SAID_BY_COQC),
        )
        for one in comparison.experiments
        if one.verified
    ]
    return Table(
        "verified",
        "Verified by coqc",
        ("experiment", "proofs", "looked at", *_SAID_BY_COQC.values()),
        tuple(rows),
        note="Compiled again in a fresh process, each in its original file (palmetto eval verify).",
    )


def _matches(comparison: Comparison) -> Table:
    total = len(comparison.theorems)
    return Table(
        "palm",
        "PALM's recorded outcomes",
        ("run", "theorems with an outcome", "recorded, these projects", "not in the experiments", "name not unique"),
        tuple(
            (visible(run.run), f"{len(run.outcomes)} of {total}", str(run.rows), str(run.unmatched), str(run.ambiguous))
            for run in comparison.recorded
        ),
        note="Joined by project, file and theorem. PALM ran without a limit of time.",
    )


def _settings(comparison: Comparison) -> Table:
    return Table(
        "settings",
        "Settings",
        ("", *(visible(one.name) for one in comparison.experiments)),
        tuple(
            (setting.name + (" *" if setting.differs else ""), *(visible(value) or NOTHING for value in setting.values))
            for setting in comparison.settings
        ),
        note="* differs between the experiments." if any(one.differs for one in comparison.settings) else "",
    )
