"""A recommendation, in every format."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.tables import (
    Column,
    Screen,
    age_line,
    gpu_text,
    price_text,
    print_table,
    print_text,
    screen,
    size_text,
)
from hfplanner.errors import NothingFits
from hfplanner.estimate.span import Estimate
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Option, Recommendation
from hfplanner.recommend.words import describe_needs, nothing_fits
from hfplanner.sanitize import sanitize
from hfplanner.units import format_about_duration, format_bytes, format_duration, format_usd

__all__ = ["recommendation_answer"]

_ASKED = 6
_AT_MOST = 0.99
_PARETO = {True: "yes", False: "no", None: "-"}

T = TypeVar("T")

_COLUMNS = (
    "rank",
    "flavor",
    "accelerator",
    "gpus",
    "vram_per_gpu_bytes",
    "vram_total_bytes",
    "vcpu",
    "ram_bytes",
    "disk_bytes",
    "placement",
    "price_micro_usd_per_minute",
    "usd_per_hour",
    "duration_secs",
    "cost_micro_usd",
    "pareto",
    "break_even_speedup",
    "dominated_by",
    "notes",
    "suggested_timeout_secs",
    "worst_case_micro_usd",
    "fits_probability",
    "micro_usd_per_million_tokens",
)


def recommendation_answer(answer: Recommendation, now: datetime, wrote: Path | None = None) -> Answer:
    """Return a recommendation, with the picture that was drawn of it; exit code 4 where nothing fits."""
    return Answer(
        document=lambda: answer.to_json(now),
        names=lambda: [option.flavor.name for option in answer.options],
        columns=_COLUMNS,
        rows=lambda: [_row(option) for option in answer.options],
        people=lambda: _show(answer, now),
        remarks=() if wrote is None else (Remark("note", f"Wrote {wrote}."),),
        error=None if answer.options else nothing_fits(answer),
        code=0 if answer.options else NothingFits.exit_code,
    )


def _row(option: Option) -> dict[str, Any]:
    """Return an option on one line: the likely value of an estimate, lists joined."""
    row: dict[str, Any] = option.to_json()
    for name in ("duration_secs", "cost_micro_usd", "micro_usd_per_million_tokens"):
        row[name] = row[name] and row[name]["likely"]
    row["fits_probability"] = row["memory"] and row["memory"]["probability"]
    row |= {"dominated_by": ",".join(row["dominated_by"]), "notes": "; ".join(row["notes"])}
    return row


def _show(answer: Recommendation, now: datetime) -> None:
    """Print the recommendation, every option beside it, what else to know, and why the rest does not do."""
    out = screen()
    if answer.options:
        _print_best(out, answer)
        out.write()
        _print_options(out, answer.options, answer.needs)
        out.write()
        _print_notes(out, answer.options)
    _print_rejected(out, answer)
    if answer.options and answer.nearest_miss:
        print_text(out, f"Near: {answer.nearest_miss.message}.")
    print_text(out, age_line(answer.listing, now), "dim")


def _print_best(out: Screen, answer: Recommendation) -> None:
    best, *others = answer.options
    asked = describe_needs(answer.needs, answer.estimates)
    print_text(out, f"{best.flavor.name} at {price_text(best.flavor)}/h for {asked}", "bold green")
    print_text(out, f"Why: {best.standing}.")
    if others:
        print_text(out, f"{others[0].flavor.name}: {others[0].standing}.")
    if best.timeout_secs is not None and best.worst_case_micro_usd is not None:
        timeout, most = format_duration(best.timeout_secs), format_usd(best.worst_case_micro_usd)
        print_text(out, f"A timeout of {timeout} kills at most one such run in a hundred: {most} at most.")
    if best.memory is not None:
        where = "one GPU" if best.memory.gpus == 1 else f"each of {best.memory.gpus} GPUs"
        need, ram, disk = (
            _span(span, format_bytes, format_bytes)
            for span in (best.memory.per_gpu_bytes, best.memory.ram_bytes, best.memory.disk_bytes)
        )
        print_text(out, f"It needs {need} of {where}; main memory {ram}, disk {disk}.")


def _print_options(out: Screen, options: tuple[Option, ...], needs: Needs) -> None:
    def asked(need: object, otherwise: int) -> int:
        """Keep what was asked for nearly as long as the names and prices."""
        return otherwise if need is None else _ASKED

    flavors = [option.flavor for option in options]
    vcpus = ["-" if flavor.vcpu is None else str(flavor.vcpu) for flavor in flavors]
    columns = [
        Column("#", [str(option.rank) for option in options], keep=9),
        Column("FLAVOR", [sanitize(flavor.name) for flavor in flavors], keep=10, right=False),
        Column("GPU", [gpu_text(flavor) for flavor in flavors], keep=6, right=False),
        Column("GB/GPU", [size_text(flavor.vram_per_gpu_bytes) for flavor in flavors], keep=5),
        Column("VCPU", vcpus, keep=asked(needs.vcpu, 1)),
        Column("RAM GB", [size_text(flavor.ram_bytes) for flavor in flavors], keep=asked(needs.ram_bytes, 2)),
        Column("DISK GB", [size_text(flavor.disk_bytes) for flavor in flavors], keep=asked(needs.disk_bytes, 0)),
        Column("$/H", [price_text(flavor) for flavor in flavors], keep=8),
        Column("BREAK-EVEN", [f"{float(option.break_even):.2f}x" for option in options], keep=3),
    ]
    columns += _columns_of_memory(options)
    if any(option.cost_micro_usd is not None for option in options):
        columns += [
            Column(
                "TIME",
                [_span(option.duration_secs, format_about_duration, format_duration) for option in options],
                keep=6,
            ),
            Column("COST", [_span(option.cost_micro_usd, format_usd, format_usd) for option in options], keep=7),
            *_columns_of_tokens(options),
            Column("PARETO", [_PARETO[option.pareto] for option in options], keep=0),
        ]
    print_table(out, columns, bold_first=True)


def _columns_of_memory(options: tuple[Option, ...]) -> list[Column]:
    """Return what there is to say about estimated memory: what may be used of each GPU, and how surely it is enough."""
    there = [option.memory for option in options if option.memory is not None]
    if not there:
        return []
    usable = [size_text(memory.usable_bytes) for memory in there]
    return [
        Column("USABLE", usable, keep=4),
        Column("CHANCE", [_chance(memory.probability) for memory in there], keep=6),
    ]


def _columns_of_tokens(options: tuple[Option, ...]) -> list[Column]:
    """Return what a million tokens cost, where they are counted."""
    costs = [option.micro_usd_per_million_tokens for option in options]
    if not any(costs):
        return []
    return [Column("$/M TOKENS", [format_usd(cost.likely) if cost else "-" for cost in costs], keep=6)]


def _chance(probability: float) -> str:
    return f">{_AT_MOST:.0%}" if probability > _AT_MOST else f"{probability:.0%}"


def _span(estimate: Estimate | None, about: Callable[[int], str], exactly: Callable[[int], str]) -> str:
    """Show an estimate: one exact value where it has no spread, otherwise about the likely one and its bounds."""
    if estimate is None:
        return "-"
    if estimate.low == estimate.high:
        return exactly(estimate.likely)
    return f"{about(estimate.likely)} ({about(estimate.low)} to {about(estimate.high)})"


def _print_notes(out: Screen, options: Iterable[Option]) -> None:
    """Print each note once, with the flavors it is about."""
    about = _gathered((sentence, option.flavor.name) for option in options for sentence in option.notes)
    _print_list(out, "Notes", (f"{', '.join(names)}: {sentence}" for sentence, names in about.items()))


def _print_rejected(out: Screen, answer: Recommendation) -> None:
    """Print what was asked for, and beside each thing offered instead the flavors that offer it."""
    reasons = [(reason, rejection.name) for rejection in answer.rejected for reason in rejection.reasons]
    below = [name for reason, name in reasons if reason.code == "not_in_top"]
    by_limit = _gathered((reason.limit, (reason.offer, name)) for reason, name in reasons if name not in below)
    lines = [
        f"{limit or 'cannot be used'}: "
        + "; ".join(f"{', '.join(names)} ({offer})" for offer, names in _gathered(offers).items())
        for limit, offers in by_limit.items()
    ]
    _print_list(out, "Rejected", lines)
    if below:
        _print_list(out, f"Fit too, below the top {len(answer.options)}", [", ".join(below)])


def _gathered(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """Return the second of each pair by the first, in the order they come."""
    found: dict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _print_list(out: Screen, title: str, lines: Iterable[str]) -> None:
    """Print indented paragraphs under a title, and nothing where there are none."""
    for index, line in enumerate(lines):
        if index == 0:
            print_text(out, title, "bold")
        print_text(out, line, indent="  ")
