"""A recommendation, in every format: for people one screen, headline first, with the command that runs it last."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hfplanner.catalog.listing import Listing
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.recommend_why import print_rejected, print_why
from hfplanner.cli.show.tables import (
    Column,
    Screen,
    about_gb,
    age_line,
    gpu_text,
    price_text,
    print_table,
    print_text,
    screen,
    size_text,
    wrap,
)
from hfplanner.errors import NothingFits
from hfplanner.estimate.span import Estimate
from hfplanner.recommend.certainty import Certainty
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Option, Recommendation, summary
from hfplanner.recommend.words import describe_needs, format_chance, nothing_fits
from hfplanner.sanitize import sanitize
from hfplanner.units import format_about_duration, format_duration, format_usd

__all__ = ["recommendation_answer"]

_SHOWN = 5
_AT_MOST = 0.99
_PARETO = {True: "yes", False: "no", None: "-"}
_EXAMPLES = (
    "hfplanner recommend --vram 40GB",
    "hfplanner recommend --model Qwen/Qwen3-8B --task lora --tokens 20M",
    "hfplanner recommend --vram 24GB --duration 2h20m@a10g-small --phase train",
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How much of a recommendation people are shown.

    Args:
        every: every option, not the first five alone.
        why: the reasons: how options compare, what to know of them, and why the rest does not do.
    """

    every: bool = False
    why: bool = False


