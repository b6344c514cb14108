"""Whether the job the Hub says it created is the one that was asked for."""

from collections.abc import Iterator
from typing import Any

from hfplanner.api.launch import Launched
from hfplanner.api.models import JobInfo
from hfplanner.api.new_job import NewJob
from hfplanner.api.said import said_attempts, said_timeout_secs

__all__ = ["differences"]


def differences(namespace: str, asked: NewJob, launched: Launched) -> tuple[str, ...]:
    """Return what of the answer differs from what was asked, a sentence each; what the answer leaves out does not.

    >>> job = JobInfo.model_validate({"id": "a", "flavor": "h200", "timeout": 60, "retry": 2})
    >>> launched = Launched(job_id="a", raw=b"", job=job)
    >>> asked = NewJob(image="python:3.12", flavor="l4x1", timeout_secs=60, attempts=1)
    >>> for text in differences("acme", asked, launched):
    ...     print(text)
    The Hub says flavor h200; l4x1 was asked for.
    The Hub says attempts 3; 1 was asked for.
    """
    if launched.job is None:
        return (f"The answer of the Hub could not be read whole: {launched.problem}.",)
    said = dict(_said(launched.job))
    wanted_of = {"flavor": asked.flavor, "timeout": asked.timeout_secs, "attempts": asked.attempts}
    lost = sorted(set(asked.all_labels) - set(launched.job.labels or {})) if launched.job.labels is not None else []
    labels = (f"The job lacks the label {name}; it was asked for." for name in lost)
    owner = said["owner"]
    payer = () if owner in {None, namespace} else (f"The Hub says owner {owner}; {namespace} was asked for.",)
    return (
        *payer,
        *labels,
        *(
            f"The Hub says {name} {said[name]}; {wanted} was asked for."
            for name, wanted in wanted_of.items()
            if said.get(name) is not None and wanted is not None and said[name] != wanted
        ),
    )


def _said(job: JobInfo) -> Iterator[tuple[str, Any]]:
    yield "flavor", None if job.flavor is None else str(job.flavor)
    for name, ask in (("timeout", said_timeout_secs), ("attempts", said_attempts)):
        try:
            yield name, ask(job)
        except ValueError:
            yield name, "that cannot be used"
    yield "owner", job.owner and job.owner.name
