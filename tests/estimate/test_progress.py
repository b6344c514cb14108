"""A job's progress, read from what programs really print."""

import subprocess
import sys

import pytest

from hfplanner.estimate.progress import LogLine, ProgressMark, duration_from_progress, read_progress

_TQDM = """
import sys
from tqdm import tqdm
for _ in tqdm(range(40), desc="Map", mininterval=0, file=sys.stdout):
    pass
bar = tqdm(total=1000, mininterval=0, file=sys.stdout)
for _ in range(35):
    bar.update(10)
sys.stdout.flush()
"""


@pytest.mark.process
def test_a_bar_of_tqdm_itself_is_read_and_the_bar_of_a_preparation_is_not() -> None:
    """The bars come from tqdm in a process of its own, parted by carriage returns as in a log."""
    printed = subprocess.run([sys.executable, "-c", _TQDM], capture_output=True, encoding="utf-8", check=True).stdout
    marks = read_progress([LogLine(printed)])
    assert marks[-1].share == pytest.approx(0.35)
    assert {mark.source for mark in marks} == {"bar"}
    assert all(mark.share <= 0.35 for mark in marks)


@pytest.mark.parametrize(
    "record",
    [
        "{'loss': 1.9326, 'grad_norm': 0.41, 'learning_rate': 1.8e-05, 'epoch': 0.75}",
        "{'loss': '1.9326', 'learning_rate': '1.8e-05', 'num_tokens': 140112.0, 'epoch': '0.75'}",
    ],
)
def test_a_record_of_a_trainer_counts_where_the_number_of_epochs_is_known(record: str) -> None:
    """Both spellings that transformers has printed: numbers, and texts since its fifth version."""
    assert read_progress([LogLine(record)]) == ()
    assert read_progress([LogLine(record)], epochs=3)[0].share == pytest.approx(0.25)


def test_what_a_script_says_itself_counts_before_its_bars() -> None:
    """A script knows of its own evaluations and uploads; a bar does not."""
    lines = [LogLine(" 50%|#####     | 5/10 [00:05<00:05,  1.00s/it]", 5.0), LogLine("hfplanner: progress=0.2", 5.0)]
    assert [mark.share for mark in read_progress(lines)] == [0.2]


@pytest.mark.parametrize("text", ["progress=0.5", "hfplanner: progress=", "hfplanner: progress=1.2.3", "100% done", ""])
def test_what_is_no_progress_is_none(text: str) -> None:
    """Nothing is guessed from a line that only looks like one."""
    assert read_progress([LogLine(text)]) == ()
    assert duration_from_progress((), 1800) is None


def test_a_third_after_half_an_hour_is_an_hour_and_a_half() -> None:
    """A run killed at 30 minutes that was at 35 % is a measurement: about 86 minutes."""
    mark = ProgressMark(share=0.35, secs=1800.0, loop_secs=None, source="line")
    total = duration_from_progress([mark], 1800)
    assert total is not None
    assert total.likely == round(1800 / 0.35)
    assert total.low < total.likely < total.high


def test_the_time_before_the_work_is_taken_once() -> None:
    """Ten minutes of preparation, then 10 % in every five minutes: an hour in all."""
    marks = [
        ProgressMark(share=share, secs=secs, loop_secs=None, source="line") for share, secs in ((0.1, 900), (0.2, 1200))
    ]
    total = duration_from_progress(marks, 1200)
    assert total is not None
    assert total.likely == 600 + 10 * 300


def test_at_its_end_a_job_takes_what_it_took() -> None:
    """With all of the work done nothing is left to estimate."""
    mark = ProgressMark(share=1.0, secs=3600.0, loop_secs=3500.0, source="bar")
    total = duration_from_progress([mark], 3600)
    assert total is not None
    assert (total.low, total.likely, total.high) == (3600, 3600, 3600)
