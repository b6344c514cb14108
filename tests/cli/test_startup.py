"""What starting the program loads: the quick answers must stay quick, and a number would not say why they are not."""

import sys

import pytest

from tests.program import Program

pytestmark = pytest.mark.process

HEAVY = ("polars", "httpx", "matplotlib", "huggingface_hub", "numpy")
FOR_PEOPLE = ("rich",)
MODELS = ("pydantic",)
# What draws cases of a job whose time is not known exactly needs it; nothing else does.
DRAWS = ("numpy",)

_LIST_MODULES = """
import sys
from hfplanner.cli.app import run
run(sys.argv[1:])
print("MODULES", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize(
    ("args", "absent"),
    [
        (("--version",), HEAVY + FOR_PEOPLE + MODELS),
        (("--help",), HEAVY + FOR_PEOPLE + MODELS),
        (("run", "--help"), HEAVY + FOR_PEOPLE + MODELS),
        (("hardware", "--json", "--offline"), HEAVY + FOR_PEOPLE + MODELS),
        (("recommend", "--vram", "40GB", "--offline", "--json"), HEAVY + FOR_PEOPLE + MODELS),
        (("recommend", "--vram", "40GB", "--offline"), HEAVY + FOR_PEOPLE + MODELS),
        (("hook",), HEAVY + FOR_PEOPLE + MODELS),
        (("budget", "--help"), HEAVY + FOR_PEOPLE + MODELS),
        (("budget", "check", "--flavor", "l4x1", "--timeout", "1h"), HEAVY + FOR_PEOPLE + MODELS),
        (("budget", "show", "--json"), HEAVY + FOR_PEOPLE + MODELS),
        (("recommend", "--model", "Qwen/Qwen3-8B", "--offline", "--json"), HEAVY + FOR_PEOPLE),
        (("recommend", "--vram", "24GB", "--duration", "2h@l4x1", "--offline", "--quiet"), HEAVY + FOR_PEOPLE),
        (
            ("recommend", "--vram", "24GB", "--duration", "2h@l4x1", "--offline", "--json"),
            tuple(name for name in HEAVY + FOR_PEOPLE if name not in DRAWS),
        ),
        (("estimate", "--help"), HEAVY + FOR_PEOPLE + MODELS),
        (("estimate", "memory", "--params", "8B", "--offline", "--json"), HEAVY + FOR_PEOPLE),
        (("estimate", "memory", "--model", "Qwen/Qwen3-8B", "--offline"), HEAVY + FOR_PEOPLE),
    ],
)
def test_a_command_loads_only_what_it_uses(args: tuple[str, ...], absent: tuple[str, ...], program: Program) -> None:
    """A library of hundreds of milliseconds is loaded by the commands that use it, and by no other."""
    done = program.run_command([sys.executable, "-c", _LIST_MODULES, *args])
    loaded = done.out.splitlines()[-1].split()
    assert loaded[0] == "MODULES", done.err
    assert not set(absent) & set(loaded)
