"""How long GitHub wants to be left alone: its primary and its secondary rate limits.

The rules are those of GitHub's own documentation: `retry-after` is obeyed; where no request is left, the moment of
`x-ratelimit-reset` is waited for; a secondary limit without either is a minute, and longer each time that it comes.
"""

import time
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz

_SECONDARY_PAUSE_S = 60.0
_MARGIN_S = 1.0
_LIMITED = (403, 429)


def wait_after(status: int, headers: Mapping[str, str], body: bytes, times: int) -> float | None:
    """Seconds to wait before the request is sent again; None when it met no rate limit.

    Args:
        status: of the answer.
        headers: of the answer.
        body: its beginning, for a limit that says so nowhere else.
        times: how often in a row a limit was met before.
    """
    if status not in _LIMITED:
        return None
    after = headers.get("retry-after", "").strip()
    if after.isdigit():
        return float(after) + 0.1
    if headers.get("x-ratelimit-remaining") == "0":
        return until_reset(headers)
    if status == 429 or b"rate limit" in body[:4096].lower() or b"abuse" in body[:4096].lower():
        return _SECONDARY_PAUSE_S * 2.0 ** min(times, 6)
    return None


def until_reset(headers: Mapping[str, str]) -> float:
    """Seconds until GitHub counts anew, by its own clock where it tells the time."""
    try:
        reset = int(headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return _SECONDARY_PAUSE_S
    told = parsedate_tz(headers.get("date", ""))
    now = mktime_tz(told) if told is not None else time.time()
    return max(0.0, reset - now) + _MARGIN_S


def used_up(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait before the next request of that kind, when this answer was the last allowed one."""
    return until_reset(headers) if headers.get("x-ratelimit-remaining") == "0" else None
