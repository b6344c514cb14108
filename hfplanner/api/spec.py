"""The body of ``POST /api/jobs/{namespace}``, and the names jobs get when nobody names them.

A specification is checked before money depends on it: what the Hub would refuse, or take for something else, raises
:class:`~hfplanner.errors.JobSpecError`. The rules are those of the OpenAPI of the Hub, 2026-08-18. No error shows the
value of a secret or of an environment variable.
"""

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeGuard

from hfplanner.api import spec_rules as rules
from hfplanner.api.constants import JobHardware
from hfplanner.api.job_names import default_job_name_from_image, default_job_name_from_script, space_prefix
from hfplanner.api.spec_rules import is_text, matching, shown
from hfplanner.errors import JobSpecError, UsageError
from hfplanner.units import DURATION_FORMS, parse_duration

if TYPE_CHECKING:
    from huggingface_hub import Volume as HubVolume

    from hfplanner.api.models import Volume

__all__ = ["check_timeout", "create_job_spec", "default_job_name_from_image", "default_job_name_from_script"]

_MAX_SAFE_INTEGER = 2**53 - 1
_MAX_PORT = 65535
_MAX_PORTS = 20

_VARIABLES = "Pass a mapping of names to strings."
_COMMAND = "Pass a list of strings, none of them empty, or None for the image's own command."
_PORTS = f"Accepted: whole numbers from 1 to {_MAX_PORT}, at most {_MAX_PORTS} of them."
_ATTEMPTS = "Accepted: a whole number from 1; 3 means two retries."
_VOLUMES = "Pass a list of Volume(type=, source=, mount_path=)."


def create_job_spec(  # noqa: PLR0913 - the fields of the API's body, all by keyword, as in huggingface_hub
    *,
    image: str,
    command: Sequence[str] | None,
    env: Mapping[str, str] | None,
    secrets: Mapping[str, str] | None,
    flavor: JobHardware | str | None,
    timeout: float | str | None,
    name: str | None = None,
    labels: Mapping[str, str] | None = None,
    volumes: "Sequence[Volume | HubVolume] | None" = None,
    expose: Sequence[int] | None = None,
    expose_public: Sequence[int] | None = None,
    ssh: bool = False,
    network_group: str | None = None,
    network_aliases: Sequence[str] | None = None,
    resource_group_id: str | None = None,
    attempts: int | None = None,
    arch: str | None = None,
) -> dict[str, Any]:
    """Return the body that asks the Hub for a job; what is not given is left out.

    Args:
        image: of a registry, or a Space: ``"hf.co/spaces/owner/name"``, with or without ``https://``.
        command: what to run; ``None`` for the image's own command.
        env: environment variables.
        secrets: the same, stored encrypted by the Hub and never shown.
        flavor: a name of the hardware listing, known here or not; ``None`` is cpu-basic.
        timeout: seconds (90, ``"90"``) or ``"90s"``, ``"1.5h"``, ``"1h30m"``, ``"2d"``. ``None`` leaves it to the Hub,
            which then stops the job after 30 minutes.
        name: the label ``name``.
        labels: up to 100 characters each, key and value.
        volumes: buckets and repositories to mount, each our ``Volume`` or that of ``huggingface_hub``.
        expose: ports served by the Jobs proxy to who may read the job.
        expose_public: ports served to everybody; they need not be in ``expose``.
        ssh: whether the job can be reached over SSH.
        network_group: jobs of one group reach each other.
        network_aliases: names of this job in its group.
        resource_group_id: 24 hexadecimal digits.
        attempts: how often the job may be tried, the first time included.
        arch: ``"amd64"`` or ``"arm64"``.

    Raises:
        JobSpecError: something the Hub would refuse, or would understand differently.

    >>> create_job_spec(image="python:3.12", command=["id"], env=None, secrets=None, flavor="l4x1", timeout="1.5h")
    ... # doctest: +NORMALIZE_WHITESPACE
    {'dockerImage': 'python:3.12', 'command': ['id'], 'arguments': [], 'environment': {}, 'flavor': 'l4x1',
     'timeoutSeconds': 5400}
    >>> create_job_spec(image="python:3.12", command=None, env=None, secrets=None, flavor=None, timeout=0)
    Traceback (most recent call last):
    hfplanner.errors.JobSpecError: The timeout 0 is not a whole number of seconds from 1 to 9007199254740991.
    """
    body = {
        **_image(image),
        "command": _command(command),
        "arguments": [],
        "environment": _variables(env, rules.ENV_NAME),
        "secrets": _variables(secrets, rules.SECRET_NAME) or None,
        "flavor": _flavor(flavor),
        "arch": _optional(arch, rules.ARCH),
        "timeoutSeconds": check_timeout(timeout),
        "attempts": _attempts(attempts),
        "labels": _labels(labels, name),
        "volumes": _volumes(volumes),
        "expose": _ports(expose, expose_public),
        "ssh": _ssh(enabled=ssh),
        "network": _network(network_group, network_aliases),
        "resourceGroupId": _optional(resource_group_id, rules.RESOURCE_GROUP),
    }
    return {key: value for key, value in body.items() if value is not None}


