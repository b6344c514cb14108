"""How far a job is, read from the lines it prints, and how long it then takes in all.

Three kinds of line are understood, so that most training scripts say it without being changed:

- ``hfplanner: progress=0.35``, which any script can print;
- tqdm's bars, as Trainer and TRL show them: ``35%|###5      | 350/1000 [10:00<18:34,  1.71s/it]``;
- Trainer's and TRL's records, ``{'loss': 1.93, 'epoch': 0.35}``, where the number of epochs is known.

A share of the work after a time is a measurement of the whole: 35 % after 30 minutes is about 86 minutes.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hfplanner.estimate.span import Estimate
from hfplanner.units import format_duration

__all__ = ["LogLine", "ProgressMark", "duration_from_progress", "read_progress"]

Source = Literal["line", "bar", "record"]

_LINE = re.compile(r"hfplanner:\s*progress\s*=\s*([0-9.]+)\s*(%?)")
_BAR = re.compile(
    r"(?P<title>[^|]*?)(?P<percent>\d{1,3})%\|[^|]*\|\s*(?P<done>\d+)/(?P<total>\d+)\s*"
    r"\[(?P<elapsed>[\d:]+)<(?P<left>[\d:?]+)"
)
_RECORD = re.compile(r"\{.*'epoch':\s*'?([0-9]+(?:\.[0-9]+)?)'?.*\}")
# Bars of what comes before and beside the training: they end long before it, or run inside it.
_BESIDE = re.compile(
    r"map|token|filter|generat|download|fetch|load|upload|eval|packing|truncat|extract|shard", re.IGNORECASE
)
# How far the rest of a run strays from the pace so far: evaluations, a last checkpoint and its upload lie at the end.
# Chosen by hand, not measured.
_STRAY_NOW, _STRAY_LATER = 0.05, 0.25


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a job's log.

    Args:
        text: as printed.
        secs: after the job's start [s]; ``None`` where the log has no times.
    """

    text: str
    secs: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressMark:
    """How far a job was at one moment.

    Args:
        share: of its work that was done, above 0 and at most 1.
        secs: after the job's start [s]; ``None`` where that is not known.
        loop_secs: since the work itself began, where the line says it [s].
        source: the kind of line.
    """

    share: float
    secs: float | None
    loop_secs: float | None
    source: Source


def read_progress(lines: Iterable[LogLine], *, epochs: float | None = None) -> tuple[ProgressMark, ...]:
    """Return the marks of a log in their order, all of the most telling kind that it has.

    What a script says by itself counts before bars, and bars before records. A carriage return parts lines as it does
    on a terminal.

    Args:
        lines: of the log.
        epochs: how many the training has, which records do not say.

    >>> bar = " 35%|###5      | 350/1000 [10:00<18:34,  1.71s/it]"
    >>> [(mark.share, mark.loop_secs) for mark in read_progress([LogLine(bar, 640.0)])]
    [(0.35, 600.0)]
    >>> read_progress([LogLine("{'loss': 1.93, 'epoch': 0.35}", 640.0)], epochs=3)[0].share
    0.11666666666666665
    >>> read_progress([LogLine("hfplanner: progress=120%")])
    ()
    """
    found: dict[Source, list[ProgressMark]] = {"line": [], "bar": [], "record": []}
    titles: dict[str, list[ProgressMark]] = {}
    for line in lines:
        for text in line.text.splitlines():
            if said := _LINE.search(text):
                _add(found["line"], _share(said[1]) / (100 if said[2] else 1), line.secs, None, "line")
            elif bar := _BAR.search(text):
                share = int(bar["done"]) / max(int(bar["total"]), 1)
                marks = titles.setdefault(f"{bar['title'].strip()}/{bar['total']}", [])
                _add(marks, share, line.secs, _clock(bar["elapsed"]), "bar")
            elif epochs and (record := _RECORD.search(text)):
                _add(found["record"], float(record[1]) / epochs, line.secs, None, "record")
    found["bar"] = _main_bar(titles)
    return tuple(next((marks for marks in found.values() if marks), ()))


def _add(marks: list[ProgressMark], share: float, secs: float | None, loop_secs: float | None, source: Source) -> None:
    if 0 < share <= 1:
        marks.append(ProgressMark(share=share, secs=secs, loop_secs=loop_secs, source=source))


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _clock(text: str) -> float:
    """Return the seconds of tqdm's ``[[days:]hours:]minutes:seconds``."""
    secs = 0
    for part, factor in zip(reversed(text.split(":")), (1, 60, 3600, 86400), strict=False):
        secs += int(part or 0) * factor
    return float(secs)


def _main_bar(titles: dict[str, list[ProgressMark]]) -> list[ProgressMark]:
    """Return the marks of the bar that is the work itself: of those that are not beside it, the one longest at it."""
    work = {title: marks for title, marks in titles.items() if marks and not _BESIDE.search(title)}
    return max(work.values(), key=lambda marks: max(mark.loop_secs or 0.0 for mark in marks), default=[])


def duration_from_progress(marks: Sequence[ProgressMark], running_secs: float) -> Estimate | None:
    """Return how long a job takes in all that has come so far, ``None`` where the marks do not say it [s].

    The time before the work began is taken once, the pace of the work for all of it. At the end of the work the total
    is what ran; the earlier the last mark, the wider the interval, which is set by hand.

    Args:
        marks: of :func:`read_progress`, in their order.
        running_secs: how long the job has been running, or ran until it was stopped [s].

    >>> mark = ProgressMark(share=0.35, secs=1800, loop_secs=1680, source="bar")
    >>> duration_from_progress([mark], running_secs=1800)
    Estimate(low=4135, likely=4920, high=5966, basis=('35 % of the work was done after 30m (a progress bar)',))
    """
    if not marks or running_secs <= 0:
        return None
    last = marks[-1]
    at = min(last.secs, running_secs) if last.secs is not None else running_secs
    before = _before_the_work(marks, at)
    likely = max(before + (at - before) / last.share, running_secs)
    left = 1 - last.share
    stray = (_STRAY_NOW + _STRAY_LATER * left) if left else 0.0
    low, high = max(likely * (1 - stray * 0.75), running_secs), likely * (1 + stray)
    kinds = {"line": "said by the job", "bar": "a progress bar", "record": "the trainer's records"}
    basis = f"{last.share:.0%}".replace("%", " %")
    return Estimate(
        min(int(low), round(likely)),
        round(likely),
        max(round(high), round(likely)),
        (f"{basis} of the work was done after {format_duration(round(at))} ({kinds[last.source]})",),
    )


def _before_the_work(marks: Sequence[ProgressMark], at: float) -> float:
    """Return the seconds before the work began: by the bar's own clock, or by the pace between two marks."""
    first, last = marks[0], marks[-1]
    if last.loop_secs is not None:
        return max(at - last.loop_secs, 0.0)
    if first.secs is not None and last.secs is not None and last.share > first.share:
        pace = (last.secs - first.secs) / (last.share - first.share)
        return min(max(first.secs - pace * first.share, 0.0), at)
    return 0.0
