"""Which policy holds: the one that was named, or the user's, tightened by the one in the working directory."""

from dataclasses import replace
from pathlib import Path

from hfplanner.budget.policy import NO_POLICY, Policy, tightened, with_defaults

__all__ = ["POLICY_NAME", "find_policy", "named_policy", "user_policy_path"]

POLICY_NAME = "hfplanner.toml"


def user_policy_path(home: Path | None, *, is_moved: bool = False) -> Path:
    """Return where the user's policy is: in a home's own folder ``config``, or in the platform's for configuration.

    Args:
        home: that holds everything; ``None`` for the platform's folders.
        is_moved: whether the platform's folder counts where the home has no policy.

    >>> user_policy_path(Path("/srv/plans")).as_posix()
    '/srv/plans/config/hfplanner.toml'
    """
    own = None if home is None else home / "config" / POLICY_NAME
    if own is not None and (not is_moved or _is_there(own)):
        return own
    import platformdirs  # noqa: PLC0415 - not needed where a home has a policy

    return Path(platformdirs.user_config_dir("hfplanner", appauthor=False)) / POLICY_NAME


def named_policy(path: Path) -> Policy:
    """Return the policy that ``--policy`` or ``HFPLANNER_POLICY`` names, its limits completed: it alone counts.

    Raises:
        PolicyError: it cannot be read, also because it is missing, or says what cannot be meant.
    """
    return _completed(_read(path))


def find_policy(users: Path, working_folder: Path) -> Policy:
    """Return the policy that holds, its limits completed with the defaults.

    Args:
        users: the user's own, which need not be there.
        working_folder: whose ``hfplanner.toml`` may tighten the user's own, and nothing else.

    Returns:
        :data:`~hfplanner.budget.policy.NO_POLICY` where there is no file at all.

    Raises:
        PolicyError: a file that is there cannot be read, or says what cannot be meant.
    """
    project = working_folder / POLICY_NAME
    names = {users: str(users), project: POLICY_NAME}
    found = [_read(path, names[path]) for path in _different(users, project) if _is_there(path)]
    if not found:
        return NO_POLICY
    first = _completed(found[0])
    return tightened(first, found[1]) if len(found) > 1 else first


def _read(path: Path, source: str | None = None) -> Policy:
    from hfplanner.budget.policy_file import read_policy  # noqa: PLC0415 - pydantic, for those who have a policy

    return read_policy(path, source=source)


def _completed(policy: Policy) -> Policy:
    return replace(policy, limits=with_defaults(policy.limits))


def _different(users: Path, project: Path) -> tuple[Path, ...]:
    """Return both files, or one where the working directory is that of the user's policy."""
    try:
        return (users,) if users.samefile(project) else (users, project)
    except OSError:
        return (users, project)


def _is_there(path: Path) -> bool:
    """Whether there is anything at all: a policy that cannot be read is not one that does not exist."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
