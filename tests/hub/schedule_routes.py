"""The routes of scheduled jobs."""

from tests.hub.call import Call, Refusal, Route
from tests.hub.job_routes import label_filters, must_pay
from tests.hub.rules import LABELS, SCHEDULE, SCHEDULED_JOB
from tests.hub.schedules import Scheduled
from tests.hub.wire import Reply, json_reply

__all__ = ["ROUTES"]

# The OpenAPI's own words.
_BUSY = (
    "Another job is already running at the same time, set `concurrency` to allow multiple instances of scheduled "
    "jobs to run concurrently"
)


def _create(call: Call) -> Reply:
    owner = call.owner(write=True)
    body = call.body(SCHEDULED_JOB)
    now = call.store.clock.now()
    scheduled = Scheduled(
        call.store.new_id(now)[0],
        owner,
        call.user.name,
        now,
        body["jobSpec"],
        body["schedule"],
        suspend=body.get("suspend", False),
        concurrency=body.get("concurrency", False),
    )
    scheduled.plan_after(now)
    call.store.scheduled[scheduled.id] = scheduled
    return json_reply(200, scheduled.answer())


def _list(call: Call) -> Reply:
    owner, wanted = call.owner(), label_filters(call)
    if len(wanted) > 1:
        raise Refusal(400, "label: invalid input, expected string, received array")
    mine = (scheduled for scheduled in call.store.scheduled.values() if scheduled.owner == owner)
    labelled = [one for one in mine if all(one.spec.get("labels", {}).get(key) == value for key, value in wanted)]
    return json_reply(200, [scheduled.answer() for scheduled in reversed(labelled)])


def _delete(call: Call) -> Reply:
    del call.store.scheduled[call.scheduled(write=True).id]
    return json_reply(200, {"success": True})


def _suspend(call: Call, *, suspend: bool) -> Reply:
    scheduled = call.scheduled(write=True)
    scheduled.suspend = suspend
    return json_reply(200, scheduled.answer())


def _run(call: Call) -> Reply:
    scheduled = call.scheduled(write=True)
    if not scheduled.concurrency and call.store.is_running(scheduled, call.store.clock.now()):
        raise Refusal(409, _BUSY)
    must_pay(call, scheduled.owner)
    return json_reply(200, call.store.trigger(scheduled).as_bytes(call.store.clock.now()))


def _reschedule(call: Call) -> Reply:
    scheduled = call.scheduled(write=True)
    scheduled.schedule = call.body(SCHEDULE)["schedule"]
    scheduled.plan_after(call.store.clock.now())
    return json_reply(200, scheduled.answer())


def _relabel(call: Call) -> Reply:
    scheduled = call.scheduled(write=True)
    scheduled.spec = scheduled.spec | call.body(LABELS)
    return json_reply(200, scheduled.answer())


_ONE = "/api/scheduled-jobs/{ns}/{id}"
ROUTES = (
    Route("POST", "/api/scheduled-jobs/{ns}", _create),
    Route("GET", "/api/scheduled-jobs/{ns}", _list),
    Route("GET", _ONE, lambda call: json_reply(200, call.scheduled().answer())),
    Route("DELETE", _ONE, _delete),
    Route("POST", f"{_ONE}/suspend", lambda call: _suspend(call, suspend=True)),
    Route("POST", f"{_ONE}/resume", lambda call: _suspend(call, suspend=False)),
    Route("POST", f"{_ONE}/run", _run),
    Route("POST", f"{_ONE}/schedule", _reschedule),
    Route("PUT", f"{_ONE}/labels", _relabel),
)
