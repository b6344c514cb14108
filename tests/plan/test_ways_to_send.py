"""Every way to send jobs sends each once, whatever the Hub answers: ``run``, ``uv run``, ``rerun``, a sweep, a group.

All of them end in the same reservation and the same request; here each is driven from its beginning.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import hfplanner as hp
from hfplanner.budget.ledger.records import State
from hfplanner.errors import HfplannerError, SubmissionUnknown
from hfplanner.plan.asked import AskedJob, JobNeeds
from hfplanner.plan.group_run import GroupRunner, read_group
from hfplanner.plan.job_plan import KnownRequest, know_request
from hfplanner.plan.request import read_job
from hfplanner.plan.script_run import ScriptRun, load_script, read_script_run
from hfplanner.plan.sending import Sender, books_of, sent_before
from hfplanner.plan.uploads import LocalFolder
from hfplanner.plan.workspace import Workspace
from hfplanner.submit.reconciliation import reconcile
from tests.hub.control import Fate, Hub
from tests.submit.test_post_faults import RATE_LIMITED, UNKNOWN

KEY = "night"
# One of each kind; the whole table is gone through where a job is sent alone.
HOSTILE = (
    "dropped before the effect",
    "dropped after the effect",
    "reset after the effect",
    "302 before the effect",
    "409 after the effect",
    "500 before the effect",
    "500 after the effect",
    "400 without the Hub's words",
    "429 with requests left",
    "204 without a body",
    "an answer that is cut in its body",
    "an answer without an id",
)
GROUP = """
[jobs.head]
image = "python:3.12"
command = "python serve.py"
flavor = "l4x1"
timeout = "1h"
network_group = "train"

[jobs.worker]
image = "python:3.12"
command = "python work.py"
flavor = "l4x1"
timeout = "1h"
network_group = "train"
times = 2
"""


def run(world: Workspace, _: Path) -> None:
    """Send a job as it was typed."""
    hp.run(image="python:3.12", command=["id"], flavor="l4x1", timeout="1h", key=KEY, workspace=world)


def uv_run(world: Workspace, _: Path) -> None:
    """Send the command of a package, which needs no file of this machine."""
    script = ScriptRun(script="lighteval", args=("--tasks", "gsm8k"))
    request = read_script_run(AskedJob(flavor="l4x1", timeout="1h"), script, {}, values=True)
    asked = know_request(request, JobNeeds(), world, sends=True)
    if sent_before(asked, KEY, world) is None:
        sender = Sender(asked, KEY, books_of(world, world.listing()), world)
        sender.send(sender.plan())


def rerun(world: Workspace, _: Path) -> None:
    """Send a job that ran again."""
    (job_id,) = (job.id for job in world.hub().list_jobs("alice") if not job.labels)
    hp.rerun(job=job_id, key=KEY, workspace=world)


def sweep(world: Workspace, _: Path) -> None:
    """Send four jobs, of a trial each."""
    hp.sweep(
        trials=4, accelerator="l4", duration="50m@l4x1", deadline="2h", run=True, image="python:3.12",
        command=["python", "trials.py"], key=KEY, workspace=world,
    )  # fmt: skip


def group(world: Workspace, folder: Path) -> None:
    """Send the three jobs of a network group."""
    path = folder / "jobs.toml"
    path.write_text(GROUP, encoding="utf-8")
    runner = GroupRunner(read_group(path, None, KEY), world, books_of(world, world.listing()))
    runner.send(runner.plan())


WAYS: dict[str, tuple[Callable[[Workspace, Path], None], int]] = {
    "run": (run, 1),
    "uv run": (uv_run, 1),
    "rerun": (rerun, 1),
    "sweep": (sweep, 4),
    "group run": (group, 3),
}


@pytest.fixture
def world(tmp_path: Path, hub: Hub) -> Iterator[Workspace]:
    """Return a world at the emulator, as alice, with a job that ran, and a budget that has room for all of them."""
    hub.default_fate(Fate(running_secs=None))
    (tmp_path / "hfplanner.toml").write_text('[[budget]]\nname = "b"\nlimit_usd = "50.00"\nperiod = "total"\n')
    hub.add_jobs(1, flavor="l4x1", timeoutSeconds=3600)
    with Workspace(home=tmp_path / "home", endpoint=hub.url, token=hub.token, working_folder=tmp_path) as opened:
        yield opened


def _sent(hub: Hub) -> tuple[int, int]:
    """Return how many requests for a job there were, and how many jobs came of them."""
    posts = sum(asked.method == "POST" and asked.path == "/api/jobs/alice" for asked in hub.requests())
    return posts, sum("hfplanner-sid" in (spec.get("labels") or {}) for spec in hub.specs())


def _told(send: Callable[[Workspace, Path], None], world: Workspace, folder: Path) -> HfplannerError | None:
    """Send, and return the error that ended it, if one did."""
    try:
        send(world, folder)
    except HfplannerError as error:
        return error
    return None


def _states(world: Workspace) -> list[State]:
    return sorted(one.state for one in world.ledger().submissions())


@pytest.mark.parametrize("fault", HOSTILE)
@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_proves_nothing_holds_the_money_of_one_job(
    world: Workspace, hub: Hub, tmp_path: Path, way: str, fault: str
) -> None:
    """The first job is UNKNOWN and held, the others are sent; the same again sends nothing, and it is found."""
    (send, jobs), (answer, exists) = WAYS[way], UNKNOWN[fault]
    hub.fault(method="POST", path="/api/jobs/alice$", **answer)
    told = _told(send, world, tmp_path)
    assert isinstance(told, SubmissionUnknown) == (jobs == 1)
    assert _states(world) == sorted([State.UNKNOWN, *[State.LAUNCHED] * (jobs - 1)])
    assert _sent(hub) == (jobs, jobs - 1 + exists)
    hub.clear_faults()
    _told(send, world, tmp_path)
    reconcile(world.submitter(), books_of(world, world.listing()))
    assert _states(world) == sorted([State.LAUNCHED if exists else State.UNKNOWN, *[State.LAUNCHED] * (jobs - 1)])
    assert _sent(hub) == (jobs, jobs - 1 + exists)
    held = sum(one.cap_micro_usd for one in world.ledger().submissions())
    assert hp.budgets(workspace=world).to_dict()["budgets"][0]["held_micro_usd"] == held
    assert world.ledger().verify() == ()


@pytest.mark.parametrize("answer", [{"status": 403}, {"status": 429, "headers": RATE_LIMITED}], ids=["403", "429"])
@pytest.mark.parametrize("way", WAYS)
def test_the_hubs_own_refusal_lets_the_money_of_a_job_go(
    world: Workspace, hub: Hub, tmp_path: Path, way: str, answer: dict[str, Any]
) -> None:
    """The first job is VOID after one request, and nothing runs; where more may be sent later, they stay reserved."""
    send, jobs = WAYS[way]
    hub.fault(method="POST", path="/api/jobs/alice$", before=True, **answer)
    told = _told(send, world, tmp_path)
    assert not isinstance(told, SubmissionUnknown)
    assert told is not None or way == "group run"
    others = State.VOID if answer["status"] == 403 else State.RESERVED
    assert _states(world) == sorted([State.VOID, *[others] * (jobs - 1)])
    assert (_sent(hub), world.ledger().verify()) == ((1, 0), ())


class Meanwhile:
    """An uploader that takes its time: while it works, somebody else does something."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act

    def files(self, bucket: str, folder: str, files: Mapping[str, Path]) -> None:  # noqa: ARG002 - of the interface
        """Bring nothing, and let it be done."""
        self.act()

    def folder(self, namespace: str, folder: LocalFolder) -> None:  # noqa: ARG002 - of the interface
        """Bring nothing, and let it be done."""
        self.act()


