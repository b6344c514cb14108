"""``python -m tests.benchmarks [PART]``: measure every part, or the one named, and print ratios of this one run.

Exit code 0: everything was measured and every goal is met. 1: a goal is missed, or something could not be measured.
"""

import argparse
import os
import platform
import sys
from types import ModuleType

from tests.benchmarks import (
    duration_history,
    durations_speed,
    frame,
    ledger,
    list_jobs,
    report_scale,
    report_start,
    startup,
)
from tests.benchmarks.processes import compile_bytecode
from tests.benchmarks.table import print_table

# Each has `measure() -> list[Result]`; the name of the module is the name of the part.
PARTS: tuple[ModuleType, ...] = (
    startup,
    report_start,
    frame,
    list_jobs,
    report_scale,
    duration_history,
    durations_speed,
    ledger,
)


def main() -> int:
    """Measure, print one table, and return the exit code."""
    parts = {part.__name__.rpartition(".")[2]: part for part in PARTS}
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure; ratios of one run.")
    parser.add_argument("part", nargs="?", choices=list(parts), help="one part only; all by default")
    part = parser.parse_args().part
    compile_bytecode()
    results = [result for module in ([parts[part]] if part else PARTS) for result in module.measure()]
    print_table(results, f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} processors")
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
