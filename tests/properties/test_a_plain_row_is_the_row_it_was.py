"""Law: a row that is read without validation is the flavor it would be with it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.api.hardware import JobHardwareInfo
from hfplanner.catalog.flavor import Flavor, read_flavor
from hfplanner.catalog.plain_rows import PlainRow, plain_row
from hfplanner.catalog.shipped import read_data_text

WORDS = ["", " ", "l4x1", "8 vCPU", "30 GB", "N/A", "minute", "hour", "L4", "\ud800", "\u00e9", "4"]
TEXT = st.sampled_from(WORDS) | st.text(max_size=5)
NUMBER = st.booleans() | st.integers(-2, 10**10) | st.floats(allow_nan=True)
VALUE = TEXT | NUMBER | st.none() | st.just([]) | st.just({})
ACCELERATOR = st.dictionaries(
    st.sampled_from(["type", "model", "vram", "quantity", "manufacturer", "new"]), VALUE, max_size=6
)
KEYS = ["name", "prettyName", "cpu", "ram", "ephemeralStorage", "unitLabel", "unitCostMicroUSD", "unitCostUSD"]
ROW = st.fixed_dictionaries(
    {"name": TEXT},
    optional=dict.fromkeys([*KEYS[1:], "pretty_name", "new"], VALUE) | {"accelerator": ACCELERATOR | VALUE},
)


def outcome(read: Any) -> Flavor | str:  # noqa: ANN401 - either kind of row
    """Return a row's flavor, or why it is none."""
    try:
        return read_flavor(read)
    except ValueError as error:
        return str(error)


@given(ROW)
def test_a_plain_row_reads_as_the_validated_one(row: dict[str, Any]) -> None:
    """Whatever is taken as it stands, the API's own model takes too, and both are one flavor or one problem."""
    plain = plain_row(row)
    if plain is not None:
        assert outcome(plain) == outcome(JobHardwareInfo.model_validate(row))


def test_every_shipped_row_is_plain() -> None:
    """What the Hub sends is read without validation: a quick answer stays quick."""
    rows = json.loads(read_data_text("hardware.json"))["listing"]
    assert all(isinstance(plain_row(row), PlainRow) for row in rows)
