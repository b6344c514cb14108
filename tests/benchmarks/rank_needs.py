"""The measured process of the frame benchmark: needs are made, then ranked; the figures go to stdout as JSON."""

import argparse
import json
import resource
import sys
import time

import polars as pl

from hfplanner.catalog.listing import shipped_listing
from hfplanner.frames.hardware import hardware_frames
from hfplanner.recommend.frame import recommend_frame
from tests.benchmarks.needs import LOOSEST, varied_needs

__all__ = ["main"]


def main() -> None:
    """Rank the needs of the command line once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--needs", type=int, required=True)
    parser.add_argument("--top", type=int)
    parser.add_argument("--loosest", action="store_true", help="every need is met by every flavor")
    parser.add_argument("--without", nargs="*", default=[], help="columns of the needs to leave out")
    asked = parser.parse_args()
    hardware = hardware_frames(shipped_listing()).hardware
    needs = pl.concat([LOOSEST] * asked.needs) if asked.loosest else varied_needs(asked.needs).drop(asked.without)
    begun = time.perf_counter()
    answer = recommend_frame(needs, hardware, top=asked.top)
    took = time.perf_counter() - begun
    found = {
        "secs": took,
        "peak_bytes": peak_bytes(),
        "flavors": hardware.height,
        "options": answer.options.height,
        "bad": answer.bad.height,
    }
    json.dump(found, sys.stdout)


def peak_bytes() -> int:
    """Return the most memory this process ever held; Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
