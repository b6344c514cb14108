"""What was measured goes first wherever memory is asked for: estimate, recommend, check and run are one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import hfplanner as hp
from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.estimate.memory.result import Metric, estimate_memory
from hfplanner.models.known import find_known
from hfplanner.plan.asked import AskedModel
from hfplanner.plan.measuring import AskedPeak, keep_peak
from hfplanner.plan.workspace import Workspace
from hfplanner.units import GB
from tests.estimate.like_jobs import history, job

MODEL = "Qwen/Qwen3-8B"
RUN = {"model": MODEL, "task": "lora", "batch_size": 4}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a world whose time stands still, offline, without a history."""
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    with Workspace(home=tmp_path, offline=True, clock=lambda: now, working_folder=tmp_path) as opened:
        yield opened


def measured(workspace: Workspace, flavor: str = "a10g-large", **said: object) -> None:
    """Keep that the run took 19.3 GB, or what is said."""
    hp.measured_add(workspace=workspace, **{"flavor": flavor, "peak": "19.3GB", **RUN, **said})


def verdicts(workspace: Workspace, **changes: object) -> dict[str, str]:
    """Return whether the run fits each flavor."""
    return {fit.flavor: fit.verdict for fit in hp.estimate_memory(**{**RUN, **changes}, workspace=workspace).fits}


def test_the_same_settings_need_what_was_measured(workspace: Workspace) -> None:
    """The basis says so; the interval is narrower than that of the formulas."""
    before = hp.estimate_memory(**RUN, workspace=workspace).per_gpu_bytes
    measured(workspace)
    after = hp.estimate_memory(**RUN, workspace=workspace)
    assert after.per_gpu_bytes.likely == 19_300_000_000
    assert after.per_gpu_bytes.basis[0] == "Measured: 19.3 GB on a10g-large (1 run)"
    assert after.per_gpu_bytes.high / after.per_gpu_bytes.low < before.high / before.low
    assert after.to_dict()["measured"]["ran_on"] == ["a10g-large"]


def test_other_settings_follow_by_the_ratio_of_the_formulas(workspace: Workspace) -> None:
    """Twice the length: what the formulas say twice the length needs, over what they say of the run."""
    measured(workspace)
    shape = find_known(MODEL)
    formulas = [
        estimate_memory(shape, AskedModel(**RUN, seq_len=length).job(1)).per_gpu_bytes.likely for length in (2048, 4096)
    ]
    found = hp.estimate_memory(**RUN, seq_len=4096, workspace=workspace).per_gpu_bytes
    assert found.likely == pytest.approx(19.3 * GB * formulas[1] / formulas[0], rel=1e-6)
    assert "Carried to these settings by the formulas' ratio" in found.basis[1]


@pytest.mark.parametrize("changes", [{"model": "Qwen/Qwen3-4B"}, {"task": "full"}, {"quantization": "int8"}])
def test_another_job_is_estimated_by_formulas(workspace: Workspace, changes: dict[str, str]) -> None:
    """Another model, task or quantization says nothing about this one."""
    before = hp.estimate_memory(**{**RUN, **changes}, workspace=workspace).per_gpu_bytes
    measured(workspace)
    assert hp.estimate_memory(**{**RUN, **changes}, workspace=workspace).per_gpu_bytes == before


@pytest.mark.parametrize(("metric", "more"), [("total", 0), ("reserved", 450 * 2**20)])
def test_what_an_instrument_does_not_count_is_added(workspace: Workspace, metric: Metric, more: int) -> None:
    """Those of torch lack the CUDA context."""
    measured(workspace, metric=metric)
    assert hp.estimate_memory(**RUN, workspace=workspace).per_gpu_bytes.likely == 19_300_000_000 + more


def test_recommend_check_and_run_say_what_the_estimate_says(workspace: Workspace) -> None:
    """43 GB by the formulas' lights or not: the run was seen to take 50, and an L40S has 47."""
    ask = {**RUN, "seq_len": 4096}
    assert hp.recommend(**ask, workspace=workspace).best.flavor.name != "a100-large"
    measured(workspace, "a100-large", seq_len=4096, peak="50GB")
    best = hp.recommend(**ask, workspace=workspace).best
    assert (best.flavor.name, best.memory.per_gpu_bytes.likely) == ("a100-large", 50 * GB)
    plan = hp.run(image="i", command=["c"], **ask, timeout="1h", dry_run=True, workspace=workspace)
    assert plan.to_dict()["flavor"] == "a100-large"
    checked = hp.check(image="i", command=["c"], flavor="l40sx1", timeout="1h", **ask, workspace=workspace)
    assert any("l40sx1 is taken as named, although" in said for said in checked.warnings)


