"""Sustained rates from tables of single kernels."""

import polars as pl
import pytest

from tests.benchmarks.kernel_rates import gemm_rates, kernel_bandwidths, kernel_operations


def test_a_large_product_tells_operations_and_a_thin_one_bandwidth() -> None:
    """8192^3 in 2 ms is 550 TFLOPS, of two frameworks the faster; 128 MiB of bf16 weights in 0.1 ms are 1342 GB/s."""
    rows = [("h200_sxm", "bfloat16", m, 8192, 8192, ms) for m, ms in ((8192, 2.0), (8192, 9.0), (1, 0.1))]
    found = gemm_rates(pl.DataFrame(rows, schema=["system", "gemm_dtype", "m", "n", "k", "latency_ms"], orient="row"))
    assert found["H200", "half"][0] == pytest.approx(549.8, abs=0.1)
    assert found["H200", "bandwidth"][0] == pytest.approx(1342.2, abs=0.1)


def test_kernels_that_only_move_numbers_tell_bandwidth() -> None:
    """10^9 fp32 numbers read and written in 40 ms are 200 GB/s; two read and one written in 50 ms, 240."""
    rows = [("Tesla T4", "relu", 10.0**6, 1000.0, 40.0), ("Tesla T4", "add", 10.0**6, 1000.0, 50.0)]
    found = kernel_bandwidths(pl.DataFrame(rows, schema=["Device", "OPName", "B", "H", "latency_ms"], orient="row"))
    assert found["T4", "bandwidth"][0] == pytest.approx(220)


def test_layers_tell_operations() -> None:
    """2 x 4096^3 operations in 20 ms are 6.9 TFLOPS; a kernel of microseconds and an unknown GPU say nothing."""
    names = ["Device", "OPName", "B", "M", "N", "K", "latency_ms"]
    rows = [
        (device, "linear", 1.0, 4096.0, 4096.0, 4096.0, ms) for device, ms in (("Tesla T4", 20.0), ("Tesla P4", 30.0))
    ]
    rows.append(("Tesla T4", "linear", 1.0, 4096.0, 4096.0, 4096.0, 0.001))
    found = kernel_operations(pl.DataFrame(rows, schema=names, orient="row"))
    assert {key: round(value[0], 1) for key, value in found.items()} == {("T4", "fp32"): 6.9}
