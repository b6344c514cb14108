"""The bill: pulled with the jobs, kept by period, and held against the billing rule to the micro-USD."""

import json
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import HistoryError
from hfplanner.estimate.job_costs import BILLS_SCHEMA
from hfplanner.history.bill_sync import BillSync
from hfplanner.history.bills import BILL_ROWS_SCHEMA, BilledPeriod, keep_bill, read_bills
from hfplanner.history.store import HistoryStore
from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.reconcile_result import Comparison
from hfplanner.report.result import Report
from hfplanner.report.spec import ReportSpec
from hfplanner.report.words import caveats
from tests.history.syncing import asking, store_in, sync
from tests.hub.control import Fate, Hub
from tests.program import Program

SEPTEMBER = datetime(2026, 9, 1, tzinfo=UTC)
# micro-USD per minute.
L4X1 = 13_333
HOUR = Fate(running_secs=3601)


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    """Return an empty history."""
    return store_in(tmp_path)


@pytest.fixture
def rented(hub: Hub) -> list[str]:
    """Let three jobs on l4x1 run for an hour and a second in September, and end a day before now."""
    hub.set_clock(SEPTEMBER + timedelta(days=3))
    ids = hub.add_jobs(3, fate=HOUR, flavor="l4x1", timeoutSeconds=7200)
    hub.advance(86_400)
    return ids


def bill_of(done: Any) -> BillSync:  # noqa: ANN401 - a sync
    """Return what became of the bill of a sync."""
    assert isinstance(done.bill, BillSync)
    return done.bill


def report(store: HistoryStore, hub: Hub, **spec: Any) -> Report:  # noqa: ANN401 - of ReportSpec
    """Return the report over a history at the emulator's time, with the shipped prices."""
    now = datetime.fromtimestamp(hub.now(), UTC)
    inputs = ReportInputs(listing=shipped_listing(), now=now, sources=store.sources(), billed=read_bills(store))
    return build_report(store.scan(), ReportSpec(**spec), inputs)


def kinds(found: Report) -> dict[str, Comparison]:
    """Return how bill and rule compare, by code."""
    assert found.reconciliation is not None
    return {one.code: one for one in found.reconciliation.comparisons}


def put(hub: Hub, **changes: Any) -> None:  # noqa: ANN401 - any JSON
    """Let the Hub bill the first job of the bill otherwise."""
    fields = {f"usage.jobDetails.0.{key}": value for key, value in changes.items()}
    hub.fault(path="/api/settings/billing", times=0, put=fields)


def test_a_bill_that_says_what_the_rule_says(hub: Hub, rented: list[str], store: HistoryStore) -> None:
    """61 started minutes for each of three jobs; nothing to look at, and the costs are as billed."""
    bill = bill_of(sync(hub, store))
    assert (bill.status, bill.jobs, bill.billed_micro_usd) == ("read", 3, 3 * 61 * L4X1)
    assert bill.period is not None
    assert (bill.period.start, bill.period.end) == (SEPTEMBER, datetime(2026, 10, 1, tzinfo=UTC))
    found = report(store, hub)
    assert found.total.cost.low == found.total.cost.high == 3 * 61 * L4X1
    assert found.bases.keys() == {"billed"}
    compared = kinds(found)
    assert compared.keys() == {"equal"}
    assert (compared["equal"].jobs, compared["equal"].difference_micro_usd) == (3, 0)
    assert found.to_json()["reconciliation"]["flagged_jobs"] == 0
    assert set(read_bills(store).rows["job_id"]) == set(rented)


