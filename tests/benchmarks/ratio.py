"""One figure of ours beside that of a peer or a limit, and whether the goal is met."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

__all__ = ["NotMeasured", "Ratio", "Result", "against_limit", "against_peer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """What was measured, in ``unit``; the goal is met where ``ours / peer`` is at most ``goal``.

    Args:
        name: what of ours was measured.
        ours: the median.
        peer_name: what it is compared with: a peer's command, or a limit.
        peer: the peer's median, or the limit.
        unit: ``"s"``, ``"bytes"``, or what else the figures count, as it is shown.
        goal: the largest ratio that is good.
        spread: the lower and the upper quartile of the ratio over the rounds.
        remark: what a reader of the figure has to know.
    """

    name: str
    ours: float
    peer_name: str
    peer: float
    unit: str
    goal: float
    spread: tuple[float, float]
    remark: str = ""

    @property
    def ratio(self) -> float:
        """Ours in parts of the peer."""
        return self.ours / self.peer

    @property
    def met(self) -> bool:
        """Whether the ratio, unrounded, is within the goal."""
        return self.ratio <= self.goal


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A comparison that could not be made, and why."""

    name: str
    peer_name: str
    goal: float
    reason: str

    @property
    def met(self) -> bool:
        """Never: what was not measured is not known to be good."""
        return False


Result = Ratio | NotMeasured


def against_peer(  # noqa: PLR0913 - a comparison has two sides, each with a name
    name: str,
    ours: Sequence[float],
    peer_name: str,
    peer: Sequence[float],
    *,
    goal: float,
    unit: str = "s",
    remark: str = "",
) -> Ratio:
    """Compare medians; the two sequences hold one figure per round, in the same rounds.

    >>> found = against_peer("a", [1.0, 1.2, 9.0], "b", [2.0, 2.0, 10.0], goal=0.5)
    >>> found.ratio, found.met, found.spread
    (0.6, False, (0.55, 0.75))
    """
    each = [mine / theirs for mine, theirs in zip(ours, peer, strict=True)]
    return Ratio(
        name=name,
        ours=median(ours),
        peer_name=peer_name,
        peer=median(peer),
        unit=unit,
        goal=goal,
        spread=_quartiles(each),
        remark=remark,
    )


def against_limit(name: str, ours: Sequence[float], limit: float, *, unit: str) -> Ratio:
    """Compare a median with a limit, of which it may be all.

    >>> against_limit("a", [2.0, 4.0, 3.0], 3.0, unit="s").met
    True
    """
    return against_peer(name, ours, "limit", [limit] * len(ours), goal=1.0, unit=unit)


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    """Return the lower and the upper quartile, of a single value that value."""
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high
