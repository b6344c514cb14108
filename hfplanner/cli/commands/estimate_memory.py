"""``hfplanner estimate memory``."""

import os
from typing import Any

from hfplanner.cli.model_options import GpuCountOption, ModelOptions
from hfplanner.cli.options import (
    FormatOption,
    JsonOption,
    OfflineOption,
    QuietOption,
    RefreshOption,
    get_listing,
    now_utc,
)
from hfplanner.cli.packs import unpacked
from hfplanner.cli.show.output import OutputFormat, print_json, print_lines, print_tsv, resolve_format
from hfplanner.estimate.memory.places import places_of
from hfplanner.estimate.memory.report import MemoryReport, report_memory

__all__ = ["memory"]

EXAMPLES = [
    "hfplanner estimate memory --model Qwen/Qwen3-8B --seq-len 8192",
    "hfplanner estimate memory --model meta-llama/Llama-3.1-8B --task qlora --batch-size 4 --seq-len 2048",
    "hfplanner estimate memory --model google/gemma-3-27b-it --task full --sharding fsdp --gpus 8",
    "hfplanner estimate memory --model openai/gpt-oss-20b --engine vllm --seq-len 32768 --json",
    "hfplanner estimate memory --params 8B --task lora",
]

_AGENT_COLUMNS = ("flavor", "usable_bytes", "fits", "probability", "note")


@unpacked
def memory(
    model: ModelOptions,
    gpus: GpuCountOption = 1,
    refresh: RefreshOption = False,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say how much memory a model needs on each GPU, of what it consists, and which flavors it fits.

    The interval holds what torch reserves plus the CUDA context in 90 of 100 cases.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    job = model.job(gpus)
    shape = model.shape(offline=offline)
    listing = get_listing(offline=offline, refresh=refresh, now=now_utc())
    _show(report_memory(shape, job, places_of(listing.flavors)), shown)
    return 0


def _show(report: MemoryReport, shown: OutputFormat) -> None:
    match shown:
        case OutputFormat.JSON:
            print_json(report.to_json())
        case OutputFormat.QUIET:
            print_lines(fit.flavor for fit in report.fits if fit.verdict in {"yes", "likely"})
        case OutputFormat.AGENT:
            rows: list[dict[str, Any]] = [dict(fit.to_json()) for fit in report.fits]
            print_tsv(_AGENT_COLUMNS, ([row[column] for column in _AGENT_COLUMNS] for row in rows))
        case _:
            from hfplanner.cli.show.memory import show_memory  # noqa: PLC0415 - rich, for people only

            show_memory(report)
