"""Every error a person can meet, as one tree.

::

    HfplannerError                 1   something known went wrong
    ├── CatalogError               1   no usable hardware listing
    │   ├── ListingUnavailable     1   the Hub could not be asked
    │   └── ListingUnreadable      1   an answer or a file is not a listing
    ├── HistoryError               1   the local history cannot be read or written
    ├── JobsUnreadable             1   a file holds no jobs
    ├── NoSuchJobs                 1   no job in the history is what was asked for
    ├── HubError                   1   the Hub was asked and gave no usable answer
    │   ├── HubUnreachable         1   nothing was sent: no address, no connection, no encryption, no time left
    │   ├── HubInterrupted         1   something was sent, and no whole answer came back
    │   │   └── HubTimeout         1   the same, because it took too long
    │   ├── HubUnreadable          1   an answer that is too long, no JSON, or not what the API promises
    │   ├── HubRedirect            1   an answer that points elsewhere
    │   ├── HubListingIncomplete   6   a listing that turns in circles or does not end
    │   └── HubStatusError         1   a status that is no success
    │       ├── HubBadRequest      1   400, 405, 413, 415, 422
    │       ├── HubUnauthorized    1   401
    │       ├── HubPaymentRequired 1   402
    │       ├── HubForbidden       1   403
    │       ├── HubNotFound        1   404, 410
    │       ├── HubNotAcceptable   1   406
    │       ├── HubConflict        1   409
    │       ├── HubRateLimited     1   429
    │       └── HubServerError     1   500 to 599
    ├── TokenError                 1   no token, or one that cannot be sent
    ├── ModelError                 1   nothing is known about a model
    │   ├── ModelUnavailable       1   it is not shipped, and the Hub could not be asked
    │   └── ModelUnreadable        1   its config or its files are not those of a model
    ├── BudgetError                3   it may not run
    │   ├── BudgetRefused          3   a limit does not allow it
    │   ├── BudgetBlocked          3   something that decides is not known
    │   ├── PolicyError            3   a policy file cannot be read, so no limit is known
    │   └── LedgerError            3   the ledger cannot be reached, is damaged or newer, so nothing is sent
    ├── SubmissionError            1   a submission cannot be done as asked
    │   ├── CanaryFailed           1   a canary ended and told nothing of the job
    │   ├── KeyConflict            1   the key belongs to another specification
    │   ├── NoCapacity             1   no flavor had hardware for it in time; nothing runs
    │   └── SubmissionUnknown      5   it was sent, and it is not known whether the job exists
    ├── UsageError                 2   what was typed or passed cannot be meant
    │   └── JobSpecError           2   a job specification the service would refuse or misread
    └── NothingFits                4   no flavor meets the needs

The number is the exit code of the command line. Each error is one sentence, with a hint that says what to do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "BudgetBlocked",
    "BudgetError",
    "BudgetRefused",
    "CanaryFailed",
    "CatalogError",
    "HfplannerError",
    "HistoryError",
    "HubAnswer",
    "HubBadRequest",
    "HubConflict",
    "HubError",
    "HubForbidden",
    "HubInterrupted",
    "HubListingIncomplete",
    "HubNotAcceptable",
    "HubNotFound",
    "HubPaymentRequired",
    "HubRateLimited",
    "HubRedirect",
    "HubServerError",
    "HubStatusError",
    "HubTimeout",
    "HubUnauthorized",
    "HubUnreachable",
    "HubUnreadable",
    "JobSpecError",
    "JobsUnreadable",
    "KeyConflict",
    "LedgerError",
    "ListingUnavailable",
    "ListingUnreadable",
    "ModelError",
    "ModelUnavailable",
    "ModelUnreadable",
    "NoCapacity",
    "NoSuchJobs",
    "NothingFits",
    "Outcome",
    "PolicyError",
    "SubmissionError",
    "SubmissionUnknown",
    "TokenError",
    "UsageError",
    "did_you_mean",
    "quoted",
]

_LONGEST_QUOTE = 64


class HfplannerError(Exception):
    """A known error: one sentence, a hint, and the exit code of the command line.

    >>> error = UsageError("'soon' is not a duration.", hint="Accepted: 90s, 30m, 1.5h.")
    >>> str(error), error.hint, error.exit_code, error.code
    ("'soon' is not a duration.", 'Accepted: 90s, 30m, 1.5h.', 2, 'usage')
    """

    exit_code = 1
    code = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class CatalogError(HfplannerError):
    """There is no usable hardware listing."""

    code = "catalog"


class ListingUnavailable(CatalogError):
    """The Hub could not be asked: no network, a time-out, an HTTP status that is no answer."""

    code = "listing_unavailable"


class ListingUnreadable(CatalogError):
    """An answer or a file was read, but it is not a hardware listing."""

    code = "listing_unreadable"


class Outcome(StrEnum):
    """What a failed request has done at the Hub. Where nothing proves one of the first two, it is the third.

    >>> Outcome.UNKNOWN.value
    'unknown'
    """

    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAnswer:
    """What is known of the exchange behind an error; every text is safe for a terminal and free of secrets.

    Args:
        request: method and path, for example ``"POST /api/jobs/acme"``.
        status: ``None`` while no head of an answer was read.
        server_message: the Hub's own words, from its JSON or its ``X-Error-Message``.
        error_code: ``X-Error-Code``.
        request_id: ``X-Request-Id``, which the Hub's support asks for.
        retry_after_secs: how long the Hub asks to wait.
    """

    request: str = ""
    status: int | None = None
    server_message: str | None = None
    error_code: str | None = None
    request_id: str | None = None
    retry_after_secs: float | None = None


class HubError(HfplannerError):
    """The Hub was asked and gave no usable answer.

    Args:
        message: one sentence.
        hint: what to do.
        outcome: what the request has done at the Hub, for requests that change something.
        answer: what is known of the exchange.
        transient: whether asking the same again may help.

    >>> error = HubError("The answer was cut.", answer=HubAnswer(request="POST /api/jobs/acme", status=200))
    >>> error.outcome.value, error.answer.status, error.probably_done, error.transient
    ('unknown', 200, True, False)
    """

    code = "hub"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        outcome: Outcome = Outcome.UNKNOWN,
        answer: HubAnswer | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.outcome = outcome
        self.answer = answer or HubAnswer()
        self.transient = transient

    @property
    def probably_done(self) -> bool:
        """Whether the head of the answer said success, though the rest of it proves nothing."""
        return self.answer.status is not None and self.answer.status // 100 == 2  # noqa: PLR2004 - 2xx of RFC 9110


class HubUnreachable(HubError):
    """Nothing was sent: no address, no connection, no encryption, or no time left before the first byte."""

    code = "hub_unreachable"


class HubInterrupted(HubError):
    """Something was sent, and no whole answer came back."""

    code = "hub_interrupted"


class HubTimeout(HubInterrupted):
    """Something was sent, and no whole answer came back in time."""

    code = "hub_timeout"


class HubUnreadable(HubError):
    """An answer that is longer than its cap, no strict JSON, or not what the API promises."""

    code = "hub_unreadable"


class HubRedirect(HubError):
    """An answer that points elsewhere: to another server, or anywhere at all after a request that changes something."""

    code = "hub_redirect"


class HubListingIncomplete(HubError):
    """A listing that names a page it named before, or is longer than its caps: what was read is not all there is."""

    exit_code = 6
    code = "hub_listing_incomplete"


class HubStatusError(HubError):
    """A status that is no success; those of the API have classes of their own."""

    code = "hub_status"


class HubBadRequest(HubStatusError):
    """400, 405, 413, 415, 422: the request is not one the Hub takes."""

    code = "hub_bad_request"


class HubUnauthorized(HubStatusError):
    """401: no token, or none that counts."""

    code = "hub_unauthorized"


class HubPaymentRequired(HubStatusError):
    """402: the credit balance does not suffice."""

    code = "hub_payment_required"


class HubForbidden(HubStatusError):
    """403: the token may not do this there."""

    code = "hub_forbidden"


class HubNotFound(HubStatusError):
    """404, 410: no such job, schedule or namespace, or none the token may see."""

    code = "hub_not_found"


class HubNotAcceptable(HubStatusError):
    """406: for example metrics of a job that is not running."""

    code = "hub_not_acceptable"


class HubConflict(HubStatusError):
    """409: for example a schedule whose job still runs."""

    code = "hub_conflict"


class HubRateLimited(HubStatusError):
    """429: too many requests."""

    code = "hub_rate_limited"


class HubServerError(HubStatusError):
    """500 to 599: the Hub failed; a job may exist nevertheless."""

    code = "hub_server_error"


class TokenError(HfplannerError):
    """There is no token, or one that cannot be sent as it is."""

    code = "token"


class HistoryError(HfplannerError):
    """The local history cannot be read or written: damaged, of a newer version, locked, no space."""

    code = "history"


class JobsUnreadable(HfplannerError):
    """A file was read, but it holds no jobs in any form that is known."""

    code = "jobs_unreadable"


class NoSuchJobs(HfplannerError):
    """No job in the history has the id, the name, the image or the Space that was asked for."""

    code = "no_such_jobs"


class ModelError(HfplannerError):
    """Nothing usable is known about a model."""

    code = "model"


class ModelUnavailable(ModelError):
    """A model is not among those shipped, and the Hub could not be asked for it."""

    code = "model_unavailable"


class ModelUnreadable(ModelError):
    """A config, a weight file or its header was read, but says nothing that makes sense."""

    code = "model_unreadable"


class BudgetError(HfplannerError):
    """A job may not run."""

    exit_code = 3
    code = "budget"


class BudgetRefused(BudgetError):
    """A limit does not allow a job."""

    code = "refused"


class BudgetBlocked(BudgetError):
    """Something that decides whether a job may run is not known: a price, a timeout, what is spent."""

    code = "blocked"


class PolicyError(BudgetError):
    """A policy file cannot be read or says what cannot be meant, so that no limit is known."""

    code = "policy"


class LedgerError(BudgetError):
    """The ledger cannot be used: unreachable, damaged, of a newer version, busy for too long. Nothing is sent."""

    code = "ledger"


class SubmissionError(HfplannerError):
    """A submission cannot be done as it was asked for."""

    code = "submission"


class KeyConflict(SubmissionError):
    """A key was used before, for another specification."""

    code = "key_conflict"


class SubmissionUnknown(SubmissionError):
    """A job was sent, and nobody knows yet whether it exists; its money stays held.

    Args:
        message: one sentence.
        submission_id: of the submission that holds the money.
        job_id: the job's, where it is known and could not be recorded.
        hint: what to do.
    """

    exit_code = 5
    code = "submission_unknown"

    def __init__(self, message: str, *, submission_id: str, job_id: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.submission_id = submission_id
        self.job_id = job_id


class CanaryFailed(SubmissionError):
    """A canary ended without a measurement: it failed, was cancelled, or its log says nothing of its progress.

    Args:
        message: one sentence.
        lines: the last of its log.
        hint: what to do.
    """

    code = "canary_failed"

    def __init__(self, message: str, *, lines: Sequence[str] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.lines = tuple(lines)


class NoCapacity(SubmissionError):
    """No flavor had hardware for a job in time: it was cancelled wherever it waited, and nothing runs."""

    code = "no_capacity"


class UsageError(HfplannerError):
    """A value that was typed or passed cannot be meant: wrong unit, zero, contradiction."""

    exit_code = 2
    code = "usage"


class JobSpecError(UsageError):
    """A job specification the service would refuse, or silently understand differently."""

    code = "job_spec"


class NothingFits(HfplannerError):
    """No flavor meets the needs and budgets."""

    exit_code = 4
    code = "nothing_fits"


def quoted(text: str) -> str:
    """Return a text somebody typed as an error quotes it, cut where it is long.

    >>> quoted("soon"), quoted("9" * 100)[-9:]
    ("'soon'", "99999...'")
    """
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}...")


_NEAREST = 3


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the beginning of a hint that names what is spelled nearly like ``name``; empty where nothing is.

    What begins with the name comes first.

    >>> did_you_mean("l4x2", ["l4x1", "l4x4", "h200"])
    'Did you mean l4x4 or l4x1? '
    >>> did_you_mean("a10g", ["a100x4", "a10g-large", "a10g-largex2", "a10g-small"])
    'Did you mean a10g-large or a10g-small or a10g-largex2? '
    >>> did_you_mean("tpu", ["l4x1"])
    ''
    """
    import difflib  # noqa: PLC0415 - only where something was not found

    names, typed = sorted(known), name[:_LONGEST_QUOTE]
    begin = sorted((one for one in names if len(typed) > 1 and one.startswith(typed)), key=len)
    close = difflib.get_close_matches(typed, names, n=_NEAREST, cutoff=0.5)
    near = list(dict.fromkeys([*begin, *close]))[:_NEAREST]
    return f"Did you mean {' or '.join(near)}? " if near else ""
