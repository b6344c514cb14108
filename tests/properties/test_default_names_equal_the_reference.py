"""Law: jobs, and folders synced for them, get the names ``huggingface_hub`` gives, so that both group together."""

import platform
from pathlib import Path

from huggingface_hub import _jobs_api as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.api.job_names import (
    default_job_name_from_image,
    default_job_name_from_script,
    job_volume_name,
)
from hfplanner.api.models import SPACE_IMAGE_PREFIXES

PIECE = st.text("aZ0.:/@_- é", max_size=8) | st.text(max_size=60)
IMAGE = st.builds("{}{}".format, st.sampled_from(["", "ghcr.io/", *SPACE_IMAGE_PREFIXES]), PIECE)
SCRIPT = st.builds(
    "{}{}{}".format, PIECE, st.sampled_from(["", ".py", "/", ".py/"]), st.sampled_from(["", "?a=1", "#b"])
)
TEXTS = st.lists(st.text(max_size=5), max_size=3)


def shortened(name: str) -> str:
    """Do what a label demands and the reference does not: give up the end of the base beyond 100 characters."""
    return name if len(name) <= 100 else f"{name[:91]}{name[-9:]}"


@settings(deadline=None)
@given(image=IMAGE, command=TEXTS, parts=st.none() | TEXTS)
def test_a_job_of_an_image(image: str, command: list[str], parts: list[str] | None) -> None:
    """From a registry or a Space, with or without the rest of its launch."""
    theirs = reference._default_job_name_from_image(image, command, config_parts=parts)  # noqa: SLF001 - what run_job calls
    assert default_job_name_from_image(image, command, config_parts=parts) == shortened(theirs)


@settings(deadline=None)
@given(script=SCRIPT, arguments=TEXTS, parts=st.none() | TEXTS)
def test_a_job_of_a_script(script: str, arguments: list[str], parts: list[str] | None) -> None:
    """A path, a URL with a query, a command."""
    theirs = reference._default_job_name_from_script(script, arguments, config_parts=parts)  # noqa: SLF001 - what run_uv_job calls
    assert default_job_name_from_script(script, arguments, config_parts=parts) == shortened(theirs)


@settings(deadline=None)
@given(path=st.lists(st.text("a Zé._~-", min_size=1, max_size=10), max_size=4).map("/".join))
def test_a_folder_synced_for_a_job(path: str) -> None:
    """Its last part and a hash of machine and path, also for the root."""
    folder = Path(f"/{path}").resolve()
    ours = job_volume_name(folder, node=platform.node())
    assert ours == reference._derive_job_volume_name(folder)  # noqa: SLF001 - what sync_job_volume calls
