"""A recommendation for people."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from rich.console import Console
from rich.text import Text

from hfplanner.cli.tables import Column, age_line, console, dollars, gpu_text, plain, print_table, size_text
from hfplanner.estimate.span import Estimate
from hfplanner.recommend.result import Option, Recommendation
from hfplanner.recommend.words import describe_needs
from hfplanner.sanitize import sanitize
from hfplanner.units import format_duration, format_usd

__all__ = ["show_recommend"]

# A sentence may name every flavor of a long listing.
_LONGEST_LINE = 4000
_INDENT = "  "


def show_recommend(answer: Recommendation, now: datetime) -> None:
    """Print the recommendation, every option beside it, what else to know, and why the rest does not do."""
    out = console()
    if answer.options:
        _print_best(out, answer)
        out.print()
        _print_options(out, answer.options)
        out.print()
        _print_grouped(out, "Notes", _notes(answer.options))
    _print_grouped(out, "Rejected", _reasons(answer))
    if answer.options and answer.nearest_miss:
        out.print(plain(f"Near: {answer.nearest_miss.message}."))
    out.print(plain(age_line(answer.listing, now), "dim"))


def _print_best(out: Console, answer: Recommendation) -> None:
    best, *others = answer.options
    asked = describe_needs(answer.needs)
    out.print(plain(f"{best.flavor.name} at {dollars(best.flavor.usd_per_hour)}/h for {asked}", "bold green"))
    out.print(plain(f"Why: {best.standing}."))
    if others:
        out.print(plain(f"{others[0].flavor.name}: {others[0].standing}."))


def _print_options(out: Console, options: tuple[Option, ...]) -> None:
    flavors = [option.flavor for option in options]
    columns = [
        Column("#", [str(option.rank) for option in options], keep=9),
        Column("FLAVOR", [sanitize(flavor.name) for flavor in flavors], keep=10, right=False),
        Column("GPU", [gpu_text(flavor) for flavor in flavors], keep=6, right=False),
        Column("GB/GPU", [size_text(flavor.vram_per_gpu_bytes) for flavor in flavors], keep=5),
        Column("VCPU", ["-" if flavor.vcpu is None else str(flavor.vcpu) for flavor in flavors], keep=1),
        Column("RAM GB", [size_text(flavor.ram_bytes) for flavor in flavors], keep=2),
        Column("DISK GB", [size_text(flavor.disk_bytes) for flavor in flavors], keep=0),
        Column("$/H", [dollars(flavor.usd_per_hour) for flavor in flavors], keep=8),
        Column("BREAK-EVEN", [f"{float(option.break_even):.2f}x" for option in options], keep=3),
    ]
    if options[0].cost_micro_usd is not None:
        columns += [
            Column("TIME", [_span(option.duration_secs, format_duration) for option in options], keep=4),
            Column("COST", [_span(option.cost_micro_usd, format_usd) for option in options], keep=7),
            Column("PARETO", ["yes" if option.pareto else "no" for option in options], keep=0),
        ]
    print_table(out, columns, bold_first=True)


def _span(estimate: Estimate | None, show: Callable[[int], str]) -> str:
    """Show an estimate: one value where it has no spread, otherwise the likely one with its bounds."""
    if estimate is None:
        return "-"
    if estimate.low == estimate.high:
        return show(estimate.likely)
    return f"{show(estimate.likely)} ({show(estimate.low)} to {show(estimate.high)})"


def _print_grouped(out: Console, title: str, said: Iterable[tuple[str, str]]) -> None:
    """Print each sentence once, with the flavors it is said of."""
    flavors: dict[str, list[str]] = defaultdict(list)
    for flavor, sentence in said:
        flavors[sentence].append(flavor)
    if flavors:
        out.print(plain(title, "bold"))
    for sentence, names in flavors.items():
        for line in plain(f"{', '.join(names)}: {sentence}", limit=_LONGEST_LINE).wrap(out, out.width - len(_INDENT)):
            out.print(Text(_INDENT).append_text(line))


def _notes(options: Iterable[Option]) -> Iterator[tuple[str, str]]:
    for option in options:
        for sentence in option.notes:
            yield option.flavor.name, sentence


def _reasons(answer: Recommendation) -> Iterator[tuple[str, str]]:
    """Yield each rejected flavor with its reasons; those below the top are said together."""
    for rejection in answer.rejected:
        texts = [
            f"fits, but is not among the first {reason.need}" if reason.code == "not_in_top" else reason.message
            for reason in rejection.reasons
        ]
        yield rejection.name, "; ".join(texts)
