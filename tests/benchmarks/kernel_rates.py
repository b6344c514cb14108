"""``python -m tests.benchmarks.kernel_rates FOLDER``: sustained rates from measured kernels.

The folder holds ``gemm_measured.parquet`` (ai-dynamo/aiconfigurator: one row per GEMM, framework and GPU) and
``neusight_fp32_kernels.parquet`` (sitar-lab/NeuSight). Rewrites the rows of ``gpu_rates_before.csv`` that kernels tell:
single kernels are physics of the hardware, whatever end-to-end runs are left out of a fit.
"""

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from tests.benchmarks.cross_gpu_rows import Before, read_before

__all__ = ["gemm_rates", "kernel_bandwidths", "kernel_operations"]

_BEFORE = Path(__file__).parent / "data" / "gpu_rates_before.csv"
_SYSTEMS = {
    "a100_sxm": "A100",
    "l40s": "L40S",
    "rtx_pro_6000_server": "RTX PRO 6000",
    "h100_sxm": "H100",
    "h200_sxm": "H200",
    "b200_sxm": "B200",
}
_DEVICES = {
    "Tesla T4": "T4",
    "NVIDIA L4": "L4",
    "Tesla V100-PCIE-32GB": "V100",
    "Tesla P100-PCIE-16GB": "P100",
    "NVIDIA A100-PCIE-40GB": "A100-PCIe-40GB",
    "NVIDIA A100 80GB PCIe": "A100-PCIe-80GB",
    "NVIDIA H100 80GB HBM3": "H100",
}
# Cards of the same chip and memory whose own kernels are not in the tables, and by how much they are slower: of the
# A100 over PCIe the best GEMM is 253 TFLOPS, of that over SXM 271 (stas00/ml-engineering, MAMF).
_TWINS = {
    ("A100-40GB", "half"): ("A100", "half", 1.0),
    ("A100-PCIe-80GB", "half"): ("A100", "half", 253 / 271),
    ("A100-PCIe-40GB", "half"): ("A100", "half", 253 / 271),
    ("A100-40GB", "bandwidth"): ("A100-PCIe-40GB", "bandwidth", 1.0),
    ("A100-40GB", "fp32"): ("A100-PCIe-80GB", "fp32", 1.0),
    ("A100", "fp32"): ("A100-PCIe-80GB", "fp32", 1.0),
    ("H200", "fp32"): ("H100", "fp32", 1.0),
}
_KINDS = {"bfloat16": ("half", 2), "fp8": ("fp8", 1)}
_LARGE, _LONG = 4096, 8192
_GEMM_SIGMA, _BANDWIDTH_SIGMA, _FP32_SIGMA, _TWIN_SIGMA = 0.06, 0.04, 0.1, 0.08
# Bytes per element of kernels that do nothing but read and write fp32: one operand and the result, or two.
_TRAFFIC = {"relu": 8, "gelu": 8, "tanh": 8, "add": 12, "mul": 12, "div": 12}

Found = dict[tuple[str, str], tuple[float, float, str]]


def gemm_rates(gemms: pl.DataFrame) -> Found:
    """Return TFLOPS of large products, and GB/s of the weights while one or two rows are multiplied with them.

    Of the frameworks the fastest counts, of the shapes the median.
    """
    m, n, k = (pl.col(name).cast(pl.Float64) for name in "mnk")
    best = gemms.group_by("system", "gemm_dtype", "m", "n", "k").agg(pl.col("latency_ms").min())
    large = (m >= _LARGE) & (n >= _LARGE) & (k >= _LARGE)
    thin = (m <= 2) & (n >= _LONG) & (k >= _LONG)
    found: Found = {}
    for (system, dtype), rows in best.group_by("system", "gemm_dtype"):
        if system not in _SYSTEMS or dtype not in _KINDS:
            continue
        kind, size = _KINDS[dtype]
        name, source = _SYSTEMS[system], "measured kernels: ai-dynamo/aiconfigurator"
        speed = rows.filter(large).select(2 * m * n * k / pl.col("latency_ms") / 1e9).to_series().median()
        found[name, kind] = (float(speed), _GEMM_SIGMA, source)
        if kind == "half":
            read = rows.filter(thin).select(n * k * size / pl.col("latency_ms") / 1e6).to_series().median()
            found[name, "bandwidth"] = (float(read), _BANDWIDTH_SIGMA, source)
    return found


def kernel_bandwidths(kernels: pl.DataFrame) -> Found:
    """Return GB/s of elementwise kernels that last longer than a millisecond: the median of each kind, and of those."""
    long = kernels.filter(pl.col("OPName").is_in(list(_TRAFFIC)) & (pl.col("latency_ms") > 1))
    size = pl.col("OPName").replace_strict(_TRAFFIC) * pl.col("B") * pl.col("H")
    by_kind = long.group_by("Device", "OPName").agg((size / pl.col("latency_ms") / 1e6).median().alias("rate"))
    source = "measured kernels: sitar-lab/NeuSight"
    return {
        (_DEVICES[device], "bandwidth"): (rate, _BANDWIDTH_SIGMA, source)
        for device, rate in by_kind.group_by("Device").agg(pl.col("rate").median()).iter_rows()
        if device in _DEVICES
    }


def kernel_operations(kernels: pl.DataFrame) -> Found:
    """Return TFLOPS that the best twentieth of the fp32 layers reaches: the others are too narrow to fill a GPU."""
    layers = kernels.filter((pl.col("OPName") == "linear") & (pl.col("latency_ms") > 1))
    operations = 2 * pl.col("B").fill_null(1) * pl.col("M") * pl.col("N") * pl.col("K")
    rates = layers.group_by("Device").agg((operations / pl.col("latency_ms") / 1e9).quantile(0.95).alias("rate"))
    source = "measured fp32 kernels: sitar-lab/NeuSight"
    return {
        (_DEVICES[device], "fp32"): (rate, _FP32_SIGMA, source)
        for device, rate in rates.iter_rows()
        if device in _DEVICES
    }


def _with_twins(found: Found) -> Iterator[tuple[tuple[str, str], tuple[float, float, str]]]:
    yield from found.items()
    for key, (name, quantity, share) in _TWINS.items():
        value, sigma, source = found[name, quantity]
        yield key, (value * share, max(sigma, _TWIN_SIGMA), f"{source}, of its twin {name}")


def main() -> int:
    """Rewrite the rates that the kernels tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.kernel_rates")
    parser.add_argument("folder", type=Path, help="of the kernel tables")
    folder = parser.parse_args().folder
    kernels = pl.read_parquet(folder / "neusight_fp32_kernels.parquet")
    found = gemm_rates(pl.read_parquet(folder / "gemm_measured.parquet"))
    found = kernel_operations(kernels) | kernel_bandwidths(kernels) | found
    before = read_before()
    for key, (value, sigma, source) in _with_twins(found):
        before[key] = Before(float(f"{value:.4g}"), before[key].unit, sigma, "measured", source)
    with _BEFORE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("accelerator", "quantity", "value", "unit", "sigma", "kind", "source"))
        for (name, quantity), rate in before.items():
            writer.writerow((name, quantity, f"{rate.value:g}", rate.unit, f"{rate.sigma:g}", rate.kind, rate.source))
    return 0


if __name__ == "__main__":
    sys.exit(main())
