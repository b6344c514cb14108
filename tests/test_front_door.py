"""``import hfplanner as hp``: what is there, what it costs to import, and that each answer is the command's own."""

import importlib
import inspect
import json
import pydoc
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from huggingface_hub import _jobs_api as reference

import hfplanner as hp
from hfplanner.budget.caller import Caller
from hfplanner.front.answers.history import Reported
from hfplanner.front.frames import flat_row, frame_of
from hfplanner.front.results import Answer, Table
from tests.hub.control import Fate, Hub
from tests.program import Program, steady

NAMES = [
    "DEFAULT_UV_IMAGE",
    "SPACE_IMAGE_PREFIXES",
    "TERMINAL_JOB_STAGES",
    "BudgetBlocked",
    "BudgetError",
    "BudgetRefused",
    "CanaryFailed",
    "CatalogError",
    "HfplannerError",
    "HistoryError",
    "HubError",
    "JobAccelerator",
    "JobDurations",
    "JobHardware",
    "JobHardwareInfo",
    "JobInfo",
    "JobInitiator",
    "JobNetwork",
    "JobOwner",
    "JobSpec",
    "JobSpecError",
    "JobStage",
    "JobStatus",
    "JobsClient",
    "KeyConflict",
    "LastJobInfo",
    "LedgerError",
    "ModelError",
    "NoCapacity",
    "NoSuchJobs",
    "NothingFits",
    "PolicyError",
    "ScheduledJobInfo",
    "ScheduledJobStatus",
    "SubmissionError",
    "SubmissionUnknown",
    "TokenError",
    "UsageError",
    "Volume",
    "Workspace",
    "__version__",
    "approve",
    "budgets",
    "check",
    "create_job_spec",
    "estimate_cost",
    "estimate_duration",
    "estimate_memory",
    "hardware",
    "measured_add",
    "measured_list",
    "measured_remove",
    "prices",
    "recommend",
    "report",
    "rerun",
    "run",
    "scheduled",
    "sweep",
    "sync",
    "trace_memory",
]
# What is no question of the command line.
_NO_COMMAND = {"__version__", "create_job_spec", "trace_memory"}
FUNCTIONS = [name for name in NAMES if name.islower() and name not in _NO_COMMAND]
POLICY = """
[[budget]]
name = "team"
limit_usd = "2.00"
period = "month"
"""
JOB = {"image": "python:3.12", "command": ["python", "t.py"], "flavor": "l4x1", "timeout": "1h"}


