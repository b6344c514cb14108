"""A job that was followed to its end is a measurement of its memory: the next of its name and settings starts from it.

The lines are those that torch 2.8, a T4's driver and scripts with ``torch.cuda.max_memory_reserved()`` print.
"""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.hub.control import Fate, Hub
from tests.program import Program

RUN = ("run", "--flavor", "a10g-large", "--timeout", "1h", "--yes")
MODEL = ("--model", "Qwen/Qwen3-8B", "--task", "lora", "--batch-size", "4")
JOB = ("python:3.12", "python", "train.py")
TRAINED = (
    (1, "{'loss': 1.93, 'grad_norm': 0.41, 'learning_rate': 0.0002, 'epoch': 0.35}"),
    (50, "max_memory_allocated: 17,100,000,000 max_memory_reserved: 19300000000"),
)
RAN_OUT = (
    (1, "Traceback (most recent call last):"),
    (
        2,
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB. GPU 0 has 22.07 GiB in all.",
    ),
)
BEFORE_IT_BEGAN = ((1, "| N/A   27C    P8              9W /  70W |       3MiB /  15360MiB |      0%      Default |"),)


@pytest.fixture
def home(program: Program, hub: Hub) -> Program:
    """Return the program, logged in to the emulator as alice, whose clock runs a minute in a second."""
    hub.set_clock(time.time())
    hub.run_clock(60)
    return replace(program, environ=(("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0")))


def _document(program: Program, *args: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(program.run(*args, "--json").out)
    return document


def _kept(home: Program) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = _document(home, "measured", "list")["measured"]
    return kept


def _needed(home: Program, *command: str) -> dict[str, Any]:
    need: dict[str, Any] = _document(home, "estimate", "memory", *MODEL, *command)["per_gpu_bytes"]
    return need


def test_the_next_estimate_starts_from_what_the_job_took(home: Program, hub: Hub) -> None:
    """What torch reserved and the context, for the same model and settings; another batch follows by the ratio."""
    before = _needed(home, "--batch-size", "8")["likely"]
    hub.default_fate(Fate(scheduling_secs=1, running_secs=60, logs=TRAINED))
    done = home.run(*RUN, *MODEL, "--name", "sft", *JOB)
    assert done.code == 0, done.err
    assert "It took 19.3 GB reserved of one GPU" in done.err

    (kept,) = _kept(home)
    job = hub.jobs()[0]["id"]
    assert (kept["id"], kept["job_id"], kept["name"], kept["source"]) == (f"{job}/log", job, "sft", "log")
    assert (kept["peak_bytes"], kept["metric"], kept["flavor"]) == (19_300_000_000, "reserved", "a10g-large")
    assert (kept["settings"]["model"], kept["settings"]["batch_size"]) == ("Qwen/Qwen3-8B", 4)
    need = _needed(home)
    assert need["likely"] == 19_300_000_000 + 450 * 2**20
    assert need["basis"][0] == "Measured: 19.3 GB on a10g-large (1 run)"
    assert _needed(home, "--batch-size", "8")["likely"] != before
    checked = home.run("check", *MODEL, "--flavor", "t4-small", "--timeout", "1h")
    assert "19.77 GB" in checked.err + checked.out


def test_running_out_of_memory_is_kept_as_such(home: Program, hub: Hub) -> None:
    """The command fails with the job; that run is not recommended there again, and a larger card is."""
    assert _fits(home)["a10g-large"] != "no"
    hub.default_fate(Fate(scheduling_secs=1, running_secs=20, outcome="error", logs=RAN_OUT))
    done = home.run(*RUN, *MODEL, *JOB)
    assert (done.code, "It ran out of memory on a10g-large" in done.err) == (1, True)
    (kept,) = _kept(home)
    assert (kept["peak_bytes"], kept["out_of_memory"], kept["source"]) == (None, True, "log")
    assert _fits(home)["a10g-large"] == "no"


def _fits(home: Program) -> dict[str, str]:
    return {fit["flavor"]: fit["fits"] for fit in _document(home, "estimate", "memory", *MODEL)["fits"]}


@pytest.mark.parametrize(
    ("fate", "why"),
    [
        (Fate(scheduling_secs=1, running_secs=60, logs=BEFORE_IT_BEGAN), "nvidia-smi before the work began is no peak"),
        (Fate(scheduling_secs=1, running_secs=60, logs=RAN_OUT), "it completed, with settings that nobody knows"),
        (Fate(scheduling_secs=1, running_secs=60, outcome="error", logs=TRAINED), "it failed before its end"),
        (Fate(scheduling_secs=1, running_secs=60, outcome="oom"), "the container's memory is not the GPU's"),
        (
            Fate(scheduling_secs=1, running_secs=60, logs=((1, "max_memory_reserved: 2097152000"),)),
            "less than the model's weights is of something else",
        ),
    ],
)
def test_what_says_nothing_of_the_peak_is_not_kept(home: Program, hub: Hub, fate: Fate, why: str) -> None:
    """Unknown stays unknown: a number in a log is no measurement of what the job needs."""
    hub.default_fate(fate)
    home.run(*RUN, *MODEL, *JOB)
    assert _kept(home) == [], why


def test_what_vllm_took_is_not_what_the_model_needs(home: Program, hub: Hub) -> None:
    """It takes the share of the card that it is given."""
    hub.default_fate(Fate(scheduling_secs=1, running_secs=60, logs=((9, "hfplanner: peak=20.6GB"),)))
    home.run(*RUN, "--model", "Qwen/Qwen3-4B", "--engine", "vllm", *JOB)
    assert _kept(home) == []


def test_a_run_without_a_model_is_kept_by_its_name(home: Program, hub: Hub) -> None:
    """With what its labels say: as a label ``peak`` is; `rerun` does the same, as a job of its own."""
    hub.default_fate(Fate(scheduling_secs=1, running_secs=60, logs=((9, "hfplanner: peak=19.3GB"),)))
    done = home.run(*RUN, "--name", "sft", "--label", "batch-size=4", *JOB)
    assert "estimates of jobs named sft start from it" in done.err, done.err
    again = home.run("rerun", "--yes", hub.jobs()[0]["id"])
    assert again.code == 0, again.err
    first, second = _kept(home)
    assert first["settings"] == second["settings"] == {"batch_size": "4"}
    assert (first["name"], second["name"], first["job_id"] != second["job_id"]) == ("sft", "sft", True)


def test_a_timed_out_run_that_nobody_followed_is_read_by_a_sync(home: Program, hub: Hub) -> None:
    """`sync --logs` keeps what it took under its name, and counts it."""
    hub.default_fate(Fate(scheduling_secs=1, running_secs=None, logs=((9, "hfplanner: peak=19.3GB"),)))
    home.run(*RUN, "--detach", "--name", "sft", *JOB)
    hub.advance(2 * 3600)
    synced = _document(home, "sync", "--logs")
    assert (synced["logs"]["read"], synced["logs"]["peaks"]) == (1, 1)
    assert [(one["peak_bytes"], one["name"], one["source"]) for one in _kept(home)] == [(19_300_000_000, "sft", "log")]
