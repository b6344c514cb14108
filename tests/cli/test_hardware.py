"""``hfplanner hardware``: what it says when the Hub was to be asked and did not answer."""

import json
from pathlib import Path

from tests.program import Program


def test_flavors_are_chosen_and_sorted(tmp_path: Path) -> None:
    """By the needs of recommend, without ranking; what costs the same stays in the order of the listing."""
    program = Program(tmp_path)
    asked = ("hardware", "--quiet", "--offline", "--vram", "90GB", "--max-price", "12", "--sort", "price")
    assert program.run(*asked).out.split() == ["rtx-pro-6000", "h200", "rtx-pro-6000x2", "h200x2", "rtx-pro-6000x4"]
    largest = program.run("hardware", "--quiet", "--offline", "--accelerator", "l4", "--sort", "vram").out.split()
    assert largest == ["l4x4", "l4x1"]
    none = program.run("hardware", "--json", "--offline", "--vram", "9TB")
    assert (none.code, none.out.strip()) == (0, "[]")


def test_a_refresh_that_failed_is_exit_code_6(tmp_path: Path) -> None:
    """The older listing is shown all the same, and it is said that it is one."""
    environ = (("HF_ENDPOINT", "http://127.0.0.1:1"), ("HF_HUB_OFFLINE", "0"))
    done = Program(tmp_path, environ=environ).run("hardware", "--refresh", "--json")
    assert (done.code, len(json.loads(done.out))) == (6, 26)
    assert done.err.endswith("Error: The listing was not refreshed.\n")
    assert Program(tmp_path, environ=environ).run("hardware", "--quiet").code == 0
