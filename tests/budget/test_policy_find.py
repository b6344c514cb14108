from pathlib import Path

import pytest

from hfplanner.budget.policy import DEFAULT_LIMITS, NO_POLICY
from hfplanner.budget.policy_find import find_policy, named_policy, user_policy_path
from hfplanner.errors import PolicyError
from hfplanner.plan.workspace import Workspace

OURS = '[[budget]]\nname = "ours"\nlimit_usd = "5"\n'
THEIRS = '[[budget]]\nname = "theirs"\nlimit_usd = "7"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with a user's policy, beside a project without one."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "hfplanner.toml").write_text(OURS, encoding="utf-8")
    (tmp_path / "project").mkdir()
    return tmp_path


def _names(home: Path) -> list[str]:
    found = find_policy(user_policy_path(home), home / "project")
    return [budget.name for budget in found.budgets]


def test_without_a_file_nothing_is_limited(tmp_path: Path) -> None:
    """No policy is a policy without sources."""
    assert find_policy(user_policy_path(tmp_path), tmp_path) is NO_POLICY


def test_the_users_policy_holds_everywhere(home: Path) -> None:
    """It is in the folder for configuration, and its limits are completed with the defaults."""
    assert _names(home) == ["ours"]
    assert find_policy(user_policy_path(home), home / "project").limits == DEFAULT_LIMITS


def test_a_projects_policy_comes_on_top(home: Path) -> None:
    """Both count."""
    (home / "project" / "hfplanner.toml").write_text(THEIRS, encoding="utf-8")
    assert _names(home) == ["ours", "theirs"]


def test_a_named_policy_alone_counts(home: Path) -> None:
    """An option goes before the variable, the variable before the files."""
    one, other = home / "one.toml", home / "other.toml"
    one.write_text(THEIRS, encoding="utf-8")
    other.write_text("", encoding="utf-8")
    assert [budget.name for budget in named_policy(one).budgets] == ["theirs"]

    def by_variable(named: str, policy: Path | None = None) -> list[str]:
        environ = {"HFPLANNER_HOME": str(home), "HFPLANNER_POLICY": named}
        with Workspace.from_environ(environ, policy=policy) as workspace:
            return [budget.name for budget in workspace.policy().budgets]

    assert by_variable(str(one)) == ["theirs"]
    assert by_variable(str(one), policy=other) == []
    assert by_variable("") == ["ours"]  # the home's own, so that nobody's else is looked for


def test_a_named_policy_that_is_missing_is_an_error(home: Path) -> None:
    """Else a slip of the pen would lift every limit."""
    with pytest.raises(PolicyError, match="cannot be read"):
        named_policy(home / "typo.toml")


def test_the_working_directory_may_be_that_of_the_users_policy(home: Path) -> None:
    """One file is one policy, not two that contradict each other."""
    assert len(find_policy(user_policy_path(home), home / "config").sources) == 1


@pytest.mark.parametrize("where", ["config", "project"])
def test_a_policy_that_is_there_and_cannot_be_read_is_an_error(where: str, home: Path) -> None:
    """A link to nothing is not the same as nothing."""
    path = home / where / "hfplanner.toml"
    path.unlink(missing_ok=True)
    path.symlink_to(home / "gone.toml")
    with pytest.raises(PolicyError, match="cannot be read"):
        _names(home)


def test_a_project_cannot_move_money_elsewhere(home: Path) -> None:
    """Its file may not name a ledger, a token or an endpoint."""
    (home / "project" / "hfplanner.toml").write_text('ledger = "/dev/null"\n', encoding="utf-8")
    with pytest.raises(PolicyError, match="never may"):
        _names(home)
