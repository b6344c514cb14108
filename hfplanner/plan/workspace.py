"""The world of a plan, opened in one place: prices, policy, books, history, the Hub, and the time.

Everything comes in by argument; :meth:`Workspace.from_environ` is the one place that reads the environment. Nothing is
opened before it is asked for, and what was opened is closed at the end.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hfplanner.api.settings import DEFAULT_ENDPOINT, read_hub_settings, read_token
from hfplanner.errors import HubUnreachable, LedgerError, Outcome, TokenError
from hfplanner.plan.home import Home

if TYPE_CHECKING:
    import httpx
    import polars as pl

    from hfplanner.api.client import JobsClient
    from hfplanner.api.models import ScheduledJobInfo
    from hfplanner.budget.caller import Caller
    from hfplanner.budget.ledger.books import Books
    from hfplanner.budget.ledger.ledger import Ledger
    from hfplanner.budget.off_ledger import LedgerReader
    from hfplanner.budget.policy import Policy
    from hfplanner.catalog.listing import Listing
    from hfplanner.history.store import HistoryStore
    from hfplanner.models.load import ModelSource
    from hfplanner.submit.send import Submitter

__all__ = ["Workspace", "now_utc"]


def now_utc() -> datetime:
    """Return the time: the one place that asks for it, where no clock is given."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """What a workspace was given; the arguments are those of :class:`Workspace`."""

    home: Home
    endpoint: str
    token: str | None
    offline: bool
    policy: Path | None
    ledger: str
    clock: Callable[[], datetime]
    working_folder: Path
    variables: Mapping[str, str]
    caller: "Caller | None"
    transport: "httpx.BaseTransport | None"


class Workspace:
    """One user's world. A context manager; without one, call :meth:`close`.

    Args:
        home: where their files are; a folder that holds everything, or the platform's own folders.
        endpoint: the Hub, without a trailing slash.
        token: of the Hub; ``None`` is the one that ``huggingface_hub`` would send.
        offline: do not ask the Hub.
        policy: the one that counts; ``None`` is the user's own, tightened by ``hfplanner.toml`` in the working folder.
        ledger: a path, or the URL of a PostgreSQL database; ``None`` is the one in the home.
        clock: returns now, UTC.
        working_folder: whose ``hfplanner.toml`` counts; ``None`` is the process's own.
        variables: what ``-e NAME`` without a value means, and what an agent is known by.
        caller: who calls; ``None`` is as the variables tell.
        transport: what carries requests; the network by default.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Workspace(home=Path(folder), offline=True) as workspace:
    ...     workspace.listing().source, workspace.policy().budgets, workspace.hub()
    ('shipped', (), None)
    """

    def __init__(  # noqa: PLR0913 - the world, each part of which a test replaces
        self,
        *,
        home: Home | Path | None = None,
        endpoint: str = DEFAULT_ENDPOINT,
        token: str | None = None,
        offline: bool = False,
        policy: Path | None = None,
        ledger: str | Path | None = None,
        clock: Callable[[], datetime] = now_utc,
        working_folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
        caller: "Caller | None" = None,
        transport: "httpx.BaseTransport | None" = None,
    ) -> None:
        folders = home if isinstance(home, Home) else Home(home)
        self._world = _World(
            home=folders,
            endpoint=endpoint,
            token=token,
            offline=offline,
            policy=policy,
            ledger="" if ledger is None else str(ledger),
            clock=clock,
            working_folder=working_folder or Path.cwd(),
            variables=variables or {},
            caller=caller,
            transport=transport,
        )
        self._open = ExitStack()
        self._hub: JobsClient | None = None
        self._ledger: Ledger | None = None
        self._books: Books | None = None
        self._policy: Policy | None = None
        self._submitter: Submitter | None = None

    @classmethod
    def from_environ(  # noqa: PLR0913 - what a command line or a caller may say instead
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        offline: bool = False,
        policy: str | Path | None = None,
        ledger: str | None = None,
        clock: Callable[[], datetime] = now_utc,
        caller: "Caller | None" = None,
    ) -> "Workspace":
        """Return the world as the environment names it, save what is given.

        Raises:
            UsageError: ``HFPLANNER_HOME`` begins with the home of a user who does not exist.

        >>> Workspace.from_environ({"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:8000/"}).endpoint
        'http://127.0.0.1:8000'
        """
        found = os.environ if environ is None else environ
        settings = read_hub_settings(found)
        named = policy or found.get("HFPLANNER_POLICY") or None
        return cls(
            home=Home.from_environ(found),
            endpoint=settings.endpoint,
            token=token,
            offline=offline or settings.offline,
            policy=None if named is None else Path(named).expanduser(),
            ledger=ledger or found.get("HFPLANNER_LEDGER") or None,
            clock=clock,
            variables=found,
            caller=caller,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Workspace(endpoint={self.endpoint!r}, offline={self.offline})"

    def close(self) -> None:
        """Close what was opened."""
        self._hub = self._ledger = self._books = self._submitter = None
        self._open.close()

    @property
    def home(self) -> Home:
        """Where the user's files are."""
        return self._world.home

    @property
    def endpoint(self) -> str:
        """The Hub."""
        return self._world.endpoint

    @property
    def offline(self) -> bool:
        """Whether the Hub must not be asked."""
        return self._world.offline

    @property
    def variables(self) -> Mapping[str, str]:
        """The user's environment variables, for jobs that are given them by name."""
        return self._world.variables

    @property
    def token(self) -> str | None:
        """The token as it was given."""
        return self._world.token

    def now(self) -> datetime:
        """Return the time, UTC."""
        return self._world.clock()

    def listing(self, *, refresh: bool = False) -> "Listing":
        """Return what can be rented: asked now, kept, or shipped; its ``warnings`` say what went wrong on the way.

        Raises:
            UsageError: offline, and ``refresh`` asks the Hub.
        """
        from hfplanner.catalog.cache import ListingCache  # noqa: PLC0415 - where it is asked for
        from hfplanner.catalog.load import ListingRequest, load_listing  # noqa: PLC0415 - as above

        cache = ListingCache(self.home.cache, self.endpoint)
        request = ListingRequest(cache=cache, offline=self.offline, refresh=refresh)
        return load_listing(request, now=self.now(), transport=self._world.transport)

    def policy(self) -> "Policy":
        """Return the policy that holds, read once.

        Raises:
            PolicyError: it cannot be read.
        """
        if self._policy is None:
            from hfplanner.budget.policy_find import find_policy, named_policy  # noqa: PLC0415 - where it is asked for

            named, folder = self._world.policy, self._world.working_folder
            self._policy = find_policy(self.home.policy, folder) if named is None else named_policy(named)
        return self._policy

    def caller(self) -> "Caller":
        """Return who calls this program: a person, or an agent that says so or is detected."""
        if self._world.caller is not None:
            return self._world.caller
        from hfplanner.budget.caller import find_caller  # noqa: PLC0415 - where a job is judged

        return find_caller(self.variables, self.now())

    def hub(self) -> "JobsClient | None":
        """Return a client of the Hub, opened once; ``None`` offline, or without a token.

        Raises:
            TokenError: there is a token that cannot be sent.
            UsageError: the endpoint is not one to talk to.
        """
        if self.offline:
            return None
        if self._hub is None:
            from hfplanner.api.auth import Token, find_token  # noqa: PLC0415 - httpx

            token = Token(self.token.strip()) if self.token is not None else find_token()
            if token is None:
                return None
            from hfplanner.api.client import JobsClient  # noqa: PLC0415 - httpx

            client = JobsClient(self.endpoint, token=token, transport=self._world.transport)
            self._hub = self._open.enter_context(client)
        return self._hub

    def hub_to_ask(self) -> "JobsClient":
        """Return a client of the Hub, for what cannot be done without it.

        Raises:
            TokenError: there is no token.
            HubUnreachable: offline.
        """
        if self.offline:
            raise HubUnreachable(
                "This asks the Hub, and the program is told to stay offline.",
                hint="Leave out --offline and HF_HUB_OFFLINE.",
                outcome=Outcome.NOT_SENT,
            )
        hub = self.hub()
        if hub is None:
            raise TokenError("There is no token of the Hub.", hint="Run `hf auth login`, or set HF_TOKEN.")
        return hub

    def ledger(self, *, must_exist: bool = False) -> "Ledger":
        """Return the ledger, opened once; a file that is not there is made.

        Args:
            must_exist: refuse to make one.

        Raises:
            LedgerError: it cannot be used, or is not there and must not be made.
        """
        if self._ledger is None:
            from hfplanner.budget.ledger.open import open_ledger  # noqa: PLC0415 - where it is asked for

            if must_exist and not self._has_ledger():
                raise LedgerError(
                    f"There is no ledger at {self.ledger_address}.", hint="`hfplanner run --ledger` makes one."
                )
            self._ledger = self._open.enter_context(open_ledger(self.ledger_address))
        return self._ledger

    @property
    def ledger_address(self) -> str:
        """Where the ledger is."""
        return self._world.ledger or str(self.home.ledger)

    def books(self) -> "LedgerReader":
        """Return the ledger to look at; where there is no file yet, empty books, and none is made.

        Raises:
            LedgerError: it cannot be used.
        """
        if self._ledger is not None:
            return self._ledger
        if not self._has_ledger():
            from hfplanner.plan.evidence import EMPTY_BOOKS  # noqa: PLC0415 - where it is asked for

            return EMPTY_BOOKS
        if self._books is None:
            from hfplanner.budget.ledger.open import open_books  # noqa: PLC0415 - where it is asked for

            self._books = self._open.enter_context(open_books(self.ledger_address))
        return self._books

    def _has_ledger(self) -> bool:
        address = self.ledger_address
        return "://" in address or os.path.lexists(Path(address).expanduser())

    def history(self) -> "HistoryStore":
        """Return the local history of jobs."""
        from hfplanner.history.store import HistoryStore  # noqa: PLC0415 - polars

        return HistoryStore(self.home.history)

    def history_jobs(self) -> "Callable[[], pl.LazyFrame] | None":
        """Return what gives the history's jobs, ``None`` where it has none: then nothing heavy is loaded.

        Raises:
            HistoryError: it is damaged, or of a newer version.
        """
        if not self._has_history():
            return None
        from hfplanner.history.manifest import read_manifest  # noqa: PLC0415 - where it is asked for

        return self.history().scan if any(read_manifest(self.home.history).months.values()) else None

    def _has_history(self) -> bool:
        # What cannot be looked at is there, and says so when it is read.
        return os.path.lexists(self.home.history)

    def history_gaps(self) -> tuple[str, ...]:
        """Return where the history is known to lack jobs, a sentence each.

        Raises:
            HistoryError: it is damaged, or of a newer version.
        """
        if not self._has_history():
            return ()
        from hfplanner.history.manifest import read_manifest  # noqa: PLC0415 - as above

        sources = read_manifest(self.home.history).sources
        return tuple(
            f"{state.source}: {state.reason or 'it was not read to its end'}" for state in sources if not state.complete
        )

    def history_schedules(self) -> "tuple[ScheduledJobInfo, ...]":
        """Return the schedules that syncs kept, of every namespace of this Hub.

        Raises:
            HistoryError: they cannot be read.
        """
        if not (self.home.history / "schedules").is_dir():
            return ()
        from hfplanner.history.schedules import read_schedules  # noqa: PLC0415 - pydantic, where some were kept

        kept = (one for one in read_schedules(self.home.history) if one.source == self.endpoint)
        return tuple(schedule for one in kept for schedule in one.schedules)

    def history_bills(self) -> "pl.LazyFrame | None":
        """Return what the service billed, from the bills that a sync keeps; ``None`` where there are none.

        Raises:
            HistoryError: they cannot be read.
        """
        if not (self.home.history / "bills").is_dir():
            return None
        from hfplanner.history.bills import read_bills  # noqa: PLC0415 - polars, for those who have bills

        return read_bills(self.history()).settled()

    def model_source(self) -> "ModelSource":
        """Return where models are asked for."""
        from hfplanner.models.load import ModelSource  # noqa: PLC0415 - only where a model is named

        return ModelSource(
            endpoint=self.endpoint,
            token=self.token or read_token(self.variables),
            offline=self.offline,
            transport=self._world.transport,
        )

    def submitter(self) -> "Submitter":
        """Return everything a submission needs: the books, the Hub, this machine, and the time.

        Raises:
            LedgerError: the ledger cannot be used.
            TokenError: there is no token.
            HubUnreachable: offline.
        """
        if self._submitter is not None:
            return self._submitter
        from hfplanner.submit.machine import this_machine  # noqa: PLC0415 - where something is sent
        from hfplanner.submit.send import Submitter  # noqa: PLC0415 - httpx

        hub = self.hub_to_ask()
        machine = this_machine(self.home.data)
        self._submitter = Submitter(ledger=self.ledger(), hub=hub, machine=machine, clock=self.now)
        return self._submitter
