"""A job that is planned and sent: the books brought up to date first, every word of the plan read after them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfplanner.budget.decision import Decision, Verdict
from hfplanner.catalog.listing import Listing
from hfplanner.errors import (
    BudgetBlocked,
    BudgetError,
    BudgetRefused,
    HubError,
    LedgerError,
    SubmissionUnknown,
    UsageError,
)
from hfplanner.plan.account import Account, find_account
from hfplanner.plan.after_upload import planned_after
from hfplanner.plan.approvals import ask_approval
from hfplanner.plan.evidence import kept_bills
from hfplanner.plan.job_plan import JobPlan, KnownRequest
from hfplanner.plan.uploads import HubUploader, Uploader
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from hfplanner.api.client import JobsClient
    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.budget.ledger.changes import Settlement
    from hfplanner.budget.ledger.records import Submission
    from hfplanner.submit.charging import Charging
    from hfplanner.submit.send import Submitted

__all__ = [
    "Sender",
    "UpToDate",
    "books_of",
    "bring_up_to_date",
    "held_for",
    "refusal_of",
    "refuse_empty_key",
    "sent_before",
    "sent_before_words",
    "who_submits",
]

# Reasons that count what is held, which a job that takes another's place frees.
_WHAT_IS_HELD = frozenset(
    {
        "over_budget",
        "over_agent_day",
        "over_agent_session",
        "over_max_running_jobs",
        "over_max_running_per_owner",
        "over_max_running_price",
    }
)

# How long the Hub is asked who submits.
_WHO_SECS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpToDate:
    """What bringing the books up to date found.

    Args:
        books: what charges a job that nobody reserved money for.
        warnings: what changed, and what could not be asked, a sentence each.
    """

    books: "Charging"
    warnings: tuple[str, ...]


def books_of(workspace: Workspace, listing: Listing, namespaces: tuple[str, ...] = ()) -> "Charging":
    """Return what charges a job that nobody reserved money for: the policy, the prices, and the bills that are kept.

    Args:
        workspace: where policy and bills are.
        listing: the prices.
        namespaces: to be looked at beside those of the ledger.

    Raises:
        PolicyError: the policy cannot be read.
        HistoryError: the bills cannot be read.
    """
    from hfplanner.submit.charging import charging_for  # noqa: PLC0415 - httpx

    return charging_for(workspace.policy(), listing, bills=kept_bills(workspace), namespaces=namespaces)


def bring_up_to_date(workspace: Workspace, listing: Listing) -> UpToDate:
    """Settle what has ended and find what is unknown, so that a decision stands on the books as they are.

    Raises:
        PolicyError: the policy cannot be read.
        LedgerError: the ledger cannot be used.
        HistoryError: the bills cannot be read.
        TokenError: there is no token.
        HubUnreachable: offline.
    """
    from hfplanner.submit.reconciliation import SOON_SECS, reconcile  # noqa: PLC0415 - httpx

    submitter = workspace.submitter()
    books = books_of(workspace, listing)
    done = reconcile(submitter, books, sweep=False, within_secs=SOON_SECS)
    warnings = (*done.alerts, *(f"The books may be behind: {gap}." for gap in done.gaps))
    return UpToDate(books=books, warnings=warnings)


def refuse_empty_key(key: str | None) -> None:
    """Refuse a key that is empty, as that of a script whose variable is not set.

    Raises:
        UsageError: it is.
    """
    if key is not None and not key.strip():
        raise UsageError("The key is empty.", hint="Leave --key out, or give it a text that is new for each job.")


def sent_before(asked: KnownRequest, key: str | None, workspace: Workspace) -> "Submitted | None":
    """Return what a key was sent for; ``None`` where there is no key, or nothing was sent under it.

    Raises:
        KeyConflict: it was sent for another job.
        LedgerError: the ledger cannot be used.
    """
    from hfplanner.submit import retry  # noqa: PLC0415 - httpx
    from hfplanner.submit.send import Submitted, job_url  # noqa: PLC0415 - httpx

    sent = retry.sent_before(workspace.books(), key, asked.spec_as)
    if sent is None:
        return None
    url = None if sent.job_id is None else job_url(workspace.endpoint, sent.terms.namespace, sent.job_id)
    return Submitted(submission=sent, is_new=False, job_id=sent.job_id, url=url)


def held_for(error: SubmissionUnknown, workspace: Workspace) -> "Submission | None":
    """Return the submission whose job may exist, as the ledger has it; ``None`` where it cannot be read."""
    try:
        return workspace.ledger().get(error.submission_id)
    except LedgerError:
        return None


def sent_before_words(sent: "Submitted", key: str) -> str:
    """Return when a key's job was sent and what it costs, a sentence."""
    from hfplanner.submit import retry  # noqa: PLC0415 - httpx

    return retry.sent_before_words(sent.submission, key)


