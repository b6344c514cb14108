"""``hfplanner recommend``."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from hfplanner.cli.estimates import Asked
from hfplanner.cli.model_options import ModelOptions
from hfplanner.cli.needs import MachineOptions, MoneyOptions, TimeOptions
from hfplanner.cli.options import (
    FormatOption,
    JsonOption,
    OfflineOption,
    QuietOption,
    RefreshOption,
    get_listing,
    now_utc,
    reader,
    whole_number,
)
from hfplanner.cli.packs import unpacked
from hfplanner.cli.show.output import (
    OutputFormat,
    note,
    print_error,
    print_json,
    print_lines,
    print_tsv,
    resolve_format,
)
from hfplanner.errors import NothingFits
from hfplanner.recommend.choose import recommend as recommend_flavors
from hfplanner.recommend.needs import NEED_LIMITS, Objective
from hfplanner.recommend.plot import check_plot_path, write_plot
from hfplanner.recommend.result import Option, Recommendation
from hfplanner.recommend.words import nothing_fits

EXAMPLES = [
    "hfplanner recommend --model Qwen/Qwen3-8B --task qlora --batch-size 4 --checkpointing full",
    "hfplanner recommend --model meta-llama/Llama-3.1-70B --shard --engine vllm --seq-len 8192",
    "hfplanner recommend --vram 40GB",
    "hfplanner recommend --vram 160GB --shard",
    "hfplanner recommend --vram 24GB --ram 60GB --max-price 2.50",
    "hfplanner recommend --vram 40GB --duration 3h --max-cost 6",
    "hfplanner recommend --vram 24GB --duration 2h20m@a10g-small --phase train --max-time 1h --confidence 0.9",
    "hfplanner recommend --model Qwen/Qwen3-8B --task lora --tokens 20M --max-cost 5",
    "hfplanner recommend --vram 24GB --like sft-0a1b2c3d --objective time --max-cost 10",
    "hfplanner recommend --accelerator a100 --accelerator h200 --gpus 4",
    "hfplanner recommend --vram 40GB --plot flavors.png",
    "hfplanner recommend --vram 40GB --top 3 --json",
    "hfplanner recommend --vram 40GB --top 1 --quiet",
]

_AGENT_COLUMNS = (
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

ObjectiveOption = Annotated[
    Objective, typer.Option(help="What to have least of; time needs --duration or --like.", show_default=True)
]
TopOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--top", whole_number(NEED_LIMITS["top"])), metavar="N", help="Keep the N best options."
    ),
]
PlotOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Draw price against VRAM, or with --duration cost against time: .png, .svg or .pdf."
    ),
]


@unpacked
def recommend(
    machine: MachineOptions,
    model: ModelOptions,
    time: TimeOptions,
    money: MoneyOptions,
    objective: ObjectiveOption = "cost",
    top: TopOption = None,
    plot: PlotOption = None,
    refresh: RefreshOption = False,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say which flavor is cheapest for what a job needs, and why.

    Every listed flavor is ranked, or rejected with its reasons. Exit code 4 means that nothing fits.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    picture = None if plot is None else check_plot_path(plot)
    asked = Asked(machine, model, time, offline=offline)
    needs = asked.needs(money, objective=objective, top=top)
    now = now_utc()
    listing = get_listing(offline=offline, refresh=refresh, now=now)
    answer = recommend_flavors(needs, listing, asked.on(listing))
    if picture is not None:
        write_plot(answer, picture)
    _show(answer, shown, now)
    if picture is not None:
        note(f"Wrote {picture}.")
    if answer.options:
        return 0
    print_error(nothing_fits(answer), json=False)
    return NothingFits.exit_code


def _show(answer: Recommendation, shown: OutputFormat, now: datetime) -> None:
    match shown:
        case OutputFormat.JSON:
            print_json(answer.to_json(now))
        case OutputFormat.QUIET:
            print_lines(option.flavor.name for option in answer.options)
        case OutputFormat.AGENT:
            print_tsv(_AGENT_COLUMNS, (_agent_row(option) for option in answer.options))
        case _:
            from hfplanner.cli.show.recommend import show_recommend  # noqa: PLC0415 - rich, for people only

            show_recommend(answer, now)


def _agent_row(option: Option) -> list[object]:
    """Return an option on one line: the likely value of an estimate, lists joined."""
    row = option.to_json()
    for name in ("duration_secs", "cost_micro_usd", "micro_usd_per_million_tokens"):
        row[name] = row[name] and row[name]["likely"]
    row["fits_probability"] = row["memory"] and row["memory"]["probability"]
    row |= {"dominated_by": ",".join(row["dominated_by"]), "notes": "; ".join(row["notes"])}
    return [row[column] for column in _AGENT_COLUMNS]
