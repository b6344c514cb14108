"""Law: the rows of a listing in another order are the same flavors, duplicates and violations."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.catalog.flavor import read_rows
from hfplanner.catalog.listing import parse_listing

ACCELERATORS = st.none() | st.builds(
    lambda model, quantity, vram: {"type": "gpu", "model": model, "quantity": quantity, "vram": vram},
    model=st.sampled_from(["L4", "X1"]),
    quantity=st.sampled_from(["1", "2"]),
    vram=st.sampled_from(["24 GB", "48 GB", "0.000000001 GB"]),
)
ROW = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "c", "d"]),
        "unitCostMicroUSD": st.sampled_from([100, 200, 0, None]),
        "unitLabel": st.sampled_from(["minute", "minute", "hour"]),
        "accelerator": ACCELERATORS,
    },
    optional={"ram": st.sampled_from(["16 GB", "?"])},
)
ROWS = st.lists(ROW, min_size=2, max_size=6)


@given(ROWS, st.data())
def test_flavors(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    """As a set, each name once, and as many rows left out for the same reasons."""
    shuffled = data.draw(st.permutations(rows))
    flavors, problems = read_rows(rows)
    others, other_problems = read_rows(shuffled)
    assert set(flavors) == set(others)
    assert len({flavor.name for flavor in flavors}) == len(flavors)
    assert Counter((p.name, p.code) for p in problems) == Counter((p.name, p.code) for p in other_problems)


@given(ROWS, st.data())
def test_violations(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    """What is odd about a listing is odd in any order."""
    readable = [*rows, {"name": "z", "unitCostMicroUSD": 500, "unitLabel": "minute"}]
    now = datetime(2026, 9, 15, tzinfo=UTC)
    found = [
        Counter(parse_listing(order, source="hub", origin="https://hub.example", checked=now).violations)
        for order in (readable, data.draw(st.permutations(readable)))
    ]
    assert found[0] == found[1]
