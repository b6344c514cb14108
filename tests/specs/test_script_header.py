"""A script's header is read as ``hf jobs uv run`` reads it: the same tables, and errors at the same places."""

import pytest
from huggingface_hub.cli._uv_script_header import parse_uv_script_header
from huggingface_hub.errors import CLIError
from hypothesis import given
from hypothesis import strategies as st

from hfplanner.errors import JobSpecError
from hfplanner.specs.script import SCRIPT_KEYS, parse_header

_KEYS = st.sampled_from([*SCRIPT_KEYS, "flavour", "arch"])
_VALUES = st.sampled_from(
    ['"l4x1"', '"8h"', "3600", "true", '["HF_TOKEN"]', '{ A = "x" }', "{ A = 1 }", "[1]", '"ä"', "1.5", "[]"]
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=5), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "import os"]))
def test_a_header_is_read_as_the_hub_client_reads_it(table: dict[str, str], newline: str, before: str) -> None:
    """What the client accepts gives the same values; what it refuses is refused."""
    rows = ["# /// script", "# dependencies = []", "#", "# [tool.hf-jobs]"]
    rows += [f"# {key} = {value}" for key, value in table.items()]
    text = newline.join([*filter(None, [before]), *rows, "# ///", "print(1)", ""])
    try:
        theirs = parse_uv_script_header(text)
    except CLIError:
        with pytest.raises(JobSpecError):
            parse_header(text, "train.py")
        return
    ours = parse_header(text, "train.py")
    assert ours is not None
    assert theirs is not None
    assert ours.jobs is not None
    for key in SCRIPT_KEYS:
        expected = getattr(theirs, key)
        assert ours.jobs.get(key, type(expected)() if expected is not None else None) == expected