@dataclass(frozen=True)
class Case:
    """What a bill says of a job, and what that is.

    Args:
        code: the kind of difference.
        difference: bill less rule [micro-USD]; ``None`` where the rule knows bounds only.
        minutes: on the bill.
        changes: of what the bill says.
        job: how the job differs from one of an hour and a second on l4x1.
    """

    code: str
    difference: int | None
    minutes: int = 61
    changes: dict[str, Any] = field(default_factory=dict)
    job: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case("rounding", L4X1, 62),
    Case("rounding", 223 - L4X1, 61, {"totalCostMicroUsd": 60 * L4X1 + 223}),
    Case("price", 61 * (12_000 - L4X1), 61, {"totalCostMicroUsd": 61 * 12_000}),
    Case("other_flavor", 2 * L4X1, 63, {"hardwareFlavor": "l4x4"}),
    Case("within_bounds", None, 122, job={"attempts": 2}),
    Case("attempts", None, 250, job={"attempts": 2}),
    Case("more", 29 * L4X1, 90),
    Case("less", -61 * L4X1, 0),
    Case("start_up", 5 * L4X1, 66, job={"fate": Fate(scheduling_secs=290, running_secs=3601)}),
    Case("ports", -10_167, 61, {"totalCostMicroUsd": 61 * 167}, {"flavor": "cpu-basic", "expose": {"ports": [80]}}),
)


@pytest.mark.parametrize("case", CASES, ids=[case.code for case in CASES])
def test_a_difference_is_explained_or_flagged(hub: Hub, store: HistoryStore, case: Case) -> None:
    """To the micro-USD, with the job, both sides and the likely reason; the bill counts."""
    hub.set_clock(SEPTEMBER + timedelta(days=3))
    (one,) = hub.add_jobs(1, **{"fate": HOUR, "flavor": "l4x1", "timeoutSeconds": 7200, **case.job})
    hub.advance(86_400)
    put(hub, **{"totalMinutes": case.minutes, "totalCostMicroUsd": case.minutes * L4X1, **case.changes})
    billed = bill_of(sync(hub, store)).billed_micro_usd
    found = report(store, hub)
    assert found.total.cost.low == found.total.cost.high == billed
    compared = kinds(found)[case.code]
    assert (compared.jobs, compared.difference_micro_usd) == (1, case.difference)
    assert compared.flagged == (case.code not in {"rounding", "within_bounds"})
    if compared.flagged:
        assert compared.examples == (one,)
        assert one in compared.evidence[0]
        assert any(compared.title in sentence and compared.likely in sentence for sentence in caveats(found))


def test_a_bill_settles_what_the_history_does_not_know(hub: Hub, store: HistoryStore) -> None:
    """A cancelled job without an end costs what the bill says, within what it could have cost at most."""
    hub.set_clock(SEPTEMBER + timedelta(days=3))
    hub.add_jobs(1, fate=HOUR, flavor="l4x1", timeoutSeconds=7200)
    hub.advance(600)
    with asking(hub) as client:
        client.cancel_job("alice", hub.jobs()[0]["id"])
    hub.advance(86_400)
    sync(hub, store)
    found = report(store, hub)
    assert kinds(found)["within_bounds"].jobs == 1
    assert found.total.cost.low == found.total.cost.high == 10 * L4X1


def test_a_job_that_ran_when_its_bill_was_read_is_not_billed_for_good(hub: Hub, store: HistoryStore) -> None:
    """What it had cost so far is not what it costs: the rule counts until a later bill."""
    hub.set_clock(SEPTEMBER + timedelta(days=3))
    hub.add_jobs(1, fate=HOUR, flavor="l4x1", timeoutSeconds=7200)
    hub.advance(605)
    sync(hub, store)
    found = report(store, hub)
    assert kinds(found).keys() == {"open"}
    assert (found.total.cost.low, found.total.cost.high) == (10 * L4X1, 120 * L4X1)
    hub.advance(86_400)
    sync(hub, store)
    assert kinds(report(store, hub)).keys() == {"equal"}


def test_what_only_one_side_knows_is_told(hub: Hub, rented: list[str], store: HistoryStore) -> None:
    """A billed job that is not in the history, and one in it that the bill of its time leaves out."""
    put(hub, jobId="687fb701029421ae5549d998")
    sync(hub, store)
    found = report(store, hub)
    compared = kinds(found)
    assert (compared["not_in_history"].jobs, compared["not_in_history"].billed_micro_usd) == (1, 61 * L4X1)
    assert compared["not_in_history"].examples == ("687fb701029421ae5549d998",)
    assert (compared["not_billed"].jobs, compared["not_billed"].computed.low) == (1, 61 * L4X1)
    assert set(compared["not_billed"].examples) <= set(rented)
    assert found.total.jobs == 3
    text = " ".join(caveats(found))
    assert "Billed, not in the history: 1 job" in text
    assert "Computed, not billed: 1 job" in text


