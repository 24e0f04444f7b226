"""A comparison as plain values, for JSON."""

from typing import Any

from evaluator.record import Key
from evaluator.report.comparison import Comparison, Line, Pair, Share
from evaluator.report.costs import Cost, Curve
from evaluator.store import Outcome


def values(comparison: Comparison) -> dict[str, Any]:
    """All figures and lists of the report: rates from 0 to 1, times in seconds, intervals `[low, high]` at 95 %.

    A pair's differences are the second's rate less the first's. Curves list the time of each proof.
    """
    return {
        "experiments": [one.name for one in comparison.experiments],
        "notes": list(comparison.notes),
        "settings": {
            setting.name: dict(zip((one.name for one in comparison.experiments), setting.values, strict=True))
            for setting in comparison.settings
        },
        "success": {
            project: {name: _share(share) for name, share in row.items()} for project, row in comparison.shares.items()
        },
        "theorems_in_all": comparison.common,
        "pairs": [_pair(pair) for pair in comparison.pairs],
        "proved_alone": {name: [_key(key) for key in keys] for name, keys in comparison.alone.items()},
        "solved": {
            clock: {name: _curve(curve) for name, curve in curves.items()}
            for clock, curves in comparison.curves.items()
        },
        "found_by": {name: dict(row) for name, row in comparison.found_by.items()},
        "causes": {name: dict(row) for name, row in comparison.causes.items()},
        "cost": {name: _cost(cost) for name, cost in comparison.costs.items()},
        "verified": {
            one.name: {
                "proofs": len(one.proved),
                **{outcome.value: len(one.said(outcome)) for outcome in Outcome},
                "refused_proofs": [_key(key) for key in one.said(Outcome.REFUSED)],
            }
            for one in comparison.experiments
        },
        "palm": [
            {
                "run": run.run,
                "matched": len(run.outcomes),
                "recorded": run.rows,
                "unmatched": run.unmatched,
                "ambiguous": run.ambiguous,
            }
            for run in comparison.recorded
        ],
    }


def _share(share: Share) -> dict[str, Any]:
    return {"proved": share.proved, "theorems": share.total, "rate": share.rate, "interval": list(share.interval)}


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        "only_first_has": pair.missing_second,
        "only_second_has": pair.missing_first,
        "projects": {line.project: _line(line) for line in pair.lines},
        "total": _line(pair.total),
        "proved_by_first_alone": [_key(key) for key in pair.only_first],
        "proved_by_second_alone": [_key(key) for key in pair.only_second],
    }


def _line(line: Line) -> dict[str, Any]:
    counts = line.counts
    found = {
        "theorems": counts.total,
        "first": counts.first,
        "second": counts.second,
        **counts._asdict(),
        "difference": counts.difference,
        "interval": list(line.interval),
        "p": line.p,
    }
    return found if line.p_holm is None else {**found, "p_holm": line.p_holm}


def _curve(curve: Curve) -> dict[str, Any]:
    return {"theorems": curve.total, "seconds": list(curve.times)}


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "theorems": cost.theorems,
        "proved": cost.proved,
        "cpu_s": cost.cpu_s,
        "cpu_median_s": cost.cpu_median_s,
        "cpu_per_proof_s": cost.cpu_per_proof_s,
        "wall_s": cost.wall_s,
        "wall_median_s": cost.wall_median_s,
        "prompt_tokens": cost.prompt_tokens,
        "completion_tokens": cost.completion_tokens,
        "orchestration_cpu_s": cost.orchestration_cpu_s,
        "orchestration_share": cost.orchestration_share,
        "stages": {name: stage._asdict() for name, stage in cost.stages.items()},
    }


def _key(key: Key) -> dict[str, Any]:
    return {"project": key.project, "file": key.file, "theorem": key.theorem, "index": key.index}