def _optional(value: object, rule: rules.Rule) -> str | None:
    return None if value is None else matching(value, rule)


def _items(value: object, what: str, hint: str) -> list[object]:
    """Return the items of a list; a string, whose items are letters, is none."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return list(value)
    raise JobSpecError(f"The {what} must be a list, not a {type(value).__name__}.", hint=hint)


def _whole(value: object, *, most: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _image(image: object) -> dict[str, str]:
    text = matching(image, rules.IMAGE)
    prefix = space_prefix(text)
    if prefix is not None:
        return {"spaceId": matching(text.removeprefix(prefix).removesuffix("/"), rules.SPACE)}
    if "://" in text:
        raise JobSpecError("The image is a URL that names no Space of the Hub.", hint=rules.IMAGE.forms)
    return {"dockerImage": text}


def _command(command: object) -> list[str] | None:
    if command is None:
        return None
    items = _items(command, "command", _COMMAND)
    if not items:
        raise JobSpecError("The command is empty.", hint=_COMMAND)
    texts = [item for item in items if is_text(item) and item]
    if len(texts) < len(items):
        raise JobSpecError("An item of the command is empty or not text.", hint=_COMMAND)
    return texts


def _variables(variables: object, rule: rules.Rule) -> dict[str, str]:
    if variables is None:
        return {}
    if not isinstance(variables, Mapping):
        raise JobSpecError(f"Variables must be a mapping, not a {type(variables).__name__}.", hint=_VARIABLES)
    for key, value in variables.items():
        matching(key, rule)
        if not is_text(value):
            raise JobSpecError(f"The value of {key!r} is not a string that can be sent.", hint=_VARIABLES)
    return dict(variables)


def _flavor(flavor: object) -> str:
    if flavor is None:
        return JobHardware.CPU_BASIC.value
    return matching(flavor.value if isinstance(flavor, Enum) else flavor, rules.FLAVOR)


def check_timeout(timeout: object) -> int | None:
    """Return a timeout in seconds, ``None`` where none is given.

    Raises:
        JobSpecError: it is no duration.

    >>> check_timeout("1.5h"), check_timeout(None)
    (5400, None)
    """
    if timeout is None:
        return None
    if isinstance(timeout, str):
        try:
            return parse_duration(timeout)
        except UsageError as error:
            raise JobSpecError(f"The timeout {error.message}", hint=error.hint) from error
    whole = int(timeout) if isinstance(timeout, float) and math.isfinite(timeout) and timeout.is_integer() else timeout
    if _whole(whole, most=_MAX_SAFE_INTEGER):
        return whole
    seconds = f"a whole number of seconds from 1 to {_MAX_SAFE_INTEGER}"
    raise JobSpecError(f"The timeout {shown(timeout)} is not {seconds}.", hint=DURATION_FORMS)


def _attempts(attempts: object) -> int | None:
    if attempts is None or _whole(attempts, most=_MAX_SAFE_INTEGER):
        return attempts
    raise JobSpecError(f"{shown(attempts)} is not a number of attempts.", hint=_ATTEMPTS)


def _labels(labels: object, name: object) -> dict[str, str] | None:
    if labels is not None and not isinstance(labels, Mapping):
        raise JobSpecError(f"Labels must be a mapping, not a {type(labels).__name__}.", hint=_VARIABLES)
    checked = {
        matching(key, rules.LABEL_KEY): matching(value, rules.LABEL_VALUE) for key, value in (labels or {}).items()
    }
    if name is None:
        return checked or None
    if "name" in checked:
        raise JobSpecError("The job has a name and a label 'name' too.", hint="Give one of the two.")
    return {**checked, "name": matching(name, rules.NAME)}


def _volumes(volumes: object) -> list[dict[str, Any]] | None:
    items = [] if volumes is None else _items(volumes, "volumes", _VOLUMES)
    return [_volume(item) for item in items] or None


def _volume(given: object) -> dict[str, Any]:
    volume = _as_volume(given)
    checks = (
        (volume.type, rules.VOLUME_TYPE),
        (volume.source, rules.VOLUME_SOURCE),
        (volume.mount_path, rules.MOUNT_PATH),
        (volume.revision, rules.PART),
        (volume.path, rules.PART),
    )
    for value, rule in checks:
        _optional(value, rule)
    return volume.to_dict()


def _as_volume(given: object) -> "Volume":
    """Return a volume, which may be one of ``huggingface_hub``; that one is known without importing its library."""
    from pydantic import ValidationError  # noqa: PLC0415 - only for jobs with volumes

    from hfplanner.api.models import Volume  # noqa: PLC0415 - as above

    if isinstance(given, Volume):
        return given
    kind = type(given)
    if kind.__name__ != "Volume" or not kind.__module__.startswith("huggingface_hub."):
        raise JobSpecError(f"A volume is a {kind.__name__}, not a Volume.", hint=_VOLUMES)
    try:
        return Volume.model_validate(vars(given))
    except ValidationError as error:
        raise JobSpecError("A volume holds what is not text.", hint=_VOLUMES) from error


def _ports(expose: object, expose_public: object) -> dict[str, list[int]] | None:
    """Return both lists, each port once and in the order given; the Hub wants a public port in both."""
    private, public = (_port_list(ports) for ports in (expose, expose_public))
    ports = list(dict.fromkeys([*private, *public]))
    if len(ports) > _MAX_PORTS:
        raise JobSpecError(f"{len(ports)} ports are exposed, which is more than {_MAX_PORTS}.", hint=_PORTS)
    return {"ports": ports, "portsPublic": public} if ports else None


def _port_list(ports: object) -> list[int]:
    items = [] if ports is None else _items(ports, "ports", _PORTS)
    found: dict[int, None] = {}
    for item in items:
        if not _whole(item, most=_MAX_PORT):
            raise JobSpecError(f"{shown(item)} is not a port.", hint=_PORTS)
        found[item] = None
    return list(found)


def _ssh(*, enabled: object) -> dict[str, bool] | None:
    if not isinstance(enabled, bool):
        raise JobSpecError(f"{shown(enabled)} does not say whether SSH is wanted.", hint="Accepted: True, False.")
    return {"enabled": True} if enabled else None


def _network(group: object, aliases: object) -> dict[str, Any] | None:
    claimed = [] if aliases is None else _items(aliases, "network aliases", rules.ALIAS.forms)
    if group is None:
        if claimed:
            raise JobSpecError("Network aliases need a network group.", hint=rules.GROUP.forms)
        return None
    names = [matching(alias, rules.ALIAS) for alias in claimed]
    if len(set(names)) < len(names):
        raise JobSpecError("A network alias is given twice.", hint="Name each alias once.")
    network = {"group": matching(group, rules.GROUP), "aliases": names or None}
    return {key: value for key, value in network.items() if value is not None}
