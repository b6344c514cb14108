"""Law: for what both accept, the body we send is the body ``huggingface_hub`` sends."""

import json
import string
from typing import Any

from huggingface_hub import Volume as TheirVolume
from huggingface_hub import _jobs_api as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.api.models import SPACE_IMAGE_PREFIXES, JobHardware, Volume
from hfplanner.api.spec import create_job_spec

LETTERS = string.ascii_letters
NAME = st.text(LETTERS + string.digits + "._-", max_size=100)
LABEL_KEY = NAME.filter(lambda key: key not in {"", "name"})
GROUP_CHARACTERS = string.ascii_lowercase + string.digits + "-"
REPO = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20}/[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20}", fullmatch=True)
IMAGE = st.builds("{}{}".format, st.sampled_from(SPACE_IMAGE_PREFIXES), REPO) | st.builds(
    "{}{}".format,
    st.sampled_from(["", "ghcr.io/", "hf.co/", "spaces/", "localhost:5000/"]),
    st.text(LETTERS + string.digits + "/:@._-", min_size=1, max_size=20).filter(
        lambda image: "://" not in image and not image.startswith("spaces/")
    ),
)
# Quarters of a minute and more are whole seconds and exact as floats: there the reference counts right.
TIMEOUT = st.one_of(
    st.none(),
    st.integers(1, 2**53 - 1),
    st.integers(1, 2**53 - 1).map(float),
    st.integers(1, 10**9).map(str),
    st.builds("{}{}".format, st.integers(1, 36500), st.sampled_from("smhd")),
    st.builds("{}{}{}".format, st.integers(0, 36499), st.sampled_from([".25", ".5", ".75"]), st.sampled_from("mhd")),
)
VOLUME = st.fixed_dictionaries(
    {"source": REPO, "mount_path": st.text(max_size=10).map(lambda path: f"/{path}")},
    optional={
        "type": st.sampled_from(["bucket", "model", "dataset", "space"]),
        "revision": st.none() | st.text(max_size=10),
        "read_only": st.none() | st.booleans(),
        "path": st.none() | st.text(max_size=10),
    },
)
PORTS = st.lists(st.integers(1, 65535), max_size=10)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "labels": st.none() | st.dictionaries(LABEL_KEY, NAME, max_size=3),
    "name": st.none() | NAME,
    "expose": st.none() | PORTS,
    "expose_public": st.none() | PORTS,
    "ssh": st.booleans(),
    "resource_group_id": st.none() | st.text(string.hexdigits, min_size=24, max_size=24),
    "attempts": st.none() | st.integers(1, 2**53 - 1),
}
NETWORK = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"network_group": st.text(GROUP_CHARACTERS, min_size=1, max_size=46)},
        optional={
            "network_aliases": st.none()
            | st.lists(st.text(GROUP_CHARACTERS, min_size=1, max_size=34), max_size=3, unique=True)
        },
    ),
)
REQUIRED: dict[str, st.SearchStrategy[Any]] = {
    "image": IMAGE,
    "command": st.lists(st.text(min_size=1), min_size=1, max_size=4),
    "env": st.none() | st.dictionaries(st.from_regex(r"[a-zA-Z][_a-zA-Z0-9]+", fullmatch=True), st.text(), max_size=3),
    "secrets": st.none()
    | st.dictionaries(st.from_regex(r"[a-zA-Z][_a-zA-Z0-9]*", fullmatch=True), st.text(), max_size=3),
    "flavor": st.none() | st.sampled_from([*JobHardware, *reference.JobHardware, "inf2x6", "tpu-v9"]),
    "timeout": TIMEOUT,
}


@settings(deadline=None, max_examples=200)
@given(
    given=st.fixed_dictionaries(REQUIRED, optional=OPTIONAL),
    network=NETWORK,
    volumes=st.none() | st.lists(VOLUME, max_size=3),
)
def test_the_bodies_are_equal(
    given: dict[str, Any], network: dict[str, Any], volumes: list[dict[str, Any]] | None
) -> None:
    """Every option, alone and together, gives the same JSON."""
    ours = create_job_spec(**given, **network, volumes=volumes and [Volume.model_validate(v) for v in volumes])
    theirs = reference._create_job_spec(  # noqa: SLF001 - the builder itself, which run_job wraps
        **given, **network, volumes=volumes and [TheirVolume(**v) for v in volumes]
    )
    assert json.loads(json.dumps(ours)) == json.loads(json.dumps(theirs))