def test_out_of_memory_is_never_again_a_fit(workspace: Workspace) -> None:
    """Not on that flavor or one with the same GPU, with as much or more; less, and other cards, are still judged."""
    assert verdicts(workspace, batch_size=1)["l4x1"] == "yes"
    measured(workspace, "l4x1", peak=None, out_of_memory=True, batch_size=1)
    for changes in (
        {"batch_size": 1},
        {"batch_size": 2},
        {"batch_size": 1, "seq_len": 4096},
        {"checkpointing": "none"},
    ):
        found = verdicts(workspace, **{"batch_size": 1, **changes})
        assert {found[name] for name in ("l4x1", "l4x4", "a10g-small", "t4-small")} == {"no"}
    assert verdicts(workspace, batch_size=1)["a100-large"] == "yes"
    names = {one.flavor.name for one in hp.recommend(**{**RUN, "batch_size": 1}, workspace=workspace).options}
    assert names
    assert not names & {"l4x1", "a10g-small"}


def test_a_flavor_that_held_the_run_fits_it(workspace: Workspace) -> None:
    """Also where the peak came so near to what the card has that another card is not sure."""
    measured(workspace, "a10g-large", peak="23.4GB")
    found = verdicts(workspace)
    assert (found["a10g-large"], found["a10g-small"]) == ("yes", "likely")


def test_a_solution_follows_what_was_measured(workspace: Workspace) -> None:
    """The largest batch that fits is smaller where a run took more than the formulas say."""

    def most() -> int:
        answer = hp.estimate_memory(**RUN, solve="batch-size", workspace=workspace).to_dict()
        return next(one["likely"] for one in answer["solved"] if one["flavor"] == "a100-large")

    before = most()
    measured(workspace, peak="40GB")
    assert most() < before


def test_a_job_of_the_same_name_counts_as_it_is_asked_for(workspace: Workspace) -> None:
    """It says its peak and not its model; the job that is to be run has its name."""
    ran = job(1, 60, flavor="a100-large", labels={"peak": "47.5GB", "name": "tune"})
    workspace.history().add(history(ran).collect())
    ask = {"image": "i", "command": ["c"], "timeout": "1h", "flavor": "l40sx1", **RUN, "seq_len": 4096}
    found = [hp.check(**ask, name=name, workspace=workspace).warnings for name in ("other", "tune")]
    assert ["l40sx1 is taken as named, although" in " ".join(one) for one in found] == [False, True]


def test_a_job_that_says_its_model_in_labels_is_measured(workspace: Workspace) -> None:
    """By the names of the options."""
    labels = {"peak": "19.3GB", "model": MODEL, "task": "lora", "batch-size": "4"}
    workspace.history().add(history(job(1, 60, flavor="a10g-large", labels=labels)).collect())
    assert hp.estimate_memory(**RUN, workspace=workspace).per_gpu_bytes.likely == 19_300_000_000


def test_a_log_says_the_peak(workspace: Workspace, tmp_path: Path) -> None:
    """Or that the run ran out of memory."""
    log = tmp_path / "log.txt"
    log.write_text("step 1\nhfplanner: peak=19.3GB\n")
    kept = hp.measured_add(flavor="a10g-large", log=str(log), **RUN, workspace=workspace)
    assert (kept.peaks[0].peak_bytes, kept.peaks[0].source) == (19_300_000_000, "log")
    log.write_text("nothing of the kind\n")
    with pytest.raises(UsageError, match="says nothing of memory"):
        hp.measured_add(flavor="a10g-large", log=str(log), **RUN, workspace=workspace)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({}, "Nothing says where it ran"),
        ({"flavor": "a10g-large"}, "Nothing says what it took"),
        ({"flavor": "a10g-large", "peak": 1, "out_of_memory": True}, "Two options say what it took"),
        ({"flavor": "a10g-huge", "peak": 1}, "a10g-huge"),
    ],
)
def test_what_says_too_little_or_too_much_is_refused(workspace: Workspace, said: dict[str, object], says: str) -> None:
    """And nothing is kept."""
    with pytest.raises(UsageError, match=says):
        keep_peak(AskedPeak(model=AskedModel(model=MODEL), **said), workspace, shipped_listing())  # type: ignore[arg-type] # a test's
    assert hp.measured_list(workspace=workspace).to_dict() == {"measured": []}


def test_the_table_has_each_entry(workspace: Workspace) -> None:
    """As JSON, as a frame, and in few lines; what is removed is gone."""
    measured(workspace)
    kept = hp.measured_list(workspace=workspace)
    frame = kept.to_polars()
    assert frame.select("flavor", "peak_bytes", "settings_model", "settings_batch_size").row(0) == (
        "a10g-large",
        19_300_000_000,
        MODEL,
        4,
    )
    assert "19.3 GB" in repr(kept)
    assert hp.measured_remove(ids=[kept.peaks[0].id], workspace=workspace).peaks == kept.peaks
    assert not hp.measured_list(workspace=workspace).peaks
