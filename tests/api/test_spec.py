"""What a job specification may hold, and what is refused before anything is sent."""

from fractions import Fraction
from typing import Any

import pytest

from hfplanner.api.models import JobHardware, Volume
from hfplanner.api.spec import create_job_spec, default_job_name_from_image, default_job_name_from_script
from hfplanner.errors import JobSpecError

SECRET = "hf_do_not_show_me"  # noqa: S105 - a stand-in that must not appear in any error


def spec(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - wrong types are what is tested
    """Build a specification that is fine but for what is changed."""
    fine: dict[str, Any] = {
        "image": "python:3.12",
        "command": ["python", "-V"],
        "env": None,
        "secrets": None,
        "flavor": None,
        "timeout": None,
    }
    return create_job_spec(**(fine | changed))


def volume(**changed: str) -> Volume:
    """Describe a volume that is fine but for what is changed."""
    return Volume.model_validate({"type": "bucket", "source": "acme/data", "mountPath": "/data"} | changed)


def test_what_is_not_given_is_left_out() -> None:
    """The smallest body has an image, a command, its empty arguments and environment, and the default flavor."""
    assert spec() == {
        "dockerImage": "python:3.12",
        "command": ["python", "-V"],
        "arguments": [],
        "environment": {},
        "flavor": "cpu-basic",
    }


def test_everything_at_once() -> None:
    """Every option lands under the name the API has for it."""
    body = spec(
        image="hf.co/spaces/acme/train",
        env={"MODE": "fast"},
        secrets={"T": "x"},
        flavor=JobHardware.L4X1,
        timeout="1h30m",
        name="run-1",
        labels={"team": "nlp"},
        volumes=[volume()],
        expose=[8000, 8000],
        expose_public=[9000, 8000],
        ssh=True,
        network_group="train",
        network_aliases=["master"],
        resource_group_id="5e9ecfc04957053f60648a3F",
        attempts=3,
        arch="arm64",
    )
    assert body == {
        "spaceId": "acme/train",
        "command": ["python", "-V"],
        "arguments": [],
        "environment": {"MODE": "fast"},
        "secrets": {"T": "x"},
        "flavor": "l4x1",
        "timeoutSeconds": 5400,
        "labels": {"team": "nlp", "name": "run-1"},
        "volumes": [{"type": "bucket", "source": "acme/data", "mountPath": "/data"}],
        "expose": {"ports": [8000, 9000], "portsPublic": [9000, 8000]},
        "ssh": {"enabled": True},
        "network": {"group": "train", "aliases": ["master"]},
        "resourceGroupId": "5e9ecfc04957053f60648a3F",
        "attempts": 3,
        "arch": "arm64",
    }


def test_the_images_own_command_is_a_missing_key() -> None:
    """``None`` leaves the command to the image."""
    assert "command" not in spec(command=None)


def test_the_flavor_is_a_plain_string_also_when_unknown() -> None:
    """A flavor this version does not know is sent; the Hub decides."""
    assert spec(flavor="tpu-v9")["flavor"] == "tpu-v9"
    assert type(spec(flavor=JobHardware.H200)["flavor"]) is str


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [
        (90, 90),
        (90.0, 90),
        ("90", 90),
        ("90s", 90),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("2d", 172800),
        ("2.05m", 123),
        (2**53 - 1, 2**53 - 1),
    ],
)
def test_timeouts_are_exact(timeout: float | str, seconds: int) -> None:
    """A timeout is a whole number of seconds, computed without floating point."""
    assert spec(timeout=timeout)["timeoutSeconds"] == seconds


@pytest.mark.parametrize(
    "timeout",
    [
        *(0, -1, 0.0, 0.5, 90.5, -0.0, True, False, float("nan"), float("inf"), float("-inf"), 2**53, 1e300),
        *("", " ", "0", "0s", "-5m", "0.5s", "1.5", "1e3", "nan", "inf", "5 minutes", "30m1h", "h", "1H", "٣s"),
        *([90], b"90", Fraction(90)),
        pytest.param(10**5000, id="a number no one can print"),
        pytest.param("9" * 5000, id="the same typed"),
    ],
)
def test_timeouts_that_mean_nothing_are_refused(timeout: object) -> None:
    """What the Hub would refuse, drop or round is an error with the accepted forms."""
    with pytest.raises(JobSpecError, match="timeout") as caught:
        spec(timeout=timeout)
    assert caught.value.hint is not None
    assert "Accepted durations" in caught.value.hint


