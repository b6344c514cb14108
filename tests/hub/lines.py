"""Runs many command lines of ``hf`` or of ours in one process, against the emulator: ``python -m tests.hub.lines``.

Standard input is a JSON object: the program, and its lines as lists of words. Between two lines the emulator is asked
``/api/jobs/hardware?line=N``, so that its log tells which request belongs to which. Exit codes go to standard output.

The one thing that is replaced is the transfer of files into a bucket, which takes two seconds a line and is tested by
itself (``tests/plan/test_uploads.py``). Everything else of both programs runs as it is.
"""

import contextlib
import io
import json
import sys
import urllib.request
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

__all__ = ["main"]


def _without_transfer() -> None:
    """Let files and folders arrive at once, in a private bucket."""
    from huggingface_hub import HfApi  # noqa: PLC0415 - after the environment is set

    def bucket(_api: HfApi, bucket_id: str, **_: Any) -> SimpleNamespace:  # noqa: ANN401 - the client's interface
        return SimpleNamespace(url=f"https://huggingface.co/buckets/{bucket_id}", private=True)

    def nothing(*_: Any, **__: Any) -> list[Any]:  # noqa: ANN401 - as above
        return []

    HfApi.create_bucket = HfApi.bucket_info = bucket  # type: ignore[assignment, method-assign]
    for name in ("batch_bucket_files", "sync_bucket", "get_bucket_paths_info"):
        setattr(HfApi, name, nothing)


def _program(name: str) -> Callable[[list[str]], int | None]:
    if name == "hf":
        from huggingface_hub.cli.hf import main as hf  # noqa: PLC0415 - one of the two

        def run_hf(words: list[str]) -> None:
            sys.argv = ["hf", *words]
            hf()

        return run_hf
    from hfplanner.cli.app import run  # noqa: PLC0415 - as above

    return run


def main() -> None:
    """Run every line."""
    asked = json.load(sys.stdin)
    _without_transfer()
    run = _program(asked["program"])
    told = []
    for number, words in enumerate(asked["lines"]):
        with urllib.request.urlopen(f"{asked['hub']}/api/jobs/hardware?line={number}", timeout=10) as answer:  # noqa: S310 - the emulator
            answer.read()
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code: object = run(words)
            except SystemExit as exit_:
                code = exit_.code
        told.append({"code": code or 0, "err": err.getvalue()})
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
