"""The routes of the bill, worked out from the jobs by the rule of started minutes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.hub.accounts import Owner
from tests.hub.call import Call, Refusal, Route
from tests.hub.clock import iso
from tests.hub.jobs import Job
from tests.hub.rules import MAX_INTEGER
from tests.hub.wire import Reply, json_reply

__all__ = ["ROUTES"]

_MINUTE_MS = 60_000
_MICRO_USD_PER_CENT = 10_000


def _month(now_ms: int) -> tuple[int, int]:
    """Return the calendar month around a moment, as a half-open interval in milliseconds."""
    moment = datetime.fromtimestamp(now_ms / 1000, UTC)
    first = datetime(moment.year, moment.month, 1, tzinfo=UTC)
    after = datetime(moment.year + moment.month // 12, moment.month % 12 + 1, 1, tzinfo=UTC)
    return int(first.timestamp()) * 1000, int(after.timestamp()) * 1000


def _prices(call: Call) -> dict[str, int]:
    return {row["name"]: row["unitCostMicroUSD"] for row in call.store.settings.hardware}


def _detail(job: Job, now_ms: int, prices: dict[str, int]) -> dict[str, Any] | None:
    """Return what one job has cost so far; None if it never started."""
    moment = job.moment(now_ms)
    if moment.started_ms is None:
        return None
    end = moment.finished_ms or job.cancelled_ms
    minutes = -(-((end or now_ms) - moment.started_ms) // _MINUTE_MS)
    flavor = job.spec["flavor"]
    detail = {
        "jobId": job.id,
        "hardwareFlavor": flavor,
        "totalMinutes": minutes,
        "totalCostMicroUsd": minutes * prices.get(flavor, 0),
        "startedAt": iso(moment.started_ms),
    }
    return detail | ({"completedAt": iso(end)} if end else {})


def _details(call: Call, owner: str, start_ms: int, end_ms: int) -> Iterator[tuple[Job, dict[str, Any]]]:
    now, prices = call.store.clock.now(), _prices(call)
    for job in call.store.newest_first(owner):
        detail = _detail(job, now, prices)
        if detail and start_ms <= (job.moment(now).started_ms or 0) < end_ms:
            yield job, detail


def _by_job(call: Call) -> Reply:
    start, end = _month(call.store.clock.now())
    details = [detail for _, detail in _details(call, call.user.name, start, end)]
    usage = {
        "usedMicroUsd": sum(detail["totalCostMicroUsd"] for detail in details),
        "totalMinutes": sum(detail["totalMinutes"] for detail in details),
        "periodStart": iso(start),
        "periodEnd": iso(end),
        "jobDetails": details,
    }
    return json_reply(200, {"hasAccess": True, "usage": usage})


def _seconds(call: Call, name: str) -> int:
    value = next(iter(call.values(name)), "")
    if not (value.isascii() and value.isdecimal() and 0 < int(value) <= MAX_INTEGER):
        raise Refusal(400, f"{name}: invalid input, expected a positive integer")
    return int(value)


def _by_product(call: Call, owner: str) -> Reply:
    """Answer the sums of a period; the OpenAPI gives no shape, this one follows ``/billing/usage``."""
    start, end = _seconds(call, "startDate") * 1000, _seconds(call, "endDate") * 1000
    sums: dict[str, dict[str, Any]] = {}
    for job, detail in _details(call, owner, start, end):
        product = f"jobs/{detail['hardwareFlavor']}/minutes"
        entry = sums.setdefault(
            product,
            {"entityId": job.owner.answer()["id"], "label": None, "product": product, "quantity": 0}
            | {"totalCostMicroUSD": 0, "startedAt": iso(start), "stoppedAt": iso(end), "active": False},
        )
        entry["quantity"] += detail["totalMinutes"]
        entry["totalCostMicroUSD"] += detail["totalCostMicroUsd"]
    return json_reply(200, {"usage": {"Jobs": list(sums.values())}})


def _org(call: Call) -> Owner:
    owner = call.store.accounts.owner(call.parts["ns"])
    if owner is None or owner.type != "org":
        raise Refusal(404, "Organization not found")
    if owner.name not in call.user.orgs:
        raise Refusal(403, "You do not belong to this organization")
    return owner


def _by_resource_group(call: Call) -> Reply:
    now = call.store.clock.now()
    start, _ = _month(now)
    groups: dict[str | None, list[int]] = {}
    for job, detail in _details(call, _org(call).name, start, now + 1):
        sums = groups.setdefault(job.spec.get("resourceGroupId"), [0, 0])
        sums[0] += detail["totalMinutes"] * 60
        sums[1] += detail["totalCostMicroUsd"]
    shown = [_group(name, uptime, cost) for name, (uptime, cost) in groups.items()]
    return json_reply(200, {"currency": "USD", "periods": [{"period": iso(start), "resourceGroups": shown}]})


def _group(name: str | None, uptime_secs: int, cost_micro_usd: int) -> dict[str, Any]:
    idle = {"uptimeSec": 0, "costCents": 0}
    jobs = {"uptimeSec": uptime_secs, "costCents": cost_micro_usd / _MICRO_USD_PER_CENT}
    return {
        "id": name,
        "name": name and f"group {name[:4]}",
        "storage": {"privateGB": 0, "publicGB": 0},
        "inference": {"requestCount": 0, "costCents": 0},
        "compute": {"spaces": idle, "endpoints": idle, "jobs": jobs},
    }


_ORG = "/api/organizations/{ns}/billing"
ROUTES = (
    Route("GET", "/api/settings/billing/usage/jobs", _by_job),
    Route("GET", "/api/settings/billing/usage-v2", lambda call: _by_product(call, call.user.name)),
    Route("GET", f"{_ORG}/usage-v2", lambda call: _by_product(call, _org(call).name)),
    Route("GET", f"{_ORG}/usage-by-resource-group", _by_resource_group),
)
