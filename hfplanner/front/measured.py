"""What runs were measured to take of a GPU."""

from hfplanner.errors import UsageError
from hfplanner.front.answers.history import MeasuredPeaks
from hfplanner.front.asked import PRICES
from hfplanner.front.calling import Given, asks
from hfplanner.plan.arguments import GPUS_OF_A_RUN, MEASURED, MODEL, Argument, find_arguments

__all__ = ["measured_add", "measured_list", "measured_remove"]

_IDS = Argument(name="ids", group="Options", metavar="ID", repeatable=True, help="As `measured_list` shows them.")


@asks(*MEASURED, *MODEL, GPUS_OF_A_RUN, *PRICES)
def measured_add(given: Given) -> MeasuredPeaks:
    """Keep what a run took of one GPU, or that it ran out of memory: every later estimate of the same follows from it.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import hfplanner as hp
    >>> run = {"model": "Qwen/Qwen3-8B", "task": "lora", "batch_size": 4}
    >>> with tempfile.TemporaryDirectory() as folder, hp.Workspace(home=Path(folder), offline=True) as here:
    ...     _ = hp.measured_add(flavor="a10g-large", peak="19.3GB", **run, workspace=here)
    ...     hp.estimate_memory(**run, workspace=here).per_gpu_bytes.likely
    19300000000
    """
    from hfplanner.plan.measuring import AskedPeak, keep_peak  # noqa: PLC0415 - each function loads what it needs

    with given.open_workspace() as workspace:
        listing = workspace.listing(refresh=given["refresh"])
        return MeasuredPeaks((keep_peak(AskedPeak.of(**given.values), workspace, listing),))


@asks(*find_arguments("model"))
def measured_list(given: Given) -> MeasuredPeaks:
    """Return what runs were measured to need, as far as it is kept."""
    from hfplanner.plan.measuring import list_peaks  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        return MeasuredPeaks(list_peaks(workspace, given["model"]))


@asks(_IDS)
def measured_remove(given: Given) -> MeasuredPeaks:
    """Take out what is kept of some runs, by their ids, and return it."""
    from hfplanner.plan.measuring import remove_peaks  # noqa: PLC0415 - as above

    if not given["ids"]:
        raise UsageError("Which entries are to go is not said.", hint='For example ids=["4f1d20aa"].')
    with given.open_workspace() as workspace:
        return MeasuredPeaks(remove_peaks(workspace, given["ids"]))
