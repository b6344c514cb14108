"""Why a recommendation is what it is: how options compare, where inputs came from, and why the rest does not do."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from hfplanner.cli.show.tables import Column, Screen, about_gb, print_table, print_text
from hfplanner.recommend.result import Option, Recommendation, RequestInput
from hfplanner.recommend.words import format_chance
from hfplanner.sanitize import sanitize
from hfplanner.units import format_about_duration, format_bytes, format_duration, format_usd

__all__ = ["print_rejected", "print_why"]

# How people read the inputs that are no counts.
_UNITS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(("max_time", "checkpoint_every"), format_duration),
    **dict.fromkeys(("max_cost", "max_price"), format_usd),
    **dict.fromkeys(("vram", "ram", "disk"), format_bytes),
}

T = TypeVar("T")


def print_why(out: Screen, answer: Recommendation, options: tuple[Option, ...]) -> None:
    """Print how the options compare, what to know of each, and why the rest does not do."""
    _print_list(out, "Compared", (f"{option.flavor.name}: {option.standing}" for option in options))
    about = _gathered((sentence, option.flavor.name) for option in options for sentence in option.notes)
    _print_list(out, "Notes", (f"{', '.join(names)}: {sentence}" for sentence, names in about.items()))
    best = options[0]
    if best.timeout_secs is not None:
        bound = best.timeout_bound or "a timeout of that length kills at most one such run in a hundred"
        _print_list(out, "Timeout", [f"{format_duration(best.timeout_secs)}: {bound}", *_least_cost(answer, best)])
    _print_list(out, "Checkpoints", _checkpoints(answer, best))
    _print_effects(out, answer)
    by_origin = _gathered((_origin(one), f"{one.name.replace('_', ' ')} {_spoken(one)}") for one in answer.inputs)
    _print_list(out, "Inputs", (f"{origin}: {', '.join(said)}" for origin, said in by_origin.items()))
    print_rejected(out, answer)
    if answer.nearest_miss:
        print_text(out, f"Near: {answer.nearest_miss.message}.")


def _least_cost(answer: Recommendation, best: Option) -> Iterator[str]:
    """Yield the timeout with the least expected cost, where it is another one."""
    least = answer.timeout_of_least_cost(best)
    if least is None or least.secs == best.timeout_secs:
        return
    again = "run again" if least.checkpoint_secs is None else "resumed from its last checkpoint"
    amount, killed = format_usd(least.expected_cost_micro_usd), format_chance(least.killed)
    yield (
        f"{format_duration(least.secs)} costs least in expectation ({amount}): it kills {killed} of runs, "
        f"which are {again}, and {100 * least.hangs:.0f} % are taken to hang until it"
    )


def _checkpoints(answer: Recommendation, best: Option) -> Iterator[str]:
    """Yield how often to write a checkpoint, with what that takes for granted."""
    advice = answer.checkpoint_advice(best)
    if advice is not None:
        yield (
            f"one every {format_about_duration(advice.every_secs)} loses least (Young, Daly), if its "
            f"{about_gb(advice.checkpoint_bytes)} are written at 1 GB a second and {100 * advice.hangs:.0f} of 100 "
            "runs are interrupted: both assumed"
        )


def _print_effects(out: Screen, answer: Recommendation) -> None:
    """Print what other ways to run the model cost or save on the recommended flavor."""
    effects = answer.effects()
    if not effects:
        return

    def signed(value: int | None, show: Callable[[int], str]) -> str:
        if value is None:
            return "-"
        return f"{'+' if value > 0 else '-'}{show(abs(value))}" if value else "same"

    print_text(out, f"Other choices on {answer.options[0].flavor.name}", "bold")
    print_table(
        out,
        [
            Column("  OPTION", [f"  {one.option}" for one in effects], keep=9, right=False),
            Column("MEMORY", [signed(one.bytes_more, about_gb) for one in effects], keep=8),
            Column("TIME", [signed(one.secs_more, format_about_duration) for one in effects], keep=7),
            Column("COST", [signed(one.micro_usd_more, format_usd) for one in effects], keep=6),
            Column("NOTE", [one.note for one in effects], keep=1, right=False),
        ],
        names_missing=False,
    )


def _origin(one: RequestInput) -> str:
    return {"typed": "typed", "preset": "preset", "config": "config of the model", "assumed": "assumed"}[one.origin]


def _spoken(one: RequestInput) -> str:
    """Return the value of an input as people read it."""
    value = one.value
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return " ".join(map(str, value))
    if not isinstance(value, int):
        return sanitize(str(value))
    return _UNITS.get(one.name, "{:,}".format)(value)


def print_rejected(out: Screen, answer: Recommendation) -> None:
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
