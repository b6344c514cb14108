"""The world is opened in one place: from arguments alone, or from the environment."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hfplanner.errors import HubUnreachable, LedgerError, TokenError
from hfplanner.plan.workspace import Workspace

NOW = datetime(2026, 9, 1, tzinfo=UTC)
POLICY = '[[budget]]\nname = "{name}"\nlimit_usd = "5.00"\nperiod = "month"\n'


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    """Listing, policy, books and history of an empty home are there, and no file is."""
    home = tmp_path / "home"
    with Workspace(home=home, offline=True, working_folder=tmp_path, clock=lambda: NOW) as workspace:
        assert (workspace.listing().source, workspace.policy().sources) == ("shipped", ())
        assert (workspace.hub(), workspace.history_jobs(), workspace.history_bills()) == (None, None, None)
        assert (workspace.history_gaps(), workspace.books().by_key("nightly")) == ((), None)
    assert not home.exists()


def test_the_environment_names_the_world(tmp_path: Path) -> None:
    """Every variable has its place, and what is given wins."""
    named = {
        "HFPLANNER_HOME": str(tmp_path),
        "HFPLANNER_LEDGER": "/srv/books.sqlite3",
        "HFPLANNER_POLICY": "/srv/team.toml",
        "HF_ENDPOINT": "http://127.0.0.1:8000/",
        "HF_HUB_OFFLINE": "1",
        "LR": "3e-4",
    }
    workspace = Workspace.from_environ(named)
    assert (workspace.home.history, workspace.home.cache) == (tmp_path / "history", tmp_path / "cache")
    assert (workspace.ledger_address, workspace.endpoint, workspace.offline) == (
        "/srv/books.sqlite3",
        "http://127.0.0.1:8000",
        True,
    )
    assert workspace.variables["LR"] == "3e-4"
    assert Workspace.from_environ(named, ledger="mine.sqlite3").ledger_address == "mine.sqlite3"
    assert Workspace.from_environ({"HFPLANNER_HOME": str(tmp_path)}, offline=True).offline


def test_the_policy_that_is_named_counts_alone(tmp_path: Path) -> None:
    """By an argument, or by the environment; else the working folder's."""
    for name in ("here", "named"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "hfplanner.toml").write_text(POLICY.format(name=name), encoding="utf-8")
    here, named = tmp_path / "here", tmp_path / "named" / "hfplanner.toml"

    def names(workspace: Workspace) -> list[str]:
        return [budget.name for budget in workspace.policy().budgets]

    home = tmp_path / "home"
    assert names(Workspace(home=home, working_folder=here)) == ["here"]
    assert names(Workspace(home=home, working_folder=here, policy=named)) == ["named"]


def test_a_ledger_is_made_where_it_is_written_and_not_where_it_is_named_wrongly(tmp_path: Path) -> None:
    """One file, opened once; a mistyped path is an error."""
    with Workspace(home=tmp_path, offline=True, working_folder=tmp_path) as workspace:
        assert workspace.ledger() is workspace.ledger()
        assert workspace.books() is workspace.ledger()
        assert (tmp_path / "ledger.sqlite3").is_file()
    mistyped = Workspace(home=tmp_path, ledger=tmp_path / "ledger.sqlit", working_folder=tmp_path)
    with mistyped, pytest.raises(LedgerError, match="There is no ledger"):
        mistyped.ledger(must_exist=True)


def test_nothing_can_be_sent_offline_or_without_a_token(tmp_path: Path) -> None:
    """It is said what to do."""
    with (
        Workspace(home=tmp_path, offline=True, working_folder=tmp_path) as workspace,
        pytest.raises(HubUnreachable) as offline,
    ):
        workspace.submitter()
    assert "--offline" in (offline.value.hint or "")
    with (
        Workspace(
            home=tmp_path,
            token="hf bad",  # noqa: S106 - one that cannot be sent
            working_folder=tmp_path,
        ) as workspace,
        pytest.raises(TokenError),
    ):
        workspace.submitter()
