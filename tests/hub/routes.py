"""From a request to an answer: the table of routes, the token, the rate limit."""

import re
from functools import cache

from tests.hub import billing_routes, bucket_routes, job_routes, schedule_routes
from tests.hub.call import Call, Refusal, Route, refuse
from tests.hub.clock import date_header
from tests.hub.state import Store
from tests.hub.wire import Reply, Request, json_reply

__all__ = ["ROUTES", "answer", "finish"]

ROUTES = (
    Route("GET", "/api/whoami-v2", lambda call: json_reply(200, call.store.accounts.whoami(call.user))),
    Route("GET", "/api/jobs/hardware", lambda call: json_reply(200, call.store.settings.hardware)),
    *job_routes.ROUTES,
    *schedule_routes.ROUTES,
    *billing_routes.ROUTES,
    *bucket_routes.ROUTES,
)
_PUBLIC = frozenset({"/api/jobs/hardware"})


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern))


def _find(request: Request) -> tuple[Route, dict[str, str]]:
    fitting = [(route, match) for route in ROUTES if (match := _compiled(route.pattern).fullmatch(request.path))]
    if not fitting:
        raise Refusal(404, "Sorry, we can't find the page you are looking for.")
    # A word of the service comes before a variable: no job is called "count", no namespace "hardware".
    fitting.sort(key=lambda entry: len(entry[1].groups()))
    least = len(fitting[0][1].groups())
    here = [entry for entry in fitting if len(entry[1].groups()) == least]
    for route, match in here:
        if route.method == request.method:
            return route, match.groupdict()
    allowed = ", ".join(sorted({route.method for route, _ in here}))
    raise Refusal(405, "Method not allowed", [("Allow", allowed)])


def _spend(store: Store, request: Request) -> list[tuple[str, str]]:
    """Count a request against its limit; return the headers that tell what is left."""
    limit, window = store.settings.rate_limit, store.settings.rate_window_secs
    if limit is None:
        return []
    now, who = store.clock.now(), request.header("Authorization") or ""
    start, used = store.windows.get(who, (now, 0))
    if not 0 <= now - start < window * 1000:
        start, used = now, 0
    store.windows[who] = (start, used + 1)
    left = -(-(start + window * 1000 - now) // 1000)
    told = [
        ("RateLimit", f'"api";r={max(limit - used - 1, 0)};t={left}'),
        ("RateLimit-Policy", f'"fixed window";"api";q={limit};w={window}'),
    ]
    if used >= limit:
        raise Refusal(429, "We had to rate limit you, you hit the quota of API requests.", told)
    return told


def _answer(store: Store, request: Request) -> Reply:
    told = _spend(store, request)
    route, parts = _find(request)
    asker = store.accounts.by_token(request.header("Authorization"))
    # A wrong token is refused even where none is needed.
    if asker is None and (request.path not in _PUBLIC or request.header("Authorization")):
        raise Refusal(401, "Invalid username or password.", told)
    store.fire_due()
    reply = route.answer(Call(request, store, parts, asker))
    reply.headers += told
    return reply


def answer(store: Store, request: Request) -> Reply:
    """Return the service's answer, a refusal included."""
    with store.changed:
        try:
            return _answer(store, request)
        except Refusal as refusal:
            return refuse(refusal)


def finish(store: Store, reply: Reply, number: int) -> Reply:
    """Add what every answer has."""
    reply.headers += [("Date", date_header(store.clock.now())), ("X-Request-Id", f"Root=1-emulated-{number:08d}")]
    return reply
