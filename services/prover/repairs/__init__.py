"""Repairs: a table from error classes, read from the messages of Coq 8.20 and Rocq 9, to rewritten sentences.

A rule whose messages match proposes sentences, and the runner keeps the first that goes through. Bullets are no part of
the table: the runner goes by the structure of the goals and assembles the bullets anew.
"""

from collections.abc import Iterator

from prover.repairs.automation import automation, giving_up, is_automatable, is_giving_up, named_lemmas, relatives
from prover.repairs.failure import Failure, Rewrite, Rule
from prover.repairs.forms import is_no_product, is_pattern, is_syntax, no_product, pattern, syntax
from prover.repairs.names import is_not_found, is_used, not_found, replace_name, used

RULES = (
    Rule("given_up", is_giving_up, giving_up),
    Rule("name_not_found", is_not_found, not_found),
    Rule("name_in_use", is_used, used),
    Rule("no_product", is_no_product, no_product),
    Rule("pattern", is_pattern, pattern),
    Rule("syntax", is_syntax, syntax),
    Rule("other_form", is_automatable, relatives),
    Rule("automation", is_automatable, automation),
)


def rewrites(failure: Failure, limit: int) -> Iterator[tuple[str, Rewrite]]:
    """What to try for a failure, with the name of its error class: at most `limit`, each sentence once."""
    seen = {failure.sentence}
    for rule in RULES:
        if not rule.matches(failure):
            continue
        for one in rule.rewrites(failure):
            if one.sentence in seen:
                continue
            if len(seen) > limit:
                return
            seen.add(one.sentence)
            yield rule.name, one


__all__ = ["RULES", "Failure", "Rewrite", "Rule", "named_lemmas", "replace_name", "rewrites"]
