"""What went wrong, in the words of our error tree: exceptions of httpx and statuses of the Hub."""

import ssl
from dataclasses import dataclass

import httpx

from hfplanner.errors import (
    HubAnswer,
    HubBadRequest,
    HubConflict,
    HubError,
    HubForbidden,
    HubInterrupted,
    HubNotAcceptable,
    HubNotFound,
    HubPaymentRequired,
    HubRateLimited,
    HubRedirect,
    HubServerError,
    HubStatusError,
    HubTimeout,
    HubUnauthorized,
    HubUnreachable,
    Outcome,
)

__all__ = ["outcome_of", "status_error", "transport_error"]

# An answer that names one of these, in the Hub's own JSON, proves that nothing was done. Every other status does not.
_REJECTING = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422})
# Asking again may help: RFC 9110 section 15, RFC 8470 (425), RFC 6585 (429).
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class _Row:
    error: type[HubStatusError]
    sentence: str
    hint: str | None = None


_BAD_REQUEST = _Row(HubBadRequest, "The Hub does not take this request", "Compare it with what the Hub says about it.")
_NOT_FOUND = _Row(
    HubNotFound,
    "The Hub knows no such job, schedule or namespace, or the token may not see it",
    "Check the id and the namespace; `hf auth whoami` shows whose token is used.",
)
_ROWS = {
    400: _BAD_REQUEST,
    401: _Row(HubUnauthorized, "The Hub does not accept the token", "Run `hf auth login`, or set HF_TOKEN."),
    402: _Row(
        HubPaymentRequired,
        "The credit balance does not suffice",
        "Add credits at https://huggingface.co/settings/billing.",
    ),
    403: _Row(
        HubForbidden,
        "The token may not do this there",
        "The token needs the right to manage jobs in this namespace: https://huggingface.co/settings/tokens.",
    ),
    404: _NOT_FOUND,
    405: _BAD_REQUEST,
    406: _Row(HubNotAcceptable, "The Hub has no such answer now", "Metrics exist only while a job runs."),
    409: _Row(
        HubConflict,
        "The Hub refuses because something else is in progress",
        "Wait until the running job has ended, or let the schedule run jobs concurrently.",
    ),
    410: _NOT_FOUND,
    413: _BAD_REQUEST,
    415: _BAD_REQUEST,
    422: _BAD_REQUEST,
    429: _Row(HubRateLimited, "The Hub asks for fewer requests"),
}
_SERVER_ERROR = _Row(
    HubServerError,
    "The Hub failed",
    "Try again later. After a submission look at `hf jobs ps` first: the job may exist.",
)
_OTHER = _Row(HubStatusError, "The Hub gave an answer that is not one of its API")


def outcome_of(status: int, *, explained: bool, remaining: int | None) -> Outcome:
    """Tell from the head of an answer what a request that changes something has done.

    Args:
        status: of the answer, no success.
        explained: whether the body is the Hub's JSON error.
        remaining: ``r`` of the ``RateLimit`` header.

    >>> outcome_of(402, explained=True, remaining=None).value, outcome_of(402, explained=False, remaining=None).value
    ('rejected', 'unknown')
    >>> outcome_of(429, explained=False, remaining=0).value, outcome_of(429, explained=True, remaining=1).value
    ('rejected', 'unknown')
    >>> outcome_of(500, explained=True, remaining=0).value
    'unknown'
    """
    if (status in _REJECTING and explained) or (status == httpx.codes.TOO_MANY_REQUESTS and remaining == 0):
        return Outcome.REJECTED
    return Outcome.UNKNOWN


def status_error(answer: HubAnswer, outcome: Outcome) -> HubError:
    """Return the error of a status that is no success, with the Hub's own words.

    >>> error = status_error(HubAnswer(request="GET /api/jobs/acme", status=402, server_message="No."), Outcome.UNKNOWN)
    >>> error.message
    'The credit balance does not suffice (402 on GET /api/jobs/acme): No.'
    """
    status = answer.status or 0
    if status // 100 == 3:  # noqa: PLR2004 - 3xx of RFC 9110
        return HubRedirect(
            f"The Hub points elsewhere ({status} on {answer.request}), which is not followed.",
            hint="Set HF_ENDPOINT to the server that answers itself.",
            outcome=outcome,
            answer=answer,
        )
    row = _ROWS.get(status) or (_SERVER_ERROR if status // 100 == 5 else _OTHER)  # noqa: PLR2004 - 5xx of RFC 9110
    said = f": {answer.server_message}" if answer.server_message else "."
    return row.error(
        f"{row.sentence} ({status} on {answer.request}){said}",
        hint=_waiting(answer) if row.error is HubRateLimited else row.hint,
        outcome=outcome,
        answer=answer,
        transient=status in _TRANSIENT,
    )


def _waiting(answer: HubAnswer) -> str:
    if answer.retry_after_secs is None:
        return "Try again in a few minutes."
    return f"Try again in {answer.retry_after_secs:.0f} seconds."


def transport_error(error: Exception, answer: HubAnswer) -> HubError:
    """Return our error for one of httpx, without holding on to it: it knows the request and its token.

    >>> lost = transport_error(httpx.ReadTimeout("x"), HubAnswer(request="POST /api/jobs/acme"))
    >>> type(lost).__name__, lost.outcome.value, lost.message
    ('HubTimeout', 'unknown', 'The Hub did not answer POST /api/jobs/acme in time.')
    >>> refused = transport_error(httpx.ConnectError("x"), HubAnswer(request="POST /api/jobs/acme"))
    >>> type(refused).__name__, refused.outcome.value
    ('HubUnreachable', 'not_sent')
    """
    kind = type(error).__name__
    if isinstance(error, _NOT_SENT):
        untrusted = _is_untrusted(error)
        why = "its certificate is not trusted" if untrusted else kind
        return HubUnreachable(
            f"The Hub could not be reached for {answer.request} ({why}).",
            hint="Check the network, HF_ENDPOINT and HTTPS_PROXY.",
            outcome=Outcome.NOT_SENT,
            answer=answer,
            transient=not untrusted and isinstance(error, httpx.ConnectError | httpx.TimeoutException),
        )
    if isinstance(error, httpx.TimeoutException):
        return HubTimeout(f"The Hub did not answer {answer.request} in time.", answer=answer, transient=True)
    return HubInterrupted(f"The answer to {answer.request} broke off ({kind}).", answer=answer, transient=True)


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
