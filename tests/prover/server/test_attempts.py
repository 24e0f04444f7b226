"""What a server remembers of its attempts."""

from typing import Any

from prover.server.attempts import Attempt, Attempts, Say


async def worked(attempts: Attempts, events: int) -> Attempt:
    """A finished attempt with so many events."""

    async def work(say: Say) -> dict[str, Any]:
        for number in range(events):
            say({"kind": "ran", "number": number})
        return {"verdict": "PROVED"}

    attempt = attempts.begin("prove", work, {}, {})
    await attempt.finished()
    return attempt


async def test_the_oldest_go_where_there_are_too_many() -> None:
    attempts = Attempts(1, 1, keep=2, keep_events=100)
    made = [await worked(attempts, 1) for _ in range(4)]
    assert [attempts.get(one.id) is one for one in made] == [False, False, True, True]


async def test_the_oldest_go_where_they_hold_too_much() -> None:
    attempts = Attempts(1, 1, keep=100, keep_events=100)
    made = [
        await worked(attempts, 60),
        await worked(attempts, 30),
        await worked(attempts, 60),
        await worked(attempts, 1),
    ]
    assert [attempts.get(one.id) is one for one in made] == [False, True, True, True]


async def test_the_latest_one_stays_however_large_it_is() -> None:
    attempts = Attempts(1, 1, keep=100, keep_events=10)
    made = [await worked(attempts, 500), await worked(attempts, 500), await worked(attempts, 1)]
    assert [attempts.get(one.id) is one for one in made] == [False, True, True]
    assert len(made[1].events) == 500
