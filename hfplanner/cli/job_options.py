"""The options that describe a job, as ``hf jobs run`` has them, and the job they describe."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfplanner.budget.terms import JobTerms, UsedPrice
from hfplanner.cli.account import Account
from hfplanner.errors import UsageError, quoted

__all__ = ["JobOptions", "JobRequest", "job_terms", "read_job"]

_MAX_FILE_BYTES = 2**20
_TOKEN = "HF_TOKEN"  # noqa: S105 - a variable's name
_UNNAMED_IMAGE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """A job as it was typed, nothing of it read yet; each is the option of that name."""

    image: str | None = None
    command: Sequence[str] | None = None
    flavor: str | None = None
    timeout: str | None = None
    attempts: int | None = None
    namespace: str | None = None
    name: str | None = None
    label: list[str] | None = None
    env: list[str] | None = None
    secrets: list[str] | None = None
    env_file: str | None = None
    secrets_file: str | None = None
    volume: list[str] | None = None
    expose: list[int] | None = None
    expose_public: list[int] | None = None
    ssh: bool = False
    network_group: str | None = None
    network_alias: list[str] | None = None
    resource_group_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job that may be sent.

    Args:
        body: of ``POST /api/jobs/{namespace}``. It holds secrets: it is never shown.
        labels: of the job, its name included.
        flavor: as given.
        timeout_secs: of one attempt [s]; ``None`` where none was given.
        attempts: how often it may be tried.
        has_ports: whether ports are exposed.
    """

    body: Mapping[str, Any]
    labels: Mapping[str, str]
    flavor: str
    timeout_secs: int | None
    attempts: int
    has_ports: bool

    def __repr__(self) -> str:
        return f"JobRequest(flavor={self.flavor!r}, timeout_secs={self.timeout_secs!r}, labels={dict(self.labels)!r})"


def read_job(typed: JobOptions, *, values: bool, token: str | None = None) -> JobRequest:
    """Return the job that was typed, checked as the Hub would.

    Args:
        typed: the options.
        values: whether the values of secrets are needed; without, a secret that is not set here is no error.
        token: what ``-s HF_TOKEN`` means where ``HF_TOKEN`` is not set.

    Raises:
        UsageError: an option cannot be meant, or a file cannot be read.

    >>> job = read_job(JobOptions(flavor="l4x1", timeout="1h", label=["team=nlp", "draft"]), values=False)
    >>> job.timeout_secs, dict(job.labels)
    (3600, {'team': 'nlp', 'draft': ''})
    """
    from hfplanner.api.spec import create_job_spec  # noqa: PLC0415 - pydantic, for those who describe a job

    environ = {**os.environ, **({_TOKEN: token} if token and _TOKEN not in os.environ else {})}
    env = _variables((typed.env or ()), typed.env_file, environ)
    secrets = _secrets(typed, environ, values=values)
    body = create_job_spec(
        image=typed.image or _UNNAMED_IMAGE,
        command=list(typed.command or ()) or None,
        env=env,
        secrets=secrets,
        flavor=typed.flavor,
        timeout=typed.timeout,
        name=_name(typed, env, secrets),
        labels=_labels((typed.label or ()), typed.name),
        volumes=_volumes(typed.volume or ()),
        expose=typed.expose,
        expose_public=typed.expose_public,
        ssh=typed.ssh,
        network_group=typed.network_group,
        network_aliases=typed.network_alias or None,
        resource_group_id=typed.resource_group_id,
        attempts=typed.attempts,
    )
    return JobRequest(
        body=body,
        labels=body.get("labels", {}),
        flavor=body["flavor"],
        timeout_secs=body.get("timeoutSeconds"),
        attempts=body.get("attempts", 1),
        has_ports="expose" in body,
    )


def job_terms(job: JobRequest, account: Account, price: UsedPrice | None) -> JobTerms:
    """Return what decides the money of a job at the price of its flavor, as far as that is known."""
    return JobTerms(
        namespace=account.namespace,
        owner=account.owner,
        labels=job.labels,
        flavor=job.flavor,
        price=price,
        timeout_secs=job.timeout_secs,
        attempts=job.attempts,
        has_ports=job.has_ports,
    )


def _name(typed: JobOptions, env: Mapping[str, str], secrets: Mapping[str, str]) -> str | None:
    """Return the job's name: the one given, or the one ``hf jobs run`` gives it; a job without image gets none."""
    if typed.name is not None or typed.image is None or any(_pair(text)[0] == "name" for text in (typed.label or ())):
        return typed.name
    from hfplanner.api.job_names import default_job_name_from_image, job_config_parts  # noqa: PLC0415 - pydantic

    parts = job_config_parts(
        flavor=typed.flavor,
        timeout=typed.timeout,
        namespace=typed.namespace,
        env=env,
        secret_names=secrets,
        volumes=(typed.volume or ()),
        network_group=typed.network_group,
        network_aliases=typed.network_alias or (),
        extra=[] if typed.attempts is None else [str(typed.attempts)],
    )
    return default_job_name_from_image(typed.image, (typed.command or ()), config_parts=parts)


def _labels(labels: Sequence[str], name: str | None) -> dict[str, str]:
    """Return labels by key; of one that is given twice the last counts, as for ``hf``."""
    found = dict(_pair(text) for text in labels)
    if name is not None and "name" in found:
        raise UsageError("--name and --label name=... are both given.", hint="Give one of the two.")
    return found


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value


def _variables(given: Sequence[str], file: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return variables as ``hf`` reads them: a file first, then what was given; without a value, the environment's."""
    if not given and file is None:
        return {}
    from huggingface_hub.utils._dotenv import load_dotenv  # noqa: PLC0415 - 50 ms; one reading for both tools

    found: dict[str, str] = {}
    if file is not None:
        found |= load_dotenv(_read_file(file), environ=dict(environ))
    for text in given:
        read = load_dotenv(text, environ=dict(environ))
        if "=" in text and not read:
            # The name only: what follows may be a secret.
            name = quoted(_pair(text)[0])
            raise UsageError(
                f"{name} is not a name of a variable.", hint="Give KEY=VALUE, or KEY for the value it has here."
            )
        found |= read
    return found


def _secrets(typed: JobOptions, environ: Mapping[str, str], *, values: bool) -> dict[str, str]:
    found = _variables((typed.secrets or ()), typed.secrets_file, environ)
    named = [text.strip() for text in (typed.secrets or ()) if "=" not in text]
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


def _volumes(uris: Sequence[str]) -> list[Any] | None:
    """Return volumes from the URIs that ``hf jobs run`` takes."""
    if not uris:
        return None
    try:
        from huggingface_hub.utils._hf_uris import parse_hf_mount  # noqa: PLC0415 - 50 ms; one reading for both tools
    except ImportError as error:
        raise UsageError("--volume needs a newer huggingface_hub.", hint="pip install -U huggingface_hub") from error

    from hfplanner.api.models import Volume  # noqa: PLC0415 - pydantic

    forms = "hf://[models|datasets|spaces|buckets/]OWNER/NAME[/PATH]:/MOUNT[:ro|:rw]"
    volumes = []
    for uri in uris:
        if not uri.startswith("hf://"):
            sync = "Sync a folder of this machine first: hf buckets sync FOLDER hf://buckets/OWNER/NAME"
            raise UsageError(f"--volume: {quoted(uri)} does not begin with hf://.", hint=f"{sync}. Accepted: {forms}.")
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
    return volumes