JOBS = """
[jobs.evaluate]
image = "python:3.12"
command = ["python", "t.py"]
flavor = "l4x1"
timeout = "1h"
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[hp.Workspace]:
    """Return a world of its own: an empty home with a policy and a file of jobs, offline."""
    (tmp_path / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "jobs.toml").write_text(JOBS, encoding="utf-8")
    with hp.Workspace(home=tmp_path, offline=True, working_folder=tmp_path) as workspace:
        yield workspace


def test_what_can_be_imported_is_what_is_written_here() -> None:
    """A name that is added or lost fails here first; every one of them can be had."""
    assert hp.__all__ == NAMES
    assert set(dir(hp)) == set(NAMES)
    assert all(getattr(hp, name) is not None for name in NAMES)


@pytest.mark.process
def test_importing_it_loads_nothing_heavy() -> None:
    """Whoever imports it pays for what is asked, when it is asked."""
    code = "import sys; before = set(sys.modules); import hfplanner; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["hfplanner"]


@pytest.mark.process
def test_asking_loads_only_what_the_question_needs() -> None:
    """A recommendation loads no frames, no HTTP, and no library for terminals."""
    code = "import sys, hfplanner as hp; hp.recommend(vram='40GB', offline=True); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"polars", "httpx", "rich", "click", "typer"} & set(done.stdout.split())


def test_every_class_of_the_seed_is_here() -> None:
    """Whoever knows the classes of ``huggingface_hub`` finds them under the same names."""
    classes = {
        name
        for name, thing in vars(reference).items()
        if isinstance(thing, type) and thing.__module__ == reference.__name__
    }
    assert classes <= set(hp.__all__)


def test_a_room_with_the_name_of_a_question_can_still_be_asked() -> None:
    """``hfplanner.recommend`` and ``hfplanner.report`` are packages too, whatever was imported before."""
    for name in ("recommend", "report"):
        room = importlib.import_module(f"hfplanner.{name}")
        assert getattr(hp, name) is room
        assert inspect.signature(room) == inspect.signature(
            getattr(importlib.import_module("hfplanner.front.functions"), name)
        )
    assert hp.recommend(vram="40GB", offline=True).best.flavor.name == "l40sx1"


def _by_command(program: Program, *line: str) -> Any:  # noqa: ANN401 - a JSON document
    """Return what the command prints; options of a job stand before its image."""
    first = next((position for position, word in enumerate(line) if word.startswith("-")), len(line))
    return json.loads(steady(program.run(*line[:first], "--json", *line[first:]).out))


def _by_python(answer: Answer) -> Any:  # noqa: ANN401 - a JSON document
    return json.loads(steady(json.dumps(answer.to_dict())))


@pytest.mark.parametrize(
    ("line", "name", "arguments"),
    [
        ("hardware", "hardware", {}),
        ("recommend --vram 40GB --shard --top 2", "recommend", {"vram": "40GB", "shard": True, "top": 2}),
        ("recommend --vram 40GB", "recommend", {"vram": 40_000_000_000}),
        ("recommend --vram 900GB", "recommend", {"vram": "900GB"}),
        (
            "recommend --vram 24GB --duration 2h@a10g-small --max-cost 5 --confidence 0.9 --objective time",
            "recommend",
            {
                "vram": "24GB",
                "duration": "2h@a10g-small",
                "max_cost": 5_000_000,
                "confidence": 0.9,
                "objective": "time",
            },
        ),
        (
            "recommend --model Qwen/Qwen3-8B --task lora --tokens 20M --accelerator l4 --accelerator h200",
            "recommend",
            {"model": "Qwen/Qwen3-8B", "task": "lora", "tokens": 20_000_000, "accelerator": ["l4", "h200"]},
        ),
        (
            "estimate memory --model Qwen/Qwen3-8B --task lora --batch-size 4",
            "estimate_memory",
            {"model": "Qwen/Qwen3-8B", "task": "lora", "batch_size": 4},
        ),
        (
            "estimate duration --duration 2h@a10g-small --duration 50m@a100-large --phase train",
            "estimate_duration",
            {"runs": {"a10g-small": "2h", "a100-large": 3000}, "phase": "train"},
        ),
        (
            "estimate cost --duration 3h --flavor l4x1 --attempts 2 --timeout 4h",
            "estimate_cost",
            {"duration": 10_800, "flavor": "l4x1", "attempts": 2, "timeout": 14_400},
        ),
        ("budget check --flavor l4x1 --timeout 1h python:3.12 python t.py", "check", JOB),
        (
            "budget check --flavor l4x1 --timeout 3h --max-cost 1 --attempts 2 -l team=nlp",
            "check",
            {"flavor": "l4x1", "timeout": 10_800, "max_cost": "$1", "attempts": 2, "label": {"team": "nlp"}},
        ),
        (
            "run --dry-run --flavor l4x1 --timeout 1h -s KEY=hush python:3.12 python t.py",
            "run",
            {**JOB, "secrets": {"KEY": "hush"}, "dry_run": True},
        ),
        (
            "sweep --trials 40 --duration 20m@l4x1 --vram 20GB --parallel 8 --max-cost 100",
            "sweep",
            {"trials": 40, "duration": "20m@l4x1", "vram": "20GB", "parallel": 8, "max_cost": 100_000_000},
        ),
        ("prices l4x1 h200 --since 2026-01", "prices", {"flavor": ["l4x1", "h200"], "since": "2026-01"}),
        ("budget show", "budgets", {}),
        ("report --by flavor --by owner --since 2026-09", "report", {"by": ["flavor", "owner"], "since": "2026-09"}),
    ],
)
def test_an_answer_is_the_json_of_the_command(
    line: str, name: str, arguments: dict[str, Any], program: Program, here: hp.Workspace
) -> None:
    """The same question, asked both ways in one home: the same document."""
    answer = getattr(hp, name)(**arguments, workspace=here)
    assert _by_python(answer) == _by_command(program, *line.split())


def test_jobs_in_files_are_judged_as_the_command_does(program: Program, here: hp.Workspace) -> None:
    """Whether by the path of a file, or of the folder it is in."""
    file = program.home / "jobs.toml"
    answer = hp.check(paths=file.as_posix(), workspace=here)
    assert _by_python(answer) == _by_command(program, "check", str(file))
    assert answer.allowed
    assert answer.to_polars()["name"].to_list() == ["evaluate"]
    assert "evaluate" in repr(answer)
    folder = hp.check(paths=[str(program.home)], workspace=here)
    assert folder.to_dict()["worst_case_micro_usd"] == answer.to_dict()["worst_case_micro_usd"] == 60 * 13333


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("hardware", {}),
        ("recommend", {"vram": "24GB", "duration": "2h@a10g-small"}),
        ("recommend", {"vram": "900GB"}),
        ("estimate_memory", {"model": "Qwen/Qwen3-8B"}),
        ("estimate_duration", {"duration": "2h@l4x1"}),
        ("check", JOB),
        ("run", {**JOB, "dry_run": True}),
        ("sweep", {"trials": 40, "duration": "20m@l4x1"}),
        ("prices", {}),
        ("budgets", {}),
        ("report", {}),
    ],
)
def test_an_answer_shows_itself_and_cannot_be_changed(name: str, arguments: dict[str, Any], here: hp.Workspace) -> None:
    """In at most ten lines of text, as one escaped piece of HTML, as a frame where it is a table."""
    answer = getattr(hp, name)(**arguments, workspace=here)
    assert 1 <= len(repr(answer).splitlines()) <= 10
    page = answer._repr_html_()
    assert page.startswith('<div class="hfplanner">')
    assert page.endswith("</div>")
    assert page.count("<table>") == page.count("</table>")
    if isinstance(answer, Table | Reported):
        assert isinstance(answer.to_polars(), pl.DataFrame)
    with pytest.raises(FrozenInstanceError):
        setattr(answer, fields(answer)[0].name, None)  # type: ignore[arg-type] # every answer is a dataclass


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("hardware", {}),
        ("recommend", {"vram": "24GB", "duration": "2h@a10g-small", "max_cost": "$50", "max_time": "9h"}),
        ("recommend", {"model": "Qwen/Qwen3-8B", "task": "lora", "tokens": "20M"}),
        ("estimate_memory", {"model": "Qwen/Qwen3-8B"}),
        ("estimate_cost", {"duration": "2h@l4x1", "tokens": "2M"}),
        ("sweep", {"trials": 40, "duration": "20m@l4x1"}),
        ("prices", {}),
        ("budgets", {}),
    ],
)
def test_a_frame_has_the_columns_that_are_declared(name: str, arguments: dict[str, Any], here: hp.Workspace) -> None:
    """Whatever was asked and however many rows; a key of the JSON that is new is declared, or fails here."""
    answer = getattr(hp, name)(**arguments, workspace=here)
    columns, rows = answer._rows()  # noqa: SLF001 - the declaration behind the frame
    frame = answer.to_polars()
    assert frame.height == len(list(rows)) > 0
    assert frame.schema == frame_of(columns, []).schema
    said = {key for row in rows for key, value in flat_row(row).items() if value is not None}
    assert said <= set(frame.columns)


def test_a_frame_has_a_row_for_each_option(here: hp.Workspace) -> None:
    """An estimate is three columns of whole numbers."""
    answer = hp.recommend(vram="24GB", duration="2h@a10g-small", workspace=here)
    frame = answer.to_polars()
    assert frame["flavor"].to_list() == [option.flavor.name for option in answer.options]
    assert frame["cost_micro_usd_likely"].to_list() == [option.cost_micro_usd.likely for option in answer.options]
    assert {frame.schema[f"duration_secs_{part}"] for part in ("low", "likely", "high")} == {pl.Int64()}


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ({"vram": "soon"}, "vram: 'soon' is not a size", "40GB"),
        ({"max_cost": "5"}, "max_cost cannot be judged", 'duration="3h"'),
        ({"max_cost": 5.5}, "max_cost: 5.5 is not a whole number of micro-USD", "$5"),
        ({"task": "lora"}, "task says how a model is run", "Add model or params."),
        ({"objective": "tiem"}, "objective: 'tiem' is not one of cost, time.", "Did you mean time?"),
        ({"offline": "yes"}, "offline: 'yes' is neither True nor False.", "True or False"),
    ],
)
def test_an_error_speaks_of_arguments(arguments: dict[str, Any], message: str, hint: str) -> None:
    """The command's sentence, spelled as Python spells it."""
    with pytest.raises(hp.UsageError) as raised:
        hp.recommend(**({"offline": True} | arguments))
    assert str(raised.value).startswith(message)
    assert hint in (raised.value.hint or "")
    assert "--" not in f"{raised.value} {raised.value.hint}"


