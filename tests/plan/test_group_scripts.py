"""Scripts in a network group: what the file of jobs says, what their headers say, and what goes up."""

import time
from pathlib import Path

from hfplanner.plan.group_run import GroupRunner, read_group
from hfplanner.plan.sending import bring_up_to_date
from hfplanner.plan.spec_check import check_specs
from hfplanner.plan.workspace import Workspace
from hfplanner.specs.discover import find_specs
from tests.hub.control import Hub
from tests.plan.test_script_run import Recorder

SCRIPT = """\
# /// script
# [tool.hf-jobs]
# flavor = "l4x1"
# timeout = "2h"
# image = "acme/uv:1"
# secrets = ["KEY"]
# env = { LEVEL = "info" }
# ///
"""
FILE = """
[jobs.head]
image = "python:3.12"
command = "python serve.py"
flavor = "l4x1"
timeout = "1h"
network_group = "train"

[jobs.worker]
script = "work.py"
args = ["--lr", "0.1"]
timeout = "1h"
env = { LR = "$x" }
network_group = "train"
network_aliases = ["w"]
times = 2
"""


def test_a_script_is_sent_as_uv_run_sends_it(hub: Hub, tmp_path: Path) -> None:
    """The header counts where the file says nothing, for the check and for what is sent; the file wins; it goes up."""
    (tmp_path / "work.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "jobs.toml").write_text(FILE, encoding="utf-8")
    hub.set_clock(time.time())
    recorder = Recorder()
    with Workspace(home=tmp_path, endpoint=hub.url, token=hub.token, variables={"KEY": "hush"}) as workspace:
        checked = {one.found.title: one for one in check_specs(find_specs([tmp_path / "jobs.toml"]), workspace).jobs}
        assert (checked["worker"].flavor, checked["worker"].timeout_secs) == ("l4x1", 3600)
        books = bring_up_to_date(workspace, workspace.listing()).books
        runner = GroupRunner(read_group(tmp_path / "jobs.toml", None, "night"), workspace, books, recorder)
        planned = runner.plan()
        assert planned.decision.worst_case_micro_usd == 3 * 60 * 13333
        done = runner.send(planned)
        assert [one.state.value for one in done.submissions.values()] == ["LAUNCHED"] * 3
    for worker in hub.specs()[1:]:
        assert worker["command"] == ["uv", "run", "/data/work.py", "--lr", "0.1"]
        assert (worker["dockerImage"], worker["flavor"], worker["timeoutSeconds"]) == ("acme/uv:1", "l4x1", 3600)
        assert (worker["environment"], worker["secrets"]) == ({"LEVEL": "info", "LR": "$x"}, {"KEY": "hush"})
        assert worker["network"] == {"group": "train", "aliases": ["w"]}
        assert worker["labels"]["name"] == "worker"
        assert (worker["volumes"][0]["source"], worker["volumes"][0]["mountPath"]) == ("alice/jobs-artifacts", "/data")
    assert [(bucket, list(files.items())) for bucket, _, files in recorder.sent] == [
        ("alice/jobs-artifacts", [("work.py", SCRIPT)])
    ] * 2
