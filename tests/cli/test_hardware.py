"""``hfplanner hardware``: what it says when the Hub was to be asked and did not answer."""

import json
from pathlib import Path

from tests.program import Program


def test_a_refresh_that_failed_is_exit_code_6(tmp_path: Path) -> None:
    """The older listing is shown all the same, and it is said that it is one."""
    environ = (("HF_ENDPOINT", "http://127.0.0.1:1"), ("HF_HUB_OFFLINE", "0"))
    done = Program(tmp_path, environ=environ).run("hardware", "--refresh", "--json")
    assert (done.code, len(json.loads(done.out))) == (6, 26)
    assert done.err.endswith("Error: The listing was not refreshed.\n")
    assert Program(tmp_path, environ=environ).run("hardware", "--quiet").code == 0