def test_a_bill_whose_sum_is_not_that_of_its_jobs_is_flagged(hub: Hub, rented: list[str], store: HistoryStore) -> None:
    """The difference is told, and no job has a part of it."""
    hub.fault(path="/api/settings/billing", times=0, put={"usage.usedMicroUsd": 5_000_000})
    sync(hub, store)
    found = report(store, hub)
    assert kinds(found)["total"].difference_micro_usd == 5_000_000 - 3 * 61 * L4X1
    assert found.total.jobs == len(rented)


def test_a_report_of_a_part_compares_that_part(hub: Hub, rented: list[str], store: HistoryStore) -> None:
    """Of another namespace nothing; of another month nothing."""
    hub.add_jobs(2, namespace="acme", flavor="l4x1")
    hub.advance(86_400)
    sync(hub, store, "alice", "acme")
    assert kinds(report(store, hub, namespace="acme")) == {}
    assert kinds(report(store, hub, until=SEPTEMBER)) == {}
    assert kinds(report(store, hub, since=SEPTEMBER))["equal"].jobs == len(rented)


def test_a_month_later_both_bills_are_kept(hub: Hub, rented: list[str], store: HistoryStore) -> None:
    """One file for each period, that of the first as it was read last."""
    sync(hub, store)
    sync(hub, store)
    hub.set_clock(datetime(2026, 10, 5, tzinfo=UTC))
    hub.add_jobs(1, fate=HOUR, flavor="l4x1", timeoutSeconds=7200)
    hub.advance(86_400)
    sync(hub, store)
    periods = read_bills(store).periods
    assert [one.start.month for one in periods] == [9, 10]
    assert kinds(report(store, hub))["equal"].jobs == len(rented) + 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"put": {"hasAccess": False}}, "no_access"),
        ({"put": {"hasAccess": False}, "remove": ("usage",)}, "no_access"),
        ({"status": 403}, "no_access"),
        ({"status": 404}, "no_access"),
        ({"status": 500}, "failed"),
        ({"drop": True}, "failed"),
        ({"body": '{"hasAccess": true', "status": 200}, "failed"),
        ({"remove": ("usage",)}, "failed"),
        ({"remove": ("usage.periodStart",)}, "failed"),
    ],
)
def test_a_bill_that_cannot_be_had_costs_no_job(
    hub: Hub, rented: list[str], store: HistoryStore, fault: dict[str, Any], status: str
) -> None:
    """One that may not be seen is a note; one that could not be read leaves the answer incomplete."""
    hub.fault(path="/api/settings/billing", times=0, **fault)
    done = sync(hub, store)
    bill = bill_of(done)
    assert (bill.status, done.exit_code) == (status, 6 if status == "failed" else 0)
    assert bill.reason is not None
    assert done.namespaces[0].complete
    assert read_bills(store).periods == ()
    assert report(store, hub).reconciliation is None
    assert report(store, hub).total.jobs == len(rented)


def test_amounts_that_are_none_settle_nothing(hub: Hub, rented: list[str], store: HistoryStore) -> None:
    """Negative, or larger than any bill: the rule counts, and the job is told as not billed for good."""
    put(hub, totalCostMicroUsd=-5, totalMinutes=10**30)
    sync(hub, store)
    found = report(store, hub)
    assert (kinds(found)["open"].jobs, kinds(found)["equal"].jobs) == (1, 2)
    assert found.total.cost.low == len(rented) * 61 * L4X1


def period(account: str = "alice", *, day: int = 1, seen: int = 0, start: datetime = SEPTEMBER) -> BilledPeriod:
    """Return a bill of September that was read on a day, ``seen`` seconds after midnight."""
    seen_at = datetime(2026, 9, day, tzinfo=UTC) + timedelta(seconds=seen)
    end = datetime(2026, 10, 1, tzinfo=UTC)
    return BilledPeriod(source="hub", account=account, start=start, end=end, seen_at=seen_at, used_micro_usd=None)


