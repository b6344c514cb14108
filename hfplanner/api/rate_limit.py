"""What the Hub says about waiting: ``Retry-After`` (RFC 9110) and ``RateLimit: "api";r=..;t=..`` (IETF draft)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["RateLimit", "parse_rate_limit", "retry_after_secs"]

# A wait beyond a day is no wait; nine digits also keep a hostile header from becoming a huge number.
_PARAMETER = re.compile(r";\s*(r|t)\s*=\s*([0-9]{1,9})(?![0-9])")
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests are left, and in how many seconds the count starts anew; ``None`` is not said."""

    remaining: int | None
    reset_secs: int | None


def parse_rate_limit(value: str) -> RateLimit:
    """Read a ``RateLimit`` header; the strictest of several policies counts.

    >>> parse_rate_limit('"api";r=0;t=123')
    RateLimit(remaining=0, reset_secs=123)
    >>> parse_rate_limit("nonsense")
    RateLimit(remaining=None, reset_secs=None)
    """
    policies = [dict(_PARAMETER.findall(policy)) for policy in value[:1000].split(",")]
    known = [policy for policy in policies if "r" in policy]
    if not known:
        return RateLimit(None, None)
    least = min(known, key=lambda policy: int(policy["r"]))
    return RateLimit(int(least["r"]), int(least["t"]) if "t" in least else None)


def retry_after_secs(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return how long the Hub asks to wait, in seconds, or ``None`` when it does not say.

    Args:
        headers: of an answer, names in lower case.
        now: what an HTTP date is compared with.

    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> retry_after_secs({"retry-after": "7"}, now=now), retry_after_secs({"ratelimit": '"api";r=0;t=5'}, now=now)
    (7.0, 5.0)
    >>> retry_after_secs({"retry-after": "Thu, 01 Jan 2026 00:01:00 GMT"}, now=now)
    60.0
    >>> retry_after_secs({"retry-after": "soon"}, now=now) is None
    True
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    if value:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            moment = None
        if moment is not None:
            aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            return max(0.0, (aware - now).total_seconds())
    limit = parse_rate_limit(headers.get("ratelimit", ""))
    return float(limit.reset_secs) if limit.remaining == 0 and limit.reset_secs is not None else None