def test_an_argument_that_does_not_exist_is_named_with_the_nearest() -> None:
    """As any function of Python refuses it."""
    with pytest.raises(TypeError, match=r"recommend\(\) has no argument 'vrm'. Did you mean vram"):
        hp.recommend(vrm="40GB")


def test_another_spelling_of_an_option_is_another_name_of_the_argument() -> None:
    """`--to` and `--flavor` of an estimate are one; both at once is one too many, and either is read in any case."""
    asked = {"duration": "2h@a10g-small", "offline": True}
    by_option = hp.estimate_duration(**asked, to=["H200", "l4x1"]).to_dict()
    assert by_option == hp.estimate_duration(**asked, flavor=["h200", "l4x1"]).to_dict()
    assert [row["flavor"] for row in by_option["estimates"]] == ["h200", "l4x1"]
    assert hp.estimate_cost(**asked, to="h200").to_dict() == hp.estimate_cost(**asked, flavor="h200").to_dict()
    with pytest.raises(TypeError, match="one argument under two names"):
        hp.estimate_duration(**asked, to="h200", flavor="h200")


def test_nothing_is_taken_by_position() -> None:
    """An argument has a name."""
    with pytest.raises(TypeError):
        hp.recommend("40GB")


# What means something on a terminal only: files that are written, what is shown, and whether somebody is asked.
TERMINAL = {"all", "detach", "focus", "no_truncate", "output", "plot", "schema", "why", "yes"}
COMMANDS = {
    "approve": "approve",
    "budgets": "budget_show",
    "check": "check",
    "estimate_cost": "estimate_cost",
    "estimate_duration": "estimate_duration",
    "estimate_memory": "estimate_memory",
    "hardware": "hardware",
    "measured_add": "measured_add",
    "measured_list": "measured_list",
    "measured_remove": "measured_remove",
    "prices": "prices",
    "recommend": "recommend",
    "report": "report",
    "rerun": "rerun",
    "run": "run",
    "scheduled": "scheduled_ps",
    "sweep": "sweep",
    "sync": "sync",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_takes_what_its_command_takes(name: str) -> None:
    """Every option is an argument of the same name, but for those of a terminal; an option that is new fails here."""
    declared = importlib.import_module(f"hfplanner.cli.commands.{COMMANDS[name]}").COMMAND
    function = getattr(importlib.import_module("hfplanner.front.functions"), name)
    wanted = {option.name for option in declared.options} - TERMINAL
    assert wanted <= set(inspect.signature(function).parameters)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_names_every_argument(name: str) -> None:
    """What ``help`` shows follows from the table: each argument with its sentence."""
    function = getattr(importlib.import_module("hfplanner.front.functions"), name)
    shown = pydoc.render_doc(function, renderer=pydoc.plaintext)
    for argument in inspect.signature(function).parameters:
        assert argument in shown
        assert f"--{argument.replace('_', '-')} " not in shown


def test_help_of_the_package_begins_with_a_page() -> None:
    """Every function in one line each, before any class."""
    page = pydoc.render_doc(hp, renderer=pydoc.plaintext)
    table = page[: page.index("CLASSES")]
    assert all(f"hp.{name} " in table for name in FUNCTIONS)
    assert max(map(len, table.splitlines())) <= 130


def test_a_job_runs_once_and_is_reported(tmp_path: Path, hub: Hub) -> None:
    """Sent, found again under its key, in the history after a sync: one job on the Hub, by Python alone."""
    hub.set_clock(time.time())
    (tmp_path / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    with hp.Workspace(home=tmp_path, endpoint=hub.url, token=hub.token, working_folder=tmp_path) as world:
        sent = hp.run(**JOB, key="nightly", workspace=world)
        again = hp.run(**JOB, key="nightly", workspace=world)
        assert (sent.to_dict()["state"], sent.job_id) == ("LAUNCHED", hub.jobs()[0]["id"])
        assert (again.job_id, again.to_dict()["is_new"], len(hub.jobs())) == (sent.job_id, False, 1)
        assert hp.budgets(workspace=world).to_dict()["budgets"][0]["held_micro_usd"] == 60 * 13333
        assert hp.sync(workspace=world).complete
        assert hp.report(by="flavor", workspace=world).to_polars()["jobs"].to_list() == [1]


def test_a_job_that_may_not_run_raises_and_sends_nothing(tmp_path: Path, hub: Hub) -> None:
    """Four hours do not fit 2 USD; what it says is the reason, with the numbers."""
    hub.set_clock(time.time())
    (tmp_path / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    with (
        hp.Workspace(home=tmp_path, endpoint=hub.url, token=hub.token, working_folder=tmp_path) as world,
        pytest.raises(hp.BudgetRefused, match="team"),
    ):
        hp.run(**(JOB | {"timeout": "4h"}), workspace=world)
    assert hub.jobs() == []


def test_a_sweep_is_run_once_and_goes_on(tmp_path: Path, hub: Hub) -> None:
    """Planned, reserved and sent by Python alone; two at once, and the same call with the same key sends the next."""
    hub.set_clock(time.time())
    hub.default_fate(Fate(running_secs=60))
    limits = '[limits]\nmax_timeout = "6h"\n'
    (tmp_path / "hfplanner.toml").write_text(POLICY.replace('"2.00"', '"90.00"') + limits, encoding="utf-8")
    trials = {"trials": 8, "duration": "50m@l4x1", "accelerator": "l4", "parallel": 2, "run": True, "key": "night"}
    job = {"image": "python:3.12", "command": ["python", "t.py"], **trials}
    with hp.Workspace(home=tmp_path, endpoint=hub.url, token=hub.token, working_folder=tmp_path) as world:
        shown = hp.sweep(**job, dry_run=True, workspace=world)
        assert (shown.allowed, hub.jobs()) == (True, [])
        sent = hp.sweep(**job, workspace=world)
        jobs = len(sent.job_ids)
        assert (sent.key, len(hub.jobs()), sent.waiting) == ("night", 2, jobs - 2)
        frame = sent.to_polars()
        assert [trial for trials in frame["trials"].to_list() for trial in trials] == list(range(8))
        assert frame["state"].to_list() == ["LAUNCHED"] * 2 + ["RESERVED"] * (jobs - 2)
        hub.advance(600)
        again = hp.sweep(**job, workspace=world)
        assert again.job_ids[:2] == sent.job_ids[:2]
        assert (len(hub.jobs()), again.waiting) == (4, jobs - 4)
        assert "night" in repr(again)


def test_a_sweep_that_may_not_run_whole_raises_and_reserves_nothing(tmp_path: Path, hub: Hub) -> None:
    """What some of its jobs would fit is too little for all."""
    hub.set_clock(time.time())
    (tmp_path / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    with hp.Workspace(home=tmp_path, endpoint=hub.url, token=hub.token, working_folder=tmp_path) as world:
        with pytest.raises(hp.BudgetRefused, match="team"):
            hp.sweep(
                trials=8, duration="50m@l4x1", accelerator="l4", run=True, image="a", command=["b"], workspace=world
            )
        assert hp.budgets(workspace=world).to_dict()["budgets"][0]["held_micro_usd"] == 0
    assert hub.jobs() == []


def test_a_job_runs_again_and_is_named_by_the_history(tmp_path: Path, hub: Hub) -> None:
    """The newest job of the history is sent once more; without sending, its plan is shown."""
    hub.set_clock(time.time())
    (tmp_path / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    with hp.Workspace(home=tmp_path, endpoint=hub.url, token=hub.token, working_folder=tmp_path) as world:
        hp.run(**JOB, workspace=world)
        hp.sync(workspace=world)
        assert hp.rerun(job="@latest", dry_run=True, workspace=world).allowed
        assert len(hub.jobs()) == 1
        again = hp.rerun(job="@latest", workspace=world)
        assert again.job_id in {job["id"] for job in hub.jobs()}
        assert len(hub.jobs()) == 2
        with pytest.raises(hp.UsageError, match="No job is named"):
            hp.rerun(workspace=world)


def test_schedules_are_those_of_the_hub(tmp_path: Path, hub: Hub) -> None:
    """What 30 days of each cost at most, and of all; a paused one is shown where that is asked for."""
    hub.set_clock(time.time())
    with hp.Workspace(home=tmp_path, endpoint=hub.url, token=hub.token, working_folder=tmp_path) as world:
        assert "0 schedules" in repr(hp.scheduled(workspace=world))
        spec = {"dockerImage": "python:3.12", "command": ["id"], "flavor": "cpu-basic", "timeoutSeconds": 3600}
        for suspend in (False, True):
            world.submitter().hub.scheduled.launch("alice", {"schedule": "@daily", "suspend": suspend, "jobSpec": spec})
        found = hp.scheduled(workspace=world)
        assert found.to_polars()["schedule"].to_list() == ["@daily"]
        assert found.monthly_worst_case_micro_usd == found.to_dict()["monthly_worst_case_micro_usd"] == 30 * 60 * 167
        assert hp.scheduled(all=True, workspace=world).to_polars().height == 2
        assert "@daily" in repr(found)


def test_a_person_approves_from_python(tmp_path: Path, hub: Hub) -> None:
    """What an agent asks for is listed and approved, its same call goes through once, and it approves nothing."""
    hub.set_clock(time.time())
    policy = '[[agent]]\nname = "trainer"\napprove_above_usd = "0.50"\n'
    (tmp_path / "hfplanner.toml").write_text(policy, encoding="utf-8")
    where = {"home": tmp_path, "endpoint": hub.url, "token": hub.token, "working_folder": tmp_path}
    agent = Caller("trainer", "s1")
    with hp.Workspace(**where, caller=agent) as theirs, hp.Workspace(**where) as mine:
        assert hp.approve(workspace=mine).to_dict() == {"approvals": []}
        with pytest.raises(hp.BudgetBlocked) as refused:
            hp.run(**JOB, workspace=theirs)
        waiting = hp.approve(workspace=mine)
        (code,) = waiting.to_polars()["code"]
        assert code in str(refused.value.hint)
        assert "trainer" in repr(waiting)
        with pytest.raises(hp.BudgetRefused, match="a person's"):
            hp.approve(code=code, workspace=theirs)
        said = hp.approve(code=code, who="ada", workspace=mine)
        assert (said.code, said.to_dict()["approved_by"], said.worst_case_micro_usd) == (code, "ada", 799980)
        assert hp.run(**JOB, workspace=theirs).job_id == hub.jobs()[0]["id"]
        with pytest.raises(hp.BudgetBlocked):
            hp.run(**JOB, workspace=theirs)
        with pytest.raises(hp.BudgetRefused, match="There is no approval"):
            hp.approve(code="00000000", workspace=mine)