def _with_a_folder(world: Workspace, folder: Path) -> KnownRequest:
    """Return a job of $0.80 that needs a folder of this machine."""
    (folder / "data").mkdir()
    volume = [f"{folder / 'data'}:/data"]
    asked = AskedJob(image="python:3.12", command=("id",), flavor="l4x1", timeout="1h", volume=volume)
    return know_request(read_job(asked, {}, values=True), JobNeeds(), world, sends=True)


def test_what_is_spent_while_files_go_up_is_not_overspent(world: Workspace, hub: Hub, tmp_path: Path) -> None:
    """The plan was allowed; when its files are there, somebody else has taken the rest of the budget."""
    (tmp_path / "hfplanner.toml").write_text('[[budget]]\nname = "b"\nlimit_usd = "1.00"\nperiod = "total"\n')
    asked = _with_a_folder(world, tmp_path)
    uploader = Meanwhile(lambda: run(world, tmp_path))
    sender = Sender(asked, "mine", books_of(world, world.listing()), world, uploader)
    with pytest.raises(hp.BudgetRefused, match=r"\$0\.20"):
        sender.send(sender.plan())
    assert (_sent(hub), world.ledger().by_key("mine"), world.ledger().verify()) == ((1, 1), None, ())


def test_files_that_change_while_they_go_up_send_no_job(world: Workspace, hub: Hub, tmp_path: Path) -> None:
    """What the job would read is not what was brought."""
    script = tmp_path / "train.py"
    script.write_text("print(1)")
    run_ = load_script(ScriptRun(script=str(script)), tmp_path)
    request = read_script_run(AskedJob(flavor="l4x1", timeout="1h"), run_, {}, values=True)
    asked = know_request(request, JobNeeds(), world, sends=True)
    sender = Sender(
        asked, KEY, books_of(world, world.listing()), world, Meanwhile(lambda: script.write_text("print(2)"))
    )
    with pytest.raises(hp.UsageError, match="changed while they went up"):
        sender.send(sender.plan())
    assert _sent(hub) == (0, 0)
