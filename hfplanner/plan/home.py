"""Where a user's files are: all of them in one folder, or each kind where the platform keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hfplanner.files import data_folder, home_folder

__all__ = ["Home"]


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one user.

    Args:
        folder: that holds everything; ``None`` for the platform's own folders.
        is_moved: whether the folder is where ``HFPLANNER_HOME`` moved history and ledger to: the user's policy in the
            platform's folder for configuration holds all the same, where the folder has none.

    >>> Home(Path("/srv/plans")).history.as_posix()
    '/srv/plans/history'
    """

    folder: Path | None = None
    is_moved: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Home":
        """Return the folders that ``HFPLANNER_HOME`` says.

        Raises:
            UsageError: it begins with the home of a user who does not exist.
        """
        return cls(home_folder(environ), is_moved=True)

    @property
    def data(self) -> Path:
        """What a user must not lose: history and ledger."""
        return data_folder(self.variables)

    @property
    def cache(self) -> Path:
        """What can be asked for again."""
        from hfplanner.catalog.cache import default_cache_folder  # noqa: PLC0415 - not every question needs a listing

        return default_cache_folder(self.variables)

    @property
    def history(self) -> Path:
        """The local history of jobs."""
        return self.data / "history"

    @property
    def ledger(self) -> Path:
        """The ledger where no other is named."""
        return self.data / "ledger.sqlite3"

    @property
    def policy(self) -> Path:
        """The user's own policy, which need not be there."""
        from hfplanner.budget.policy_find import user_policy_path  # noqa: PLC0415 - not every question needs a policy

        return user_policy_path(self.folder, is_moved=self.is_moved)

    @property
    def variables(self) -> Mapping[str, str]:
        """The folders as variables of the environment, for what reads them there."""
        return {} if self.folder is None else {"HFPLANNER_HOME": str(self.folder)}
