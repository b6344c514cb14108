"""Parts that many records have in common: reading each text once changes nothing of what a record says."""

import json
from datetime import UTC, datetime

import pytest

from hfplanner.frames.dictionary import DictionaryEncoder
from hfplanner.frames.jobs import job_frames

SEEN = datetime(2026, 8, 31, tzinfo=UTC)
JOB = {"id": "a", "createdAt": "2026-08-01T00:00:00.000Z"}


def test_a_text_is_read_once() -> None:
    """Ten thousand jobs of one owner cost one look at the owner."""
    looks: list[bytes] = []
    encoder = DictionaryEncoder(lambda text: looks.append(text) or text.decode())
    assert encoder.codes([b"x", b"y"]) + encoder.codes([b"y", b"x"]) == [0, 1, 1, 0]
    assert (looks, encoder.values) == ([b"x", b"y"], ["x", "y"])


@pytest.mark.parametrize("part", ["owner", "createdBy", "created_by", "initiator", "status"])
def test_a_part_of_another_type_costs_its_own_record_only(part: str) -> None:
    """The jobs before it and after it are taken, also those whose text was seen first in the same document."""
    jobs = [JOB | {part: {"name": "ada", "stage": "RUNNING"}}, JOB | {"id": "b", part: 7}, JOB | {"id": "c"}]
    frames = job_frames(json.dumps(jobs).encode(), source="hub", seen_at=SEEN)
    assert frames.jobs["id"].to_list() == ["a", "c"]
    assert frames.bad.select("position", "id", "code").rows() == [(1, "b", "wrong_type")]


def test_the_api_s_name_of_the_creator_comes_first_and_null_says_nothing() -> None:
    """Both spellings are read; one that is null leaves the word to the other."""
    ada, grace = {"name": "ada"}, {"name": "grace"}
    jobs = [
        JOB | {"createdBy": ada, "created_by": grace},
        JOB | {"createdBy": None, "created_by": grace},
        JOB | {"created_by": grace},
        JOB,
    ]
    frames = job_frames(json.dumps(jobs).encode(), source="hub", seen_at=SEEN)
    assert frames.jobs["created_by"].to_list() == ["ada", "grace", "grace", None]
