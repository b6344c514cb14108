"""Listings that come in pages: each page as raw bytes, the next one named by a ``Link`` header (RFC 8288)."""

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from hfplanner.api.origin import resolve, same_origin
from hfplanner.errors import HubAnswer, HubListingIncomplete, HubRedirect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hfplanner.api.connection import Answer, HubConnection, Params

__all__ = ["JobPage", "next_cursor", "next_link", "pages"]

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r""";\s*rel\s*=\s*("?)(?:[^";,]*\s)?next(?:\s[^";,]*)?\1\s*(?:[;,]|$)""", re.IGNORECASE)
_HINT = "What was read so far is not all there is. Narrow the listing by stage or label, or try again."


def next_link(header: str) -> str | None:
    """Return the target of ``rel="next"``, as it is written, or ``None``.

    >>> next_link('<https://huggingface.co/api/jobs/acme?cursor=x>; rel="next"')
    'https://huggingface.co/api/jobs/acme?cursor=x'
    >>> next_link('</a>; rel=prev, </b>; title="t"; rel="last next"'), next_link('</a>; rel="nextish"')
    ('/b', None)
    """
    return next((target for target, rest in _LINK.findall(header) if _NEXT.search(rest)), None)


class JobPage(NamedTuple):
    """A page of a listing of jobs.

    Args:
        body: the bytes of a JSON array, not decoded.
        more: whether the listing goes on.
        cursor: where it does; ``None`` also where the Hub's link to the next page names none.
    """

    body: bytes
    more: bool
    cursor: str | None


def next_cursor(url: str, header: str) -> str | None:
    """Return the cursor of the page after ``url``; ``None`` where the link names none, or leads elsewhere.

    >>> url = "https://huggingface.co/api/jobs/acme"
    >>> next_cursor(url, '</api/jobs/acme?label=a%3Db&cursor=x%3D>; rel="next"')
    'x='
    >>> next_cursor(url, '<https://elsewhere.example/api/jobs/acme?cursor=x>; rel="next"') is None
    True
    """
    target = next_link(header)
    following = None if target is None else resolve(url, target)
    if following is None or not same_origin(following, url):
        return None
    found = parse_qs(urlsplit(following).query).get("cursor")
    return found[0] if found else None


def pages(connection: "HubConnection", path: str, params: "Params") -> "Iterator[Answer]":
    """Yield the pages of a listing, first to last.

    Jobs that arrive meanwhile shift the pages, so that an item may come twice: whoever counts, counts by id.

    Raises:
        HubRedirect: a page names a next one on another server, which is not asked.
        HubListingIncomplete: a page comes again, or a cap of the limits is reached.
        HubError: a page could not be read.
    """
    limits = connection.limits
    ends = time.monotonic() + limits.listing_secs
    answer = connection.get(path, params)
    urls, bodies = {answer.url}, {_mark(answer.body)}
    size = 0
    for number in range(1, limits.pages + 1):
        yield answer
        size += len(answer.body)
        url = _next_url(connection.endpoint, answer)
        if url is None:
            return
        left = ends - time.monotonic()
        if number == limits.pages or size > limits.listing_bytes or left <= 0:
            raise _incomplete(
                answer, f"is longer than {number} pages, {size} bytes or {limits.listing_secs:.0f} seconds"
            )
        if url in urls:
            raise _incomplete(answer, "names a page it named before")
        answer = connection.get_url(url, replace(connection.retry, patience_secs=left))
        mark = _mark(answer.body)
        if mark in bodies:
            raise _incomplete(answer, "repeats a page")
        urls.add(url)
        bodies.add(mark)


def _next_url(endpoint: str, answer: "Answer") -> str | None:
    target = next_link(answer.headers.get("link", ""))
    if target is None:
        return None
    url = resolve(answer.url, target)
    if url is None or not same_origin(url, endpoint):
        raise HubRedirect(
            f"The listing {answer.request} goes on at another server, which is not asked.",
            hint=_HINT,
            answer=HubAnswer(request=answer.request, status=answer.status),
        )
    return url


def _mark(body: bytes) -> tuple[int, int]:
    """Return what tells one page from another: its length and its keyed 64-bit hash."""
    return len(body), hash(body)


def _incomplete(answer: "Answer", why: str) -> HubListingIncomplete:
    return HubListingIncomplete(
        f"The listing {answer.request} {why}.",
        hint=_HINT,
        answer=HubAnswer(request=answer.request, status=answer.status),
    )
