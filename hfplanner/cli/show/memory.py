"""An estimate of memory, in every format."""

from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.tables import Column, Screen, print_table, print_text, screen
from hfplanner.estimate.memory.report import MemoryReport
from hfplanner.estimate.span import Estimate
from hfplanner.sanitize import sanitize
from hfplanner.units import format_bytes

__all__ = ["memory_answer"]


def memory_answer(report: MemoryReport) -> Answer:
    """Return the need, its parts, and where it fits."""
    return Answer(
        document=report.to_json,
        names=lambda: [fit.flavor for fit in report.fits if fit.verdict in {"yes", "likely"}],
        columns=("flavor", "usable_bytes", "fits", "probability", "note"),
        rows=lambda: [fit.to_json() for fit in report.fits],
        people=lambda: _show(report),
    )


def _show(report: MemoryReport) -> None:
    """Print the need, its parts, where it fits, and the changes that would help."""
    out = screen()
    estimate = report.estimate
    print_text(out, f"{_span(estimate.per_gpu_bytes)} on each GPU for {estimate.shape.name}", "bold")
    for sentence in estimate.per_gpu_bytes.basis:
        print_text(out, sentence, "dim", indent="  ")
    out.write()
    parts = sorted(estimate.parts.items(), key=lambda part: -part[1])
    print_table(
        out,
        [
            Column("PART", [name.replace("_", " ") for name, _ in parts], keep=2, right=False),
            Column("SIZE", [format_bytes(size) for _, size in parts], keep=1),
        ],
    )
    _print_other_contexts(out, report)
    out.write()
    _print_generator(out, report)
    _print_inputs(out, report)
    _print_toggles(out, report)
    _print_fits(out, report)
    _print_advice(out, report)
    _print_fitted(out, report)
    out.write()
    print_text(out, f"Main memory {_span(report.ram_bytes)}, disk {_span(report.disk_bytes)}.", "dim")


def _print_other_contexts(out: Screen, report: MemoryReport) -> None:
    """Print on which flavors the CUDA context, and so the need, is another one than in the parts."""
    charged = report.estimate.parts.get("cuda_context")
    others: dict[int, list[str]] = {}
    for fit in report.fits:
        if fit.cuda_context_bytes not in {None, charged}:
            others.setdefault(fit.cuda_context_bytes or 0, []).append(sanitize(fit.flavor))
    for size, flavors in others.items():
        difference = (charged or 0) - size
        compared = f"{format_bytes(abs(difference))} {'less' if difference > 0 else 'more'} there"
        said = f"CUDA context on {', '.join(flavors)}: {format_bytes(size)}, so the job needs {compared}"
        print_text(out, said, "dim", indent="  ")


def _print_generator(out: Screen, report: MemoryReport) -> None:
    """Print what vLLM needs that writes the answers."""
    generator = report.estimate.generator
    if generator is None:
        return
    where = "on the same GPU" if report.estimate.job.generator == "colocate" else "on another GPU"
    share = f"{100 * generator.job.gpu_memory_utilization:g} %"
    said = f"vLLM {where}: {_span(generator.per_gpu_bytes)} at least, of the {share} that it takes"
    print_text(out, said, "bold green")
    out.write()


def _print_inputs(out: Screen, report: MemoryReport) -> None:
    """Print what was assumed, by where it comes from."""
    by_source: dict[str, list[str]] = {}
    for one in report.inputs:
        if one.source != "given":
            value = one.to_json()["value"]
            said = {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value
            by_source.setdefault(one.source, []).append(f"{one.name.replace('_', ' ')} {said}")
    print_text(out, "Assumed", "bold")
    for source, said in by_source.items():
        print_text(out, f"{', '.join(said)} ({source})", "dim", indent="  ")
    out.write()


def _print_toggles(out: Screen, report: MemoryReport) -> None:
    """Print what other choices would cost or save."""
    if not report.toggles:
        return
    signs = ["+" if toggle.bytes_more > 0 else "-" for toggle in report.toggles]
    sizes = [format_bytes(abs(toggle.bytes_more)) for toggle in report.toggles]
    times = [f"{toggle.time_factor:g}x" if toggle.time_factor else "" for toggle in report.toggles]
    print_table(
        out,
        [
            Column("OTHER CHOICE", [toggle.option for toggle in report.toggles], keep=5, right=False),
            Column("MEMORY", [f"{sign}{size}" for sign, size in zip(signs, sizes, strict=True)], keep=4),
            Column("TIME", times, keep=3),
            Column("NOTE", [toggle.note for toggle in report.toggles], keep=0, right=False),
        ],
    )
    out.write()


def _print_advice(out: Screen, report: MemoryReport) -> None:
    """Print each set of changes once, with the flavors that the job surely fits with it."""
    flavors: dict[str, list[str]] = {}
    for advice in report.advice:
        size = format_bytes(advice.estimate.per_gpu_bytes.likely)
        said = advice.change if len(advice.fitting.changes) == 1 else advice.options
        flavors.setdefault(f"{said} ({size})", []).append(sanitize(advice.fit.flavor))
    if flavors:
        out.write()
        print_text(out, "What would make it fit", "bold")
    for change, names in flavors.items():
        print_text(out, f"{', '.join(names)}: {change}", indent="  ")


def _print_fitted(out: Screen, report: MemoryReport) -> None:
    """Print the smallest set of changes with which the job fits the flavor that was asked for."""
    fitted = report.fitted
    if fitted is None:
        return
    out.write()
    size, chance = _span(fitted.estimate.per_gpu_bytes), f"{100 * fitted.fit.probability:.0f} %"
    how = "with these changes" if fitted.changes else "as it is"
    print_text(out, f"It fits {sanitize(fitted.fit.flavor)} {how}: {size}, chance {chance}", "bold green")
    for change in fitted.changes:
        print_text(out, f"{change.option}: {change.note}", indent="  ")


def _span(estimate: Estimate) -> str:
    low, likely, high = (format_bytes(size) for size in (estimate.low, estimate.likely, estimate.high))
    return f"{likely} ({low} to {high})"


def _print_fits(out: Screen, report: MemoryReport) -> None:
    rows = [fit for fit in report.fits if fit.usable_bytes]
    room = {flavor: (there.cache_tokens, there.sequences) for flavor, there in report.serving}
    solved = {one.flavor: one for one in report.solved}
    columns = [
        Column("FLAVOR", [sanitize(fit.flavor) for fit in rows], keep=5, right=False),
        Column("USABLE/GPU", [format_bytes(fit.usable_bytes or 0) for fit in rows], keep=2),
        Column("FITS", [fit.verdict for fit in rows], keep=4, right=False),
        Column("CHANCE", [f"{100 * fit.probability:.0f} %" for fit in rows], keep=3),
    ]
    if solved:
        unknown = report.solved[0].unknown.upper()
        columns.append(Column(f"MOST {unknown}", [str(solved[fit.flavor].surely) for fit in rows], keep=3))
        columns.append(Column("LIKELY", [str(solved[fit.flavor].likely) for fit in rows], keep=3))
    if room:
        tokens = [room.get(fit.flavor, (0, 0)) for fit in rows]
        columns.append(Column("CACHE TOKENS", [f"{count:,}" for count, _ in tokens], keep=1))
    if any(fit.note for fit in rows):
        columns.append(Column("NOTE", [fit.note for fit in rows], keep=0, right=False))
    print_table(out, columns)
