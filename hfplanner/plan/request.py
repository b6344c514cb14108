"""A job as it is asked for, whatever the source: its specification, who pays, and what of it is left to the plan."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.errors import UsageError, quoted
from hfplanner.plan.asked_job import AskedJob
from hfplanner.plan.chosen_flavor import is_named
from hfplanner.plan.uploads import Uploads, read_local_volume

if TYPE_CHECKING:
    from hfplanner.api.models import Volume
    from hfplanner.api.new_job import NewJob
    from hfplanner.submit.triggers import Trigger

__all__ = ["JobRequest", "key_and_value", "read_job"]

_MAX_FILE_BYTES = 2**20
_TOKEN = "HF_TOKEN"  # noqa: S105 - a variable's name
_UNNAMED_IMAGE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job that may be planned.

    Args:
        job: its specification. A flavor of ``None`` is left to the recommendation, a timeout of ``None`` to the plan.
        namespace: who pays; ``None`` is whoever the token belongs to.
        uploads: files and folders of this machine that it needs.
        trigger: the schedule that the Hub starts it of; ``None`` where it is sent whole.
        replaces: the id of a schedule in whose place it comes, whose runs so far are not counted beside it.
    """

    job: "NewJob"
    namespace: str | None = None
    uploads: Uploads = field(default_factory=Uploads)
    trigger: "Trigger | None" = None
    replaces: str | None = None

    @property
    def attempts(self) -> int:
        """How often it may be tried; once, unless it says so."""
        return self.job.attempts or 1

    def explicit(self, flavor: str, timeout_secs: int, namespace: str) -> "NewJob":
        """Return the job with what the Hub would otherwise decide by itself, and with what goes up for it.

        Args:
            flavor: where.
            timeout_secs: of one attempt [s].
            namespace: who pays, whose bucket holds what goes up.
        """
        volumes = (*self.job.volumes, *self.uploads.volumes(namespace))
        return self.job.but(flavor=flavor, timeout_secs=timeout_secs, attempts=self.attempts, volumes=volumes)


def read_job(asked: AskedJob, variables: Mapping[str, str], *, values: bool, token: str | None = None) -> JobRequest:
    """Return the job that was asked for, checked as the Hub would.

    Args:
        asked: the job.
        variables: the user's own, for what is given by name alone.
        values: whether the values of secrets are needed; without, a secret that is not set here is no error.
        token: what the secret ``HF_TOKEN`` means where ``HF_TOKEN`` is not set.

    Raises:
        JobSpecError: something the Hub would refuse, or would understand differently.
        UsageError: something cannot be meant, or a file cannot be read.

    >>> request = read_job(AskedJob(flavor="l4x1", timeout="1h", label=["team=nlp", "draft"]), {}, values=False)
    >>> request.job.timeout_secs, dict(request.job.labels)
    (3600, {'team': 'nlp', 'draft': ''})
    """
    from hfplanner.api.new_job import NewJob  # noqa: PLC0415 - pydantic, for those who describe a job
    from hfplanner.api.spec import check_timeout  # noqa: PLC0415 - as above

    known = {**variables, **({_TOKEN: token} if token and _TOKEN not in variables else {})}
    env = _variables(asked.env or (), asked.env_file, known)
    secrets = _secrets(asked, known, values=values)
    folders = tuple(folder for spec in asked.volume or () if (folder := read_local_volume(spec)) is not None)
    job = NewJob(
        image=asked.image or _UNNAMED_IMAGE,
        command=tuple(asked.command) if asked.command else None,
        env=env,
        secrets=secrets,
        flavor=asked.flavor if is_named(asked.flavor) else None,
        timeout_secs=check_timeout(asked.timeout),
        attempts=asked.attempts,
        name=_name(asked, env, secrets),
        labels=_labels(asked.label or (), asked.name),
        volumes=_volumes([spec for spec in asked.volume or () if spec.startswith("hf://")]),
        expose=tuple(asked.expose or ()),
        expose_public=tuple(asked.expose_public or ()),
        ssh=asked.ssh,
        network_group=asked.network_group,
        network_aliases=tuple(asked.network_alias or ()),
        resource_group_id=asked.resource_group_id,
    )
    return JobRequest(job=job, namespace=asked.namespace, uploads=Uploads(folders=folders))