def rows(*amounts: int | None, begun: datetime | None = SEPTEMBER, ended: bool = True) -> pl.DataFrame:
    """Return the jobs of a bill: a, b, ..."""
    jobs = [
        {
            "job_id": chr(97 + n),
            "bill_micro_usd": one,
            "started_at": begun,
            "completed_at": SEPTEMBER if ended else None,
        }
        for n, one in enumerate(amounts)
    ]
    return pl.DataFrame(jobs, schema=BILL_ROWS_SCHEMA)


def test_the_bills_are_what_costs_are_worked_out_with(store: HistoryStore) -> None:
    """The schema of :data:`BILLS_SCHEMA`, each job once."""
    keep_bill(store, period(), rows(5, 6))
    settled = read_bills(store).settled().collect()
    assert settled.schema == BILLS_SCHEMA
    assert settled.rows() == [("a", 5), ("b", 6)]


def test_what_is_not_for_good_is_not_settled(store: HistoryStore) -> None:
    """Still running, without an amount, begun before the period, or billed twice and differently."""
    keep_bill(store, period("a"), rows(5, None, 7))
    keep_bill(store, period("b"), rows(6))
    keep_bill(store, period("c"), rows(1, 2, 3, 4, ended=False).tail(1))
    keep_bill(store, period("d"), rows(1, 2, 3, 4, 5, begun=SEPTEMBER - timedelta(seconds=1)).tail(1))
    assert read_bills(store).settled().collect().rows() == [("c", 7)]


def test_the_bill_that_was_read_last_stays(store: HistoryStore) -> None:
    """Whatever comes in last."""
    keep_bill(store, period(day=5), rows(5))
    keep_bill(store, period(day=4), rows(4))
    assert read_bills(store).rows["bill_micro_usd"].to_list() == [5]
    keep_bill(store, period(day=6), rows())
    assert (read_bills(store).rows.height, read_bills(store).periods) == (0, (period(day=6),))


def test_writers_at_once_leave_the_latest_bill(store: HistoryStore) -> None:
    """Eight of them, and a reader that never finds half a file."""
    writers = [
        threading.Thread(target=keep_bill, args=(store, period(day=5, seen=n), rows(*range(n + 1)))) for n in range(8)
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        found = read_bills(store)
        assert all(found.rows.height == one.seen_at.second + 1 for one in found.periods)
    assert read_bills(store).rows.height == 8


@pytest.mark.parametrize("content", [b"", b"PAR1", b"{}"])
def test_a_damaged_bill_is_a_known_error(store: HistoryStore, content: bytes) -> None:
    """Named, with what to do."""
    keep_bill(store, period(), rows(1))
    (file,) = (store.folder / "bills").iterdir()
    file.write_bytes(content)
    with pytest.raises(HistoryError, match="damaged") as failure:
        read_bills(store)
    assert str(file) in failure.value.message


def test_accounts_never_name_files(store: HistoryStore) -> None:
    """No file outside the folder, whatever an account is called."""
    for name in ("../../x", "a/b", "\x1b[31m", "💥", "a" * 5000, "CON"):
        keep_bill(store, period(name), rows(1))
    assert {path.parent for path in store.folder.rglob("*.parquet")} == {store.folder / "bills"}
    assert len(read_bills(store).periods) == 6


def test_the_program_shows_the_bill_and_the_difference(program: Program, hub: Hub, rented: list[str]) -> None:
    """Sync and report as a user runs them, for people and as JSON."""
    put(hub, totalCostMicroUsd=90 * L4X1, totalMinutes=90)
    variables = {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token, "HF_HUB_OFFLINE": "0"}
    online = replace(program, environ=tuple(variables.items()))
    done = online.run("sync")
    assert "Bill of alice since 2026-09-01: $2.83 for 3 jobs." in done.out
    shown = program.run("report", "--since", "2026-09")
    assert shown.code == 0
    assert "Billed more than computed: 1 job, billed $1.20, computed $0.81" in " ".join(shown.out.split())
    answer = json.loads(program.run("report", "--since", "2026-09", "--json").out)
    assert answer["cost_micro_usd"] == {"low": 212 * L4X1, "high": 212 * L4X1}
    compared = {one["code"]: one["jobs"] for one in answer["reconciliation"]["comparisons"]}
    # The sum of the bill was not changed with it, which is told as well.
    assert compared == {"equal": len(rented) - 1, "more": 1, "total": 0}
