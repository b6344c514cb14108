"""A job that is planned and sent: the books brought up to date first, every word of the plan read after them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfplanner.budget.decision import Decision, Verdict
from hfplanner.catalog.listing import Listing
from hfplanner.errors import BudgetBlocked, BudgetError, BudgetRefused, UsageError
from hfplanner.plan.account import find_account
from hfplanner.plan.asked import AskedJob
from hfplanner.plan.evidence import kept_bills
from hfplanner.plan.job_plan import JobPlan, KnownRequest
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from hfplanner.submit.books import Books
    from hfplanner.submit.send import Submitted

__all__ = ["Sender", "UpToDate", "bring_up_to_date", "refusal_of", "refuse_unsendable", "sent_before"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpToDate:
    """What bringing the books up to date found.

    Args:
        books: what charges a job that nobody reserved money for.
        warnings: what changed, and what could not be asked, a sentence each.
    """

    books: "Books"
    warnings: tuple[str, ...]


def bring_up_to_date(workspace: Workspace, listing: Listing) -> UpToDate:
    """Settle what has ended and find what is unknown, so that a decision stands on the books as they are.

    Raises:
        PolicyError: the policy cannot be read.
        LedgerError: the ledger cannot be used.
        HistoryError: the bills cannot be read.
        TokenError: there is no token.
        UsageError: offline.
    """
    from hfplanner.submit.books import books_for  # noqa: PLC0415 - httpx
    from hfplanner.submit.reconcile import reconcile  # noqa: PLC0415 - httpx

    desk = workspace.desk()
    books = books_for(workspace.policy(), listing, bills=kept_bills(workspace))
    done = reconcile(desk, books, sweep=False)
    warnings = (*done.alerts, *(f"The books may be behind: {gap}." for gap in done.gaps))
    return UpToDate(books=books, warnings=warnings)


def refuse_unsendable(job: AskedJob, key: str | None) -> None:
    """Refuse a job without an image, and a key that is empty.

    Raises:
        UsageError: it is one of these.
    """
    if not (job.image or "").strip():
        raise UsageError("No image is given.", hint="For example: hfplanner run python:3.12 python train.py")
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


class Sender:
    """Plans and sends one job.

    Args:
        asked: the job.
        key: the user's own, to make a retry safe.
        workspace: where it is sent from.

    Raises:
        HubError: the Hub does not tell who pays.
        TokenError: there is no token.
        UsageError: offline.
    """

    def __init__(self, asked: KnownRequest, key: str | None, workspace: Workspace) -> None:
        self._asked, self._key, self._workspace = asked, key, workspace
        self._account = find_account(workspace.desk().hub, asked.request.namespace)

    def plan(self, listing: Listing | None = None) -> JobPlan:
        """Return the plan as things stand now.

        Raises:
            HfplannerError: see :meth:`~hfplanner.plan.job_plan.KnownRequest.plan`.
        """
        return self._asked.plan(self._workspace, listing, self._account)

    def agreed_plan(
        self, plan: Callable[[], JobPlan], ask: Callable[[JobPlan, tuple[str, ...]], bool], tell: Callable[[str], None]
    ) -> JobPlan | None:
        """Return the plan that was agreed to, made after the answer; ``None`` where the answer is no.

        Args:
            plan: makes it.
            ask: shows a plan, and what of it differs from the one agreed to before; whether the answer is yes.
            tell: says what changed meanwhile.
        """
        from hfplanner.submit.agree import agreed  # noqa: PLC0415 - where somebody is asked

        return agreed(plan, ask, tell)

    def send(self, plan: JobPlan) -> "Submitted":
        """Reserve the most the job can cost, send it once, and record what came of it.

        Raises:
            BudgetError: it may not run, see :func:`refusal_of`; nothing was sent.
            HfplannerError: see :func:`~hfplanner.submit.send.submit`.
        """
        from hfplanner.submit.send import submit  # noqa: PLC0415 - httpx

        desk = self._workspace.desk()
        known = None if self._key is None else desk.ledger.by_key(self._key)
        if plan.decision.verdict is not Verdict.ALLOWED and known is None:
            raise refusal_of(plan.decision)
        return submit(plan.order(self._key), desk)


def refusal_of(decision: Decision) -> BudgetError:
    """Return the error of a job that may not run, with every reason."""
    reasons = " ".join(reason.message for reason in decision.against)
    kind = BudgetRefused if decision.verdict is Verdict.REFUSED else BudgetBlocked
    return kind(reasons or "It may not run.", hint="`hfplanner budget check` shows the arithmetic.")
