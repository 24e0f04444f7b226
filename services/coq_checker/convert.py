"""Between our values and the protobuf messages, both ways."""

from coq_checker.goals import Existential, Goal, Hypothesis
from coq_checker.result import ProofResult, Reason, SecondOpinion, Timings, Verdict
from palmetto_protos.checker.v1 import checker_pb2 as pb

_TIMINGS = (
    "queue_ns",
    "environment_ns",
    "parse_ns",
    "execute_ns",
    "audit_ns",
    "recheck_ns",
    "wall_ns",
    "cpu_ns",
)
_VERDICT_TO_PB = {verdict: pb.Verdict.Value(f"VERDICT_{verdict.value}") for verdict in Verdict}
_VERDICT_FROM_PB = {number: verdict for verdict, number in _VERDICT_TO_PB.items()}
_REASON_TO_PB = {
    reason: pb.Reason.Value("REASON_UNSPECIFIED" if reason is Reason.NONE else f"REASON_{reason.name}")
    for reason in Reason
}
_REASON_FROM_PB = {number: reason for reason, number in _REASON_TO_PB.items()}


def goal_to_pb(goal: Goal) -> pb.Goal:
    """A goal as a message."""
    hypotheses = [pb.Hypothesis(names=h.names, body=h.body, type=h.type) for h in goal.hypotheses]
    return pb.Goal(
        hypotheses=hypotheses,
        conclusion=goal.conclusion,
        truncated=goal.truncated,
        name=goal.name,
        existentials=[pb.Existential(name=one.name, type=one.type) for one in goal.existentials],
    )


def goal_from_pb(message: pb.Goal) -> Goal:
    """A goal from its message."""
    hypotheses = tuple(
        Hypothesis(tuple(h.names), h.body if h.HasField("body") else None, h.type) for h in message.hypotheses
    )
    existentials = tuple(Existential(one.name, one.type) for one in message.existentials)
    return Goal(hypotheses, message.conclusion, message.truncated, message.name, existentials)


def timings_to_pb(timings: Timings) -> pb.Timings:
    """Timings as a message."""
    return pb.Timings(**{name: max(0, getattr(timings, name)) for name in _TIMINGS})


def timings_from_pb(message: pb.Timings) -> Timings:
    """Timings from their message."""
    return Timings(**{name: getattr(message, name) for name in _TIMINGS})


def verdict_to_pb(verdict: Verdict) -> pb.Verdict.ValueType:
    """A verdict as the enum's number."""
    return _VERDICT_TO_PB[verdict]


def verdict_from_pb(number: int) -> Verdict:
    """A verdict from the enum's number; what a newer server may add reads as ERROR."""
    return _VERDICT_FROM_PB.get(pb.Verdict.ValueType(number), Verdict.ERROR)


def reason_to_pb(reason: Reason) -> pb.Reason.ValueType:
    """A reason as the enum's number."""
    return _REASON_TO_PB[reason]


def reason_from_pb(number: int) -> Reason:
    """A reason from the enum's number; what a newer server may add reads as none."""
    return _REASON_FROM_PB.get(pb.Reason.ValueType(number), Reason.NONE)


def _opinion_to_pb(opinion: SecondOpinion | None) -> pb.SecondOpinion | None:
    if opinion is None:
        return None
    return pb.SecondOpinion(
        toolchain=opinion.toolchain,
        coq_version=opinion.coq_version,
        accepted=opinion.accepted,
        message=opinion.message,
    )


def _opinion_from_pb(message: pb.SecondOpinion) -> SecondOpinion:
    return SecondOpinion(message.toolchain, message.coq_version, message.accepted, message.message)


def result_to_pb(result: ProofResult) -> pb.ProofResult:
    """A result as a message."""
    return pb.ProofResult(
        verdict=_VERDICT_TO_PB[result.verdict],
        reason=_REASON_TO_PB[result.reason],
        message=result.message,
        sentence=result.sentence,
        sentence_index=result.sentence_index,
        start_byte=result.start,
        end_byte=result.end,
        goals=[goal_to_pb(goal) for goal in result.goals],
        axioms=result.axioms,
        timings=timings_to_pb(result.timings),
        coq_version=result.coq_version,
        environment_id=result.environment_id,
        goal_count=result.goal_count,
        unfocused_count=result.unfocused_count,
        messages=result.messages,
        toolchain=result.toolchain,
        shelved_count=result.shelved_count,
        given_up_count=result.given_up_count,
        shelf=[goal_to_pb(goal) for goal in result.shelf],
        given_up=[goal_to_pb(goal) for goal in result.given_up],
        features=result.features,
        features_known=result.features_known,
        known_bugs=result.known_bugs,
        second_opinion=_opinion_to_pb(result.second_opinion),
    )


def result_from_pb(message: pb.ProofResult) -> ProofResult:
    """A result from its message."""
    return ProofResult(
        verdict=verdict_from_pb(message.verdict),
        reason=reason_from_pb(message.reason),
        message=message.message,
        sentence=message.sentence,
        sentence_index=message.sentence_index if message.HasField("sentence_index") else None,
        start=message.start_byte if message.HasField("start_byte") else None,
        end=message.end_byte if message.HasField("end_byte") else None,
        goals=tuple(goal_from_pb(goal) for goal in message.goals),
        axioms=tuple(message.axioms),
        timings=timings_from_pb(message.timings),
        coq_version=message.coq_version,
        environment_id=message.environment_id,
        goal_count=message.goal_count,
        unfocused_count=message.unfocused_count,
        messages=tuple(message.messages),
        toolchain=message.toolchain,
        shelved_count=message.shelved_count,
        given_up_count=message.given_up_count,
        shelf=tuple(goal_from_pb(goal) for goal in message.shelf),
        given_up=tuple(goal_from_pb(goal) for goal in message.given_up),
        features=tuple(message.features),
        features_known=message.features_known,
        known_bugs=tuple(message.known_bugs),
        second_opinion=_opinion_from_pb(message.second_opinion) if message.HasField("second_opinion") else None,
    )