class Sender:
    """Plans and sends one job.

    Args:
        asked: the job.
        key: the user's own, to make a retry safe.
        books: what charges a job that is granted otherwise than it was asked for.
        workspace: where it is sent from.
        uploader: brings files of this machine into the bucket; by default ``huggingface_hub``.

    Raises:
        HubError: who pays is not said, and the Hub does not tell.
        TokenError: there is no token.
        HubUnreachable: offline.
    """

    def __init__(
        self,
        asked: KnownRequest,
        key: str | None,
        books: "Charging",
        workspace: Workspace,
        uploader: Uploader | None = None,
    ) -> None:
        self._asked, self._key, self._books, self._workspace = asked, key, books, workspace
        self._uploader = uploader or HubUploader(workspace.endpoint, workspace.token)
        self._account = who_submits(workspace.submitter().hub, asked.request.namespace)
        self._listing: Listing | None = None

    @property
    def account(self) -> Account:
        """Who pays and submits."""
        return self._account

    def plan(self, listing: Listing | None = None) -> JobPlan:
        """Return the plan as things stand now.

        Raises:
            HfplannerError: see :meth:`~hfplanner.plan.job_plan.KnownRequest.plan`.
        """
        self._listing = listing
        return self._asked.plan(self._workspace, listing, self._account)

    def may_send(self, plan: JobPlan) -> bool:
        """Whether it may be sent: it is allowed, or what was sent under its key before is only looked at."""
        if plan.decision.verdict is Verdict.ALLOWED:
            return True
        return self._key is not None and self._workspace.ledger().by_key(self._key) is not None

    def ask_approval(self, plan: JobPlan) -> "Approval | None":
        """Ask for a person's word where only that is missing for an agent's job; ``None`` where something else is.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        return ask_approval(plan.decision, plan.shown, self._workspace)

    def refusal_instead(self, plan: JobPlan, waits: "Submission", settlement: "Settlement") -> BudgetError | None:
        """Return why the job may not be sent in place of one that waits, once that has ended; ``None`` where it may.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        from hfplanner.submit.send import refusal_instead  # noqa: PLC0415 - httpx

        if any(reason.code not in _WHAT_IS_HELD for reason in plan.decision.against):
            return refusal_of(plan.decision, self.ask_approval(plan))
        order = plan.order(self._key, price_of=self._books.worst_price_of)
        return refusal_instead(order, waits, settlement, self._workspace.submitter())

    def send_instead(self, plan: JobPlan, ended: "Submission", settlement: "Settlement") -> "Submitted":
        """Send the job in place of one that has ended, with its money.

        Whether there is enough money, or room beside what runs, with what the one before held, only the ledger can
        tell: it decides that in the transaction that settles the one before.

        Raises:
            BudgetError: it may not run; nothing was settled and nothing was sent.
            HfplannerError: see :func:`~hfplanner.submit.send.submit_instead`.
        """
        from hfplanner.submit.send import submit_instead  # noqa: PLC0415 - httpx

        if any(reason.code not in _WHAT_IS_HELD for reason in plan.decision.against):
            raise refusal_of(plan.decision, self.ask_approval(plan))
        plan.uploads.send(plan.account.namespace, self._uploader)
        order = plan.order(self._key, price_of=self._books.worst_price_of)
        return submit_instead(order, ended, settlement, self._workspace.submitter())

    def send(self, plan: JobPlan) -> "Submitted":
        """Reserve the most the job can cost, send it once, and record what came of it.

        Raises:
            BudgetError: it may not run, see :func:`refusal_of`; nothing was sent.
            HfplannerError: see :func:`~hfplanner.submit.send.submit`.
        """
        from hfplanner.submit.send import submit  # noqa: PLC0415 - httpx

        if not self.may_send(plan):
            raise refusal_of(plan.decision, self.ask_approval(plan))
        if not plan.uploads.is_empty:
            plan = self._with_files(plan)
        return submit(plan.order(self._key, price_of=self._books.worst_price_of), self._workspace.submitter())

    def _with_files(self, plan: JobPlan) -> JobPlan:
        """Bring up what the job needs of this machine, and return the plan that holds then.

        After the decision, before anything is reserved: what does not arrive holds no money.
        """

        def bring() -> None:
            plan.uploads.send(plan.account.namespace, self._uploader)

        now = planned_after(bring, plan, lambda: self.plan(self._listing))
        if now.job.volumes != plan.job.volumes:
            raise UsageError("The files of the job changed while they went up; no job was sent.", hint="Run it again.")
        if not self.may_send(now):
            raise refusal_of(now.decision, self.ask_approval(now))
        return now


def who_submits(hub: "JobsClient", namespace: str | None) -> Account:
    """Return who pays and submits; where who pays is said, a Hub that does not answer keeps nothing from being sent."""
    try:
        with hub.within(_WHO_SECS):
            return find_account(hub, namespace)
    except HubError as error:
        if not namespace:
            raise
        problem = f"Who submits is not known, so budgets of any owner count: {error.message}"
        return Account(namespace, problem=problem)


def refusal_of(decision: Decision, approval: "Approval | None" = None) -> BudgetError:
    """Return the error of a job that may not run, with every reason.

    Args:
        decision: on it.
        approval: that was asked for, where only a person's word is missing.
    """
    reasons = " ".join(reason.message for reason in decision.against)
    kind = BudgetRefused if decision.verdict is Verdict.REFUSED else BudgetBlocked
    hint = "`hfplanner budget check` shows the arithmetic."
    if approval is not None:
        code, until = approval.request.code, approval.request.expires_at
        hint = f"A person runs `hfplanner approve {code}` until {until:%Y-%m-%d %H:%M} UTC; then the same command runs."
    return kind(reasons or "It may not run.", hint=hint)
