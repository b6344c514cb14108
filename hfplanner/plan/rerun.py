"""A job that ran, as one that can be asked for again.

It is sent anew, with our own request, and not by the Hub's ``/duplicate``. That takes no body: the copy could carry no
label of its own, so that an answer which is lost could never be matched with the job, and it would run with the
timeout, the attempts and the labels of the first job, whatever they are worth today. A new request is decided, held,
labelled and looked for like every other.
The price is that secrets must be given again: the Hub tells the values of variables, and of secrets only the names.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hfplanner.errors import JobSpecError, UsageError, quoted
from hfplanner.plan.account import find_account
from hfplanner.plan.asked import AskedJob, JobNeeds
from hfplanner.plan.job_names import named_job_and_payer
from hfplanner.plan.job_plan import KnownRequest, know_request
from hfplanner.plan.request import JobRequest, read_job
from hfplanner.plan.workspace import Workspace
from hfplanner.submit.identity import OUR_LABELS

if TYPE_CHECKING:
    from hfplanner.api.models import JobInfo
    from hfplanner.api.new_job import NewJob

__all__ = ["job_again", "know_rerun", "read_rerun", "split_job_id"]

_SPACE = "https://huggingface.co/spaces/"


def split_job_id(text: str, namespace: str | None) -> tuple[str, str | None]:
    """Return a job's or a schedule's id, and whose it is where that is said.

    Args:
        text: ``ID`` or ``NAMESPACE/ID``.
        namespace: what was said elsewhere.

    Raises:
        UsageError: it is no id, or two namespaces are said.

    >>> split_job_id("acme/687fb701029421ae5549d998", None), split_job_id("687fb701029421ae5549d998", None)
    (('687fb701029421ae5549d998', 'acme'), ('687fb701029421ae5549d998', None))
    """
    owner, slash, own_id = text.rpartition("/")
    if not own_id or "/" in owner or (slash and not owner):
        raise UsageError(f"{quoted(text)} is no id.", hint="Accepted: ID or NAMESPACE/ID.")
    if owner and namespace is not None and owner != namespace:
        raise UsageError(f"{quoted(text)} is of {quoted(owner)}, and --namespace says {quoted(namespace)}.")
    return own_id, owner or namespace


def know_rerun(job: str, asked: AskedJob, workspace: Workspace, *, values: bool) -> KnownRequest:
    """Return the request of a job that ran, as the Hub tells it now.

    Args:
        job: ``ID``, ``NAMESPACE/ID``, or a job of the history: ``@latest``, ``@latest-failed``, ``@name=sft``.
        asked: the secrets, as typed, and the namespace.
        workspace: where the Hub and the history are.
        values: whether the values of secrets are needed.

    Raises:
        UsageError: it is no id, or names no job; or a secret is missing.
        NoSuchJobs: the history has no such job.
        HubError: the Hub does not tell.
        JobSpecError: it cannot be sent again as it is.
    """
    if job.startswith("@"):
        job, payer = named_job_and_payer(workspace.history().scan(), job)
        asked = replace(asked, namespace=asked.namespace or payer)
    job_id, owner = split_job_id(job, asked.namespace)
    hub = workspace.hub_to_ask()
    namespace = owner or find_account(hub, None, needs_owner=False).namespace
    found = hub.get_job(namespace, job_id)
    paid = replace(asked, namespace=namespace)
    request = read_rerun(found, paid, workspace.variables, values=values, token=workspace.token)
    return know_request(request, JobNeeds(), workspace, sends=True)


def job_again(job: "JobInfo") -> "NewJob":
    """Return the job to be sent: the same specification, without the labels of its submission, and no secrets.

    Raises:
        JobSpecError: it cannot be sent again as it is.

    >>> from hfplanner.api.models import JobInfo
    >>> job = JobInfo(id="a", docker_image="python:3.12", command=["id"], timeout=90, retry=1, flavor="l4x1")
    >>> again = job_again(job.model_copy(update={"labels": {"hfplanner-sid": "5", "team": "nlp"}}))
    >>> again.timeout_secs, again.attempts, dict(again.labels)
    (90, 2, {'team': 'nlp'})
    """
    from hfplanner.api.new_job import NewJob  # noqa: PLC0415 - pydantic, for those who describe a job
    from hfplanner.api.said import said_attempts, said_timeout_secs  # noqa: PLC0415 - as above
    from hfplanner.estimate.billing import BillingPolicy  # noqa: PLC0415 - as above

    try:
        timeout, attempts = said_timeout_secs(job), said_attempts(job)
    except ValueError as error:
        raise JobSpecError(f"Job {quoted(job.id)} cannot be sent again: {error}.") from error
    if timeout is not None and timeout != int(timeout):
        raise JobSpecError(f"Job {quoted(job.id)} cannot be sent again: its timeout is no whole number of seconds.")
    public = job.expose_public or []
    network = job.network
    labels = {key: value for key, value in (job.labels or {}).items() if key not in OUR_LABELS}
    return NewJob(
        image=_image(job),
        command=_command(job),
        env={name: value if isinstance(value, str) else json.dumps(value) for name, value in _environment(job)},
        flavor="cpu-basic" if job.flavor is None else str(job.flavor),
        timeout_secs=BillingPolicy().default_timeout_secs if timeout is None else int(timeout),
        attempts=attempts or 1,
        labels=labels,
        volumes=tuple(job.volumes or ()),
        expose=tuple(port for port in job.expose or () if port not in public),
        expose_public=tuple(public),
        ssh=_has_ssh(job),
        network_group=network.group if network else None,
        network_aliases=tuple(network.aliases) if network and network.group else (),
        resource_group_id=job.resource_group_id,
        arch=job.arch,
    )


def read_rerun(
    job: "JobInfo", asked: AskedJob, variables: Mapping[str, str], *, values: bool, token: str | None
) -> JobRequest:
    """Return the request of a job that ran, with the secrets that were given again.

    Args:
        job: as the Hub tells it.
        asked: the secrets, as typed, and the namespace, which pays again.
        variables: the user's own, for secrets given by name alone.
        values: whether the values of secrets are needed.
        token: what the secret ``HF_TOKEN`` means where ``HF_TOKEN`` is not set.

    Raises:
        JobSpecError: it cannot be sent again.
        UsageError: a secret of the job is not given, or one is that it does not have.
    """
    again = job_again(job)
    typed = read_job(replace(asked, image=again.image), variables, values=values, token=token).job.secrets
    had = list(job.secrets or ())
    missing = [name for name in had if name not in typed]
    if missing and values:
        raise UsageError(
            f"Job {quoted(job.id)} has secrets whose values the Hub does not tell: {', '.join(map(quoted, missing))}.",
            hint=f"Give them again: {' '.join(f'-s {name}' for name in missing)}, or --secrets-file FILE.",
        )
    foreign = [name for name in typed if name not in had]
    if foreign:
        raise UsageError(f"Job {quoted(job.id)} has no secret {quoted(foreign[0])}, and it is run again as it was.")
    return JobRequest(job=again.but(secrets={name: typed.get(name, "") for name in had}), namespace=asked.namespace)


def _image(job: "JobInfo") -> str:
    if job.docker_image is not None:
        return job.docker_image
    if job.space_id is not None:
        return f"{_SPACE}{job.space_id}"
    raise JobSpecError(f"The Hub does not say which image job {quoted(job.id)} runs.")


def _command(job: "JobInfo") -> tuple[str, ...] | None:
    """Return what it runs; arguments follow the command, as in the container."""
    arguments = tuple(job.arguments or ())
    if job.command:
        return (*job.command, *arguments)
    if arguments:
        raise JobSpecError(f"Job {quoted(job.id)} gives arguments to its image's own command, which cannot be sent.")
    return None


def _environment(job: "JobInfo") -> list[tuple[str, object]]:
    return list((job.environment or {}).items())


def _has_ssh(job: "JobInfo") -> bool:
    said = (job.model_extra or {}).get("ssh")
    asked = isinstance(said, Mapping) and said.get("enabled") is True
    return asked or bool(job.status and job.status.ssh_url)
