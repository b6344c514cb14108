"""The routes of jobs."""

from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlencode

from tests.hub import sse
from tests.hub.accounts import Owner
from tests.hub.call import Call, Refusal, Route, pack_cursor, unpack_cursor
from tests.hub.jobs import TERMINAL, Job
from tests.hub.rules import EXPOSE, JOB_SPEC, LABEL_FILTER, LABELS, MAX_CURSOR, STAGES
from tests.hub.validate import matches
from tests.hub.wire import Reply, json_reply

__all__ = ["ROUTES", "label_filters", "must_pay"]

_STREAM = [("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-cache")]


def label_filters(call: Call) -> list[tuple[str, str]]:
    """Return the labels that are wanted; each value of ``label`` must be a pair."""
    values = call.values("label")
    if any(not matches(LABEL_FILTER, value) for value in values):
        raise Refusal(400, "label: invalid string, must match key=value")
    return [(key, value) for key, _, value in (text.partition("=") for text in values)]


def must_pay(call: Call, owner: Owner) -> None:
    """Refuse with 402 if the namespace has no credit."""
    accounts = call.store.accounts
    if owner.name in accounts.broke or (owner.type == "user" and not call.user.can_pay):
        raise Refusal(402, "Pre-paid credit balance is insufficient")


def _stages(call: Call) -> set[str]:
    stages = set(call.values("stage"))
    if stages - set(STAGES):
        raise Refusal(400, f"stage: invalid option, expected one of {'|'.join(STAGES)}")
    return stages


def _show(call: Call, job: Job) -> Reply:
    return json_reply(200, job.as_bytes(call.store.clock.now()))


def _start(call: Call) -> Reply:
    owner = call.owner(write=True)
    spec = call.body(JOB_SPEC)
    must_pay(call, owner)
    return _show(call, call.store.create(owner, call.user.name, spec, Owner(call.user.name, "user").answer()))


def _wanted(call: Call, jobs: Iterator[Job]) -> Iterator[Job]:
    stages, labels, now = _stages(call), label_filters(call), call.store.clock.now()
    return (job for job in jobs if (not stages or job.stage(now) in stages) and job.has_labels(labels))


def _list(call: Call) -> Reply:
    owner, size = call.owner(), call.store.settings.page_size
    cursor = next(iter(call.values("cursor")), None)
    if cursor is not None and len(cursor) > MAX_CURSOR:
        raise Refusal(400, f"cursor: too long, expected at most {MAX_CURSOR} characters")
    by_offset = call.store.settings.paging == "offset"
    place = [] if cursor is None else unpack_cursor(cursor, 1 if by_offset else 2)
    if by_offset:
        skip = place[0] if place else 0
        found = list(islice(_wanted(call, call.store.newest_first(owner.name)), skip, skip + size + 1))
        after = [skip + size]
    else:
        before = (place[0], place[1]) if place else None
        found = list(islice(_wanted(call, call.store.newest_first(owner.name, before)), size + 1))
        after = list(found[size - 1].key) if len(found) > size else []
    now = call.store.clock.now()
    body = b"[" + b",".join(job.as_bytes(now) for job in found[:size]) + b"]"
    return json_reply(200, body, [("Link", _next_link(call, after))] if len(found) > size else None)


def _next_link(call: Call, place: list[int]) -> str:
    request = call.request
    kept = [(key, value) for key, value in request.query if key != "cursor"]
    query = urlencode([*kept, ("cursor", pack_cursor(place))])
    path = request.target.partition("?")[0]
    return f'<http://{request.header("Host")}{path}?{query}>; rel="next"'


def _count(call: Call) -> Reply:
    owner, stages, now = call.owner(), _stages(call), call.store.clock.now()
    jobs = call.store.newest_first(owner.name)
    return json_reply(200, {"count": sum(1 for job in jobs if not stages or job.stage(now) in stages)})


def _cancel(call: Call) -> Reply:
    """Cancel, or show a job that is over as it is (what the service says then is unverified)."""
    job = call.job(write=True)
    call.store.cancel(job)
    return _show(call, job)


def _duplicate(call: Call) -> Reply:
    job = call.job(write=True)
    must_pay(call, job.owner)
    initiator = {"type": "duplicated-job", "id": job.id}
    return _show(call, call.store.create(job.owner, call.user.name, job.spec, initiator))


def _relabel(call: Call) -> Reply:
    job = call.job(write=True)
    job.change(spec=job.spec | call.body(LABELS))
    return _show(call, job)


def _expose(call: Call) -> Reply:
    job = call.job(write=True)
    ports = call.body(EXPOSE)
    if job.moment(call.store.clock.now()).stage in TERMINAL:
        raise Refusal(400, "Job is not running")
    job.change(spec=job.spec | {"expose": ports})
    return _show(call, job)


def _logs(call: Call) -> Reply:
    job = call.job()
    tail = next(iter(call.values("tail")), None)
    if tail is not None and not (tail.isascii() and tail.isdecimal()):
        raise Refusal(400, "tail: invalid input, expected integer of at least 0")
    return Reply(200, list(_STREAM), stream=sse.logs(call.store, job, None if tail is None else int(tail)))


def _metrics(call: Call) -> Reply:
    job = call.job()
    if job.moment(call.store.clock.now()).stage in TERMINAL:
        raise Refusal(406, "Job is not running")
    return Reply(200, list(_STREAM), stream=sse.metrics(call.store, job))


def _events(call: Call) -> Reply:
    return Reply(200, list(_STREAM), stream=sse.events(call.store, call.job()))


_ONE = "/api/jobs/{ns}/{id}"
ROUTES = (
    Route("POST", "/api/jobs/{ns}", _start),
    Route("GET", "/api/jobs/{ns}", _list),
    Route("GET", "/api/jobs/{ns}/count", _count),
    Route("GET", _ONE, lambda call: _show(call, call.job())),
    Route("GET", f"{_ONE}/logs", _logs),
    Route("GET", f"{_ONE}/metrics", _metrics),
    Route("GET", f"{_ONE}/events", _events),
    Route("POST", f"{_ONE}/cancel", _cancel),
    Route("POST", f"{_ONE}/duplicate", _duplicate),
    Route("PUT", f"{_ONE}/labels", _relabel),
    Route("PUT", f"{_ONE}/expose", _expose),
)