def recommendation_answer(
    answer: Recommendation, now: datetime, wrote: Path | None = None, shown: Shown | None = None
) -> Answer:
    """Return a recommendation, with the picture that was drawn of it; exit code 4 where nothing fits."""
    return Answer(
        document=lambda: answer.to_json(now),
        names=lambda: [option.flavor.name for option in answer.options],
        columns=_COLUMNS,
        rows=lambda: [_row(option) for option in answer.options],
        people=lambda: _show(answer, now, shown or Shown()),
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


def _show(answer: Recommendation, now: datetime, shown: Shown) -> None:
    out = screen()
    if _asks_nothing(answer) and not (shown.every or shown.why):
        _print_what_it_is(out, answer)
        return
    if not answer.options:
        _print_nearest(out, answer, now, shown)
        return
    sure = answer.certainty()
    options = answer.options if shown.every else answer.options[:_SHOWN]
    _print_best(out, answer)
    _print_options(out, options, answer.needs, sure)
    for line in _uncertain(sure, answer):
        print_text(out, line, "yellow")
    for line in _bound(answer):
        print_text(out, line, "yellow")
    told = _how_sure(sure, answer)
    if told:
        print_text(out, told)
    if shown.why:
        print_why(out, answer, options)
    print_text(out, f"{_rest(answer, len(options), shown)}{_of_when(answer.listing, now)}", "dim")
    _print_command(out, _command(answer.options[0]))


def _print_nearest(out: Screen, answer: Recommendation, now: datetime, shown: Shown) -> None:
    """Print the answer under the smallest change with which something fits; why nothing does, where no change helps."""
    nearest = answer.nearest_answer
    if nearest is None or shown.why:
        print_rejected(out, answer)
        print_text(out, age_line(answer.listing, now), "dim")
    if nearest is not None and answer.nearest_miss is not None:
        options = " ".join(answer.nearest_miss.options)
        print_text(
            out, f"Nothing fits as asked. With {options}:" if options else "Nothing fits as asked. Nearest:", "yellow"
        )
        _show(nearest, now, replace(shown, why=False))


def _asks_nothing(answer: Recommendation) -> bool:
    return answer.needs == Needs() and answer.estimates.memory is None and answer.estimates.durations is None


def _print_what_it_is(out: Screen, answer: Recommendation) -> None:
    """Print what can be asked: a list of every flavor answers no question."""
    print_text(out, "Say what the job needs: the cheapest flavor that fits comes first, with its time and cost.")
    for line in _EXAMPLES:
        out.write(f"  {line}")
    count = len(answer.options) + len(answer.rejected)
    print_text(out, f"`hfplanner hardware` lists all {count} flavors, `hfplanner recommend --help` what can be asked.")


def _print_best(out: Screen, answer: Recommendation) -> None:
    """Print the answer: which flavor, how long, how much; for what; and whether it fits and when it is stopped."""
    best = answer.options[0]
    print_text(out, summary(best), "bold")
    asked = describe_needs(answer.needs, answer.estimates)
    place = "" if best.standing.startswith("the cheapest of") else f": {best.standing}"
    print_text(out, f"for {asked}{place}", indent="  ")
    facts = list(_facts(best))
    if facts:
        together = (" " * 4).join(facts)
        for line in [together] if len(together) + len("  ") <= out.width else facts:
            out.write(f"  {line}")
    for note in best.notes:
        if best.memory is None or not note.startswith(f"{best.memory.verdict} to fit"):
            print_text(out, f"note: {note}", "yellow", indent="  ")


def _facts(best: Option) -> Iterator[str]:
    if best.memory is not None:
        where = "" if best.memory.gpus == 1 else f" on each of {best.memory.gpus} GPUs"
        need, usable = best.memory.per_gpu_bytes.likely, best.memory.usable_bytes
        yield f"fits: {about_gb(need)}{'' if usable is None else f' of {about_gb(usable)}'} needed{where}"
    if best.timeout_secs is not None and best.worst_case_micro_usd is not None:
        yield f"timeout {format_duration(best.timeout_secs)}, at most {format_usd(best.worst_case_micro_usd)}"


def _print_options(out: Screen, options: tuple[Option, ...], needs: Needs, sure: Certainty) -> None:
    def asked(need: object, otherwise: int) -> int:
        """Keep what was asked for longer than what was not."""
        return otherwise if need is None else 75

    flavors = [option.flavor for option in options]
    marked = [f"{'*' if option.rank == 1 else ' '} {sanitize(option.flavor.name)}" for option in options]
    vcpus = ["-" if flavor.vcpu is None else str(flavor.vcpu) for flavor in flavors]
    columns = [
        Column("  FLAVOR", marked, keep=100, right=False),
        # Where even this is too wide a flavor's name still says its GPU; nothing else says what the job costs.
        Column("GPU", [gpu_text(flavor) for flavor in flavors], keep=97, right=False),
        *_columns_of_time(options),
        Column("$/H", [price_text(flavor) for flavor in flavors], keep=96),
        *_columns_of_memory(options),
        *_columns_of_tokens(options),
        Column("GB/GPU", [size_text(flavor.vram_per_gpu_bytes) for flavor in flavors], keep=70),
        *_column_of_usable(options),
        Column("BREAK-EVEN", [f"{float(option.break_even):.2f}x" for option in options], keep=50),
        *_column_of_pareto(options),
        Column("VCPU", vcpus, keep=asked(needs.vcpu, 30)),
        Column("RAM GB", [size_text(flavor.ram_bytes) for flavor in flavors], keep=asked(needs.ram_bytes, 20)),
        Column("DISK GB", [size_text(flavor.disk_bytes) for flavor in flavors], keep=asked(needs.disk_bytes, 10)),
        *_columns_of_certainty(options, sure),
    ]
    print_table(out, columns, bold_first=True, names_missing=False)


def _columns_of_time(options: tuple[Option, ...]) -> list[Column]:
    costs = [option.cost_micro_usd for option in options]
    if not any(costs):
        return []
    return [
        Column("TIME", [_time(option.duration_secs) for option in options], keep=98),
        Column("COST", ["-" if cost is None else format_usd(cost.likely) for cost in costs], keep=99),
    ]


def _columns_of_memory(options: tuple[Option, ...]) -> list[Column]:
    """Return how surely estimated memory is enough."""
    there = [option.memory for option in options if option.memory is not None]
    return [Column("FITS", [_share(memory.probability) for memory in there], keep=95)] if there else []


def _column_of_usable(options: tuple[Option, ...]) -> list[Column]:
    there = [option.memory for option in options if option.memory is not None]
    return [Column("USABLE", [size_text(memory.usable_bytes) for memory in there], keep=60)] if there else []


def _column_of_pareto(options: tuple[Option, ...]) -> list[Column]:
    if not any(option.cost_micro_usd for option in options):
        return []
    return [Column("PARETO", [_PARETO[option.pareto] for option in options], keep=40)]


def _columns_of_certainty(options: tuple[Option, ...], sure: Certainty) -> list[Column]:
    """Return how often each is the cheapest, of a hundred runs: said once, then in numbers."""
    if len(sure.cheapest) <= 1:
        return []
    shares = [sure.cheapest.get(option.flavor.name) for option in options]
    first, *rest = ["" if share is None else f"{100 * share:.0f}" for share in shares]
    return [Column("CHEAPEST", [f"{first} of 100", *rest], keep=94, right=False)]


def _columns_of_tokens(options: tuple[Option, ...]) -> list[Column]:
    """Return what a million tokens cost, where they are counted."""
    costs = [option.micro_usd_per_million_tokens for option in options]
    if not any(costs):
        return []
    return [Column("$/M TOKENS", [format_usd(cost.likely) if cost else "-" for cost in costs], keep=80)]


def _share(probability: float) -> str:
    return f">{_AT_MOST:.0%}" if probability > _AT_MOST else f"{probability:.0%}"


def _time(duration: Estimate | None) -> str:
    """Show the likely duration, to the second where it has no spread."""
    if duration is None:
        return "-"
    return (format_duration if duration.low == duration.high else format_about_duration)(duration.likely)


def _bound(answer: Recommendation) -> Iterator[str]:
    """Yield a line where all that is known of the time is that it is longer than a run that was, or may be, stopped."""
    durations = answer.estimates.durations
    stopped = durations.stopped if durations else None
    doubted = next((run for run in durations.measured if run.may_be_cut_off), None) if durations else None
    if doubted is not None and durations is not None and durations.like is None:
        ran = format_duration(doubted.duration_secs.likely)
        yield (
            f"{ran} is the Hub's default timeout: was that run cut off, the job takes longer. Its log tells how long: "
            "add --log FILE, or --log @latest-failed instead of --duration."
        )
    if stopped is not None:
        ran = format_duration(stopped.secs)
        yield (
            f"No such job ended by itself: it takes more than {ran} on {stopped.flavor}, how much more nobody knows. "
            "Its log tells, where it shows progress: add --log FILE, or --log @latest-failed to read it from the Hub."
        )


def _uncertain(sure: Certainty, answer: Recommendation) -> Iterator[str]:
    """Yield a line where what is recommended hangs on the interval: a limit it may break, or memory that may not do."""
    best = answer.options[0]
    hangs = sure.hangs_on(best)
    if not hangs:
        return
    within = sure.within.get(best.flavor.name, {})
    said = []
    for name in hangs:
        if name == "memory" and best.memory is not None:
            said.append(f"it fits in {format_chance(best.memory.probability)} of cases")
        elif name in within:
            said.append(f"--{name.replace('_', '-')} is kept in {format_chance(within[name])} of cases")
    more = "." if answer.needs.confidence else "; --confidence 0.9 asks for what surely does."
    yield f"UNCERTAIN: {', '.join(said)}{more}"


def _how_sure(sure: Certainty, answer: Recommendation) -> str:
    """Return which options cannot be told apart, and what would tell; or what comes next to the recommendation."""
    said = []
    if sure.indistinguishable:
        names = list(sure.indistinguishable)
        first = "" if sure.measured else "Nothing was measured: "
        said.append(f"{first}{', '.join(names[:-1])} and {names[-1]} cannot be told apart.")
    if sure.measure is not None:
        told, runs = sure.measure, sure.measure.runs
        over = "" if runs == 1 else f" over {runs} runs"
        said.append(
            f"{told.minutes} minutes on {told.flavor} ({format_usd(told.cost_micro_usd)}) would tell, and save "
            f"{format_usd(told.saving_micro_usd)}{over} on average."
        )
    if not said and len(answer.options) > 1 and answer.options[0].cost_micro_usd is None:
        second = answer.options[1]
        said.append(f"{second.flavor.name}: {second.standing}.")
    return " ".join(said)


def _rest(answer: Recommendation, shown: int, asked: Shown) -> str:
    """Return how many flavors there are beside those shown, and how to see them."""
    below = sum(1 for rejection in answer.rejected if any(reason.code == "not_in_top" for reason in rejection.reasons))
    more, unfit = len(answer.options) - shown + below, len(answer.rejected) - below
    parts = []
    if more:
        parts.append(f"{more} more fit{'s' if more == 1 else ''}{'' if below else ' (--all)'}")
    if unfit:
        parts.append(f"{unfit} do{'' if unfit > 1 else 'es'} not{'' if asked.why else ' (--why)'}")
    return f"{', '.join(parts)}. " if parts else ""


def _of_when(listing: Listing, now: datetime) -> str:
    """Return of which day the prices are."""
    if listing.age(now) < timedelta(days=1):
        return "Prices of today."
    shipped = " (shipped)" if listing.source == "shipped" else ""
    return f"Prices of {listing.checked:%Y-%m-%d}{shipped}."


def _command(best: Option) -> str:
    """Return the command that runs the job as recommended."""
    timeout = "" if best.timeout_secs is None else f" --timeout {format_duration(best.timeout_secs)}"
    return f"hfplanner run --flavor {sanitize(best.flavor.name)}{timeout} IMAGE COMMAND"


def _print_command(out: Screen, command: str) -> None:
    """Print a command that can be copied, over several lines where there is no room for it on one."""
    if len(f"Run it:  {command}") <= out.width:
        out.write(f"Run it:  {command}", "bold")
        return
    *lines, last = wrap(command, out.width - len("   \\"))
    out.write("Run it:", "bold")
    for line in [*(f"{line} \\" for line in lines), last]:
        out.write(f"  {line}", "bold")