def _name(asked: AskedJob, env: Mapping[str, str], secrets: Mapping[str, str]) -> str | None:
    """Return the job's name: the one given, or the one ``hf jobs run`` gives it; a job without image gets none."""
    if (
        asked.name is not None
        or asked.image is None
        or any(key_and_value(text)[0] == "name" for text in (asked.label or ()))
    ):
        return asked.name
    from hfplanner.api.job_names import default_job_name_from_image, job_config_parts  # noqa: PLC0415 - pydantic

    parts = job_config_parts(
        flavor=asked.flavor,
        timeout=None if asked.timeout is None else str(asked.timeout),
        namespace=asked.namespace,
        env=env,
        secret_names=secrets,
        volumes=(asked.volume or ()),
        network_group=asked.network_group,
        network_aliases=asked.network_alias or (),
        extra=[] if asked.attempts is None else [str(asked.attempts)],
    )
    return default_job_name_from_image(asked.image, (asked.command or ()), config_parts=parts)


def _labels(labels: Sequence[str], name: str | None) -> dict[str, str]:
    """Return labels by key; of one that is given twice the last counts, as for ``hf``."""
    found = dict(key_and_value(text) for text in labels)
    if name is not None and "name" in found:
        raise UsageError("--name and --label name=... are both given.", hint="Give one of the two.")
    return found


def key_and_value(text: str) -> tuple[str, str]:
    """Return the two sides of ``KEY=VALUE``; without an equals sign the value is empty.

    >>> key_and_value("team=nlp"), key_and_value("draft")
    (('team', 'nlp'), ('draft', ''))
    """
    key, _, value = text.partition("=")
    return key, value


def _variables(given: Sequence[str], file: str | None, known: Mapping[str, str]) -> dict[str, str]:
    """Return variables as ``hf`` reads them: a file first, then what was given; without a value, the environment's."""
    if not given and file is None:
        return {}
    from huggingface_hub.utils._dotenv import load_dotenv  # noqa: PLC0415 - 50 ms; one reading for both tools

    found: dict[str, str] = {}
    if file is not None:
        found |= load_dotenv(_read_file(file), environ=dict(known))
    for text in given:
        read = load_dotenv(text, environ=dict(known))
        if "=" in text and not read:
            # The name only: what follows may be a secret.
            name = quoted(key_and_value(text)[0])
            raise UsageError(
                f"{name} is not a name of a variable.", hint="Give KEY=VALUE, or KEY for the value it has here."
            )
        found |= read
    return found


def _secrets(asked: AskedJob, known: Mapping[str, str], *, values: bool) -> dict[str, str]:
    found = _variables((asked.secrets or ()), asked.secrets_file, known)
    named = [text.strip() for text in (asked.secrets or ()) if "=" not in text]
    missing = [name for name in named if name not in found]
    if missing and values:
        raise UsageError(
            f"These secrets are not set in your environment: {', '.join(map(quoted, missing))}.",
            hint=f"Export them (export {missing[0]}=...), or use --secrets-file.",
        )
    return {**found, **dict.fromkeys(missing, "")}


def _read_file(name: str) -> str:
    """Return the text of a file of variables, ``-`` is standard input; what it holds is never shown."""
    try:
        if name == "-":
            raw = sys.stdin.buffer.read(_MAX_FILE_BYTES + 1)
        else:
            with Path(name).expanduser().open("rb") as file:
                raw = file.read(_MAX_FILE_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{quoted(name)} cannot be read ({error.strerror}).", hint="A file of KEY=VALUE lines."
        ) from error
    except UnicodeDecodeError:
        raise UsageError(f"{quoted(name)} is not UTF-8.", hint="A file of KEY=VALUE lines.") from None
    if len(raw) > _MAX_FILE_BYTES:
        raise UsageError(f"{quoted(name)} is longer than {_MAX_FILE_BYTES} bytes.", hint="A file of KEY=VALUE lines.")
    return text


def _volumes(uris: Sequence[str]) -> "tuple[Volume, ...]":
    """Return volumes from the ``hf://`` URIs that ``hf jobs run`` takes."""
    if not uris:
        return ()
    try:
        from huggingface_hub.utils._hf_uris import parse_hf_mount  # noqa: PLC0415 - 50 ms; one reading for both tools
    except ImportError as error:
        raise UsageError("--volume needs a newer huggingface_hub.", hint="pip install -U huggingface_hub") from error

    from hfplanner.api.models import Volume  # noqa: PLC0415 - pydantic

    forms = "hf://[models|datasets|spaces|buckets/]OWNER/NAME[/PATH]:/MOUNT[:ro|:rw]"
    volumes = []
    for uri in uris:
        try:
            mount = parse_hf_mount(uri)
        except ValueError as error:
            raise UsageError(f"--volume: {quoted(uri)} is no volume.", hint=f"Accepted: {forms}.") from error
        volumes.append(
            Volume(
                type=mount.source.type,
                source=mount.source.id,
                mount_path=mount.mount_path,
                read_only=mount.read_only,
                path=mount.source.path_in_repo or None,
                revision=mount.source.revision or None,
            )
        )
    return tuple(volumes)