@pytest.mark.parametrize("prefix", ["https://huggingface.co/", "https://hf.co/", "huggingface.co/", "hf.co/"])
def test_a_space_has_four_spellings(prefix: str) -> None:
    """An image below ``spaces/`` of the Hub is a Space, with or without a slash at its end."""
    for slash in ("", "/"):
        body = spec(image=f"{prefix}spaces/acme/my_space-1.0{slash}")
        assert body["spaceId"] == "acme/my_space-1.0"
        assert "dockerImage" not in body


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"image": ""}, "'' is not an image"),
        ({"image": "python 3"}, "'python 3' is not an image"),
        ({"image": "python:3.12\n"}, "is not an image"),
        ({"image": None}, "None is not an image"),
        ({"image": "https://docker.io/python"}, "names no Space"),
        ({"image": "http://hf.co/spaces/acme/train"}, "names no Space"),
        ({"image": "hf.co/spaces/"}, "'' is not a Space"),
        ({"image": "hf.co/spaces/acme"}, "'acme' is not a Space"),
        ({"image": "hf.co/spaces/acme/train/tree/main"}, "'acme/train/tree/main' is not a Space"),
        ({"image": "hf.co/spaces/acme/train?x=1"}, "is not a Space"),
        ({"image": "hf.co/spaces/../train"}, "is not a Space"),
        ({"command": []}, "The command is empty"),
        ({"command": "python -V"}, "The command must be a list"),
        ({"command": ["python", ""]}, "An item of the command"),
        ({"command": ["python", 1]}, "An item of the command"),
        ({"command": ["python", "\udcff"]}, "An item of the command"),
        ({"env": {"A": "1"}}, "'A' is not a name of an environment variable"),
        ({"env": {"1A": "1"}}, "'1A' is not"),
        ({"env": {"AB\n": "1"}}, "is not a name"),
        ({"env": {"A-B": "1"}}, "'A-B' is not"),
        ({"env": {"AB": 1}}, "The value of 'AB'"),
        ({"env": {"AB": None}}, "The value of 'AB'"),
        ({"env": ["AB=1"]}, "must be a mapping"),
        ({"secrets": {"": "1"}}, "'' is not a name of a secret"),
        ({"secrets": {"A B": "1"}}, "'A B' is not"),
        ({"secrets": {"AB": b"1"}}, "The value of 'AB'"),
        ({"flavor": ""}, "'' is not a flavor"),
        ({"flavor": " "}, "' ' is not a flavor"),
        ({"flavor": 5}, "5 is not a flavor"),
        ({"labels": {"": "x"}}, "'' is not a label's key"),
        ({"labels": {"k" * 101: "x"}}, "is not a label's key"),
        ({"labels": {"k\n": "x"}}, "is not a label's key"),
        ({"labels": {"k": "x" * 101}}, "is not a label's value"),
        ({"labels": {"k": "x\n"}}, "is not a label's value"),
        ({"labels": {"k": "é"}}, "is not a label's value"),
        ({"labels": {"k": 1}}, "1 is not a label's value"),
        ({"labels": [("k", "v")]}, "must be a mapping"),
        ({"name": "a b"}, "'a b' is not a job's name"),
        ({"name": "n" * 101}, "is not a job's name"),
        ({"name": "a", "labels": {"name": "a"}}, "a name and a label"),
        ({"volumes": [volume(type="tape")]}, "'tape' is not a type of volume"),
        ({"volumes": [volume(source="")]}, "'' is not a source"),
        ({"volumes": [volume(mountPath="data")]}, "'data' is not a mount path"),
        ({"volumes": volume()}, "must be a list"),
        ({"volumes": [{"source": "acme/data"}]}, "not a Volume"),
        ({"expose": [0]}, "0 is not a port"),
        ({"expose": [65536]}, "65536 is not a port"),
        ({"expose": [True]}, "True is not a port"),
        ({"expose": ["80"]}, "'80' is not a port"),
        ({"expose_public": [80.0]}, "80.0 is not a port"),
        ({"expose": 80}, "must be a list"),
        ({"expose": list(range(1, 12)), "expose_public": list(range(12, 22))}, "21 ports"),
        ({"ssh": "false"}, "'false' does not say"),
        ({"network_aliases": ["a"]}, "need a network group"),
        ({"network_group": ""}, "'' is not a network group"),
        ({"network_group": "Train"}, "'Train' is not a network group"),
        ({"network_group": "g", "network_aliases": ["a", "a"]}, "given twice"),
        ({"network_group": "g", "network_aliases": ["a" * 35]}, "is not a network alias"),
        ({"network_group": "g", "network_aliases": "abc"}, "must be a list"),
        ({"resource_group_id": ""}, "'' is not the id"),
        ({"resource_group_id": "g" * 24}, "is not the id"),
        ({"resource_group_id": "0" * 24 + "\n"}, "is not the id"),
        ({"attempts": 0}, "0 is not a number of attempts"),
        ({"attempts": True}, "True is not a number of attempts"),
        ({"attempts": 2.0}, "2.0 is not a number of attempts"),
        ({"arch": "x86"}, "'x86' is not an architecture"),
        ({"arch": "amd64\n"}, "is not an architecture"),
    ],
)
def test_what_the_hub_would_refuse_is_refused_here(changed: dict[str, Any], sentence: str) -> None:
    """The rules are the Hub's own (OpenAPI, 2026-08-18); the error is one sentence that names the offender."""
    with pytest.raises(JobSpecError) as caught:
        spec(**changed)
    assert sentence in caught.value.message
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"secrets": {"TOKEN": [SECRET]}},
        {"secrets": {"TOKEN": SECRET.encode()}},
        {"secrets": {f"TOKEN={SECRET}": ""}},
        {"secrets": {"A B": SECRET}},
        {"secrets": [f"TOKEN={SECRET}"]},
        {"secrets": SECRET},
        {"secrets": {"TOKEN": f"{SECRET}\udcff"}},
        {"env": {"TOKEN": {"deep": SECRET}}},
        {"env": {f"TOKEN={SECRET}": ""}},
        {"command": f"train --token {SECRET}"},
        {"command": ["train", SECRET, 1]},
    ],
)
def test_no_error_shows_a_secret(changed: dict[str, Any]) -> None:
    """An error goes to terminals and logs: it names the key, never the value."""
    with pytest.raises(JobSpecError) as caught:
        spec(**changed)
    assert SECRET not in f"{caught.value.message}{caught.value.hint}{caught.value!r}"


