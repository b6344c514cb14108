"""Which policy holds: the one that was named, or the user's, tightened by the one in the working directory."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hfplanner.budget.policy import NO_POLICY, Policy, tightened, with_defaults
from hfplanner.files import home_folder

__all__ = ["POLICY_NAME", "find_policy", "user_policy_path"]

POLICY_NAME = "hfplanner.toml"


def user_policy_path(environ: Mapping[str, str]) -> Path:
    """Return where the user's policy is: ``$HFPLANNER_HOME/config``, or the platform's folder for configuration.

    >>> user_policy_path({"HFPLANNER_HOME": "/srv/plans"}).as_posix()
    '/srv/plans/config/hfplanner.toml'
    """
    home = home_folder(environ)
    if home is not None:
        return home / "config" / POLICY_NAME
    import platformdirs  # noqa: PLC0415 - not needed where HFPLANNER_HOME is set

    return Path(platformdirs.user_config_dir("hfplanner", appauthor=False)) / POLICY_NAME


def find_policy(named: Path | None, environ: Mapping[str, str], working_folder: Path) -> Policy:
    """Return the policy that holds, its limits completed with the defaults.

    Args:
        named: by ``--policy``; it alone counts. Next comes ``HFPLANNER_POLICY``.
        environ: the environment.
        working_folder: whose ``hfplanner.toml`` may tighten the user's own, and nothing else.

    Returns:
        :data:`~hfplanner.budget.policy.NO_POLICY` where there is no file at all.

    Raises:
        PolicyError: a file that counts cannot be read, or says what cannot be meant. A missing one that was named is
            such a file.
    """
    if named is None and environ.get("HFPLANNER_POLICY"):
        named = Path(environ["HFPLANNER_POLICY"]).expanduser()
    if named is not None:
        return _completed(_read(named))
    users, project = user_policy_path(environ), working_folder / POLICY_NAME
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
