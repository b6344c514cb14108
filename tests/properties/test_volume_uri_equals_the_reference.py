"""Law: a volume is written for the command line as ``huggingface_hub`` writes it, and read back there as it was."""

from typing import Any

from huggingface_hub import Volume as TheirVolume
from huggingface_hub.utils._hf_uris import HfUriError, parse_hf_mount
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.api.models import Volume
from hfplanner.errors import JobSpecError

REPO = st.from_regex(r"[a-z0-9_]{1,8}/[a-z0-9_]{1,8}", fullmatch=True)
PART = st.text("aZ0._-", min_size=1, max_size=5)
VOLUMES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["bucket", "model", "dataset", "space", "tape"]),
        "source": REPO | PART,
        "mount_path": st.just("data") | st.lists(PART, max_size=2).map(lambda parts: f"/{'/'.join(parts)}"),
    },
    optional={
        "revision": PART | st.sampled_from(["", "refs/pr/12", "refs/convert/parquet", "feature/x"]),
        "read_only": st.booleans(),
        "path": st.lists(PART, max_size=2).map("/".join) | st.sampled_from(["/a", "a//b"]),
    },
)


@settings(deadline=None, max_examples=300)
@given(given=VOLUMES)
def test_a_volume_as_a_uri(given: dict[str, Any]) -> None:
    """The same text where both have one, and neither has one where the other has none."""
    try:
        theirs = TheirVolume(**given).to_uri()
    except HfUriError:
        theirs = None
    try:
        ours = Volume.model_validate(given).to_uri()
    except JobSpecError:
        ours = None
    assert ours == theirs
    if theirs is not None:
        parse_hf_mount(theirs)