def test_a_long_value_is_shown_short() -> None:
    """What was typed is quoted up to 64 characters."""
    with pytest.raises(JobSpecError) as caught:
        spec(flavor=f"x {'y' * 10_000}")
    assert len(caught.value.message) < 100


def test_twenty_ports_and_no_more() -> None:
    """The limit counts a port once, however often and in whichever list it is given."""
    twenty = list(range(1, 21))
    assert spec(expose=twenty, expose_public=twenty)["expose"] == {"ports": twenty, "portsPublic": twenty}


def test_empty_collections_are_nothing() -> None:
    """Empty labels, volumes, ports, secrets and aliases leave no key."""
    empty = {"env": {}, "secrets": {}, "labels": {}, "volumes": [], "expose": [], "expose_public": []}
    assert spec(**empty) == spec()
    assert spec(network_group="g", network_aliases=[])["network"] == {"group": "g"}


def test_the_body_is_a_copy() -> None:
    """Changing the body changes nothing of the caller's."""
    command, env = ["python"], {"MODE": "fast"}
    body = spec(command=command, env=env)
    body["command"].append("-V")
    body["environment"]["MODE"] = "slow"
    assert (command, env) == (["python"], {"MODE": "fast"})


def test_default_names_never_exceed_a_label() -> None:
    """A long image or script gives up its end; the hash, which groups reruns, stays whole."""
    for named, other in (
        (default_job_name_from_image("i" * 300, ["a"]), default_job_name_from_image("i" * 300, ["b"])),
        (default_job_name_from_script("s" * 300, ["a"]), default_job_name_from_script("s" * 300, ["b"])),
    ):
        assert len(named) == len(other) == 100
        assert named[:92] == other[:92]
        assert named != other
        assert spec(name=named)["labels"] == {"name": named}


def test_default_names_of_odd_file_names() -> None:
    """A file name that is no UTF-8 still has a name that can be sent."""
    assert spec(name=default_job_name_from_script("\udcff.py", []))["labels"]["name"].startswith("--")
