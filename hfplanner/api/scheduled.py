"""Scheduled jobs: one method per endpoint of ``/api/scheduled-jobs``."""

from collections.abc import Mapping
from typing import Any

from hfplanner.api.connection import HubConnection
from hfplanner.api.launch import Launched, parse_launched, parse_scheduled
from hfplanner.api.models import ScheduledJobInfo
from hfplanner.api.origin import join_path
from hfplanner.api.parse import parse_items, parse_schedule
from hfplanner.api.secrets import secrets_of

__all__ = ["ScheduledJobs"]


class ScheduledJobs:
    """The schedules of a namespace. Every method raises :class:`~hfplanner.errors.HubError`.

    Args:
        connection: to the Hub, with a token.
    """

    def __init__(self, connection: HubConnection) -> None:
        self._connection = connection

    def create(
        self,
        namespace: str,
        spec: Mapping[str, Any],
        *,
        schedule: str,
        suspend: bool = False,
        concurrency: bool = False,
    ) -> ScheduledJobInfo:
        """Make a schedule; it starts jobs that cost money. Sent once.

        Args:
            namespace: user or organization that pays.
            spec: from :func:`~hfplanner.api.spec.create_job_spec`.
            schedule: ``"@hourly"`` and the like, or a cron expression.
            suspend: begin paused.
            concurrency: whether a job may start while the last one runs.
        """
        body = {"jobSpec": dict(spec), "schedule": schedule, "suspend": suspend, "concurrency": concurrency}
        path = join_path("api", "scheduled-jobs", namespace)
        return parse_schedule(self._connection.change("POST", path, body, secrets=secrets_of(spec)))

    def launch(self, namespace: str, body: Mapping[str, Any]) -> Launched:
        """Make a schedule, sent at most once, as :meth:`~hfplanner.api.client.JobsClient.create_job` sends a job.

        Args:
            namespace: user or organization that pays.
            body: ``jobSpec``, ``schedule``, and where they are said ``suspend`` and ``concurrency``.

        Returns:
            Its id, with the raw answer: it exists.
        """
        secrets = secrets_of(body["jobSpec"])
        answer = self._connection.change(
            "POST", join_path("api", "scheduled-jobs", namespace), dict(body), secrets=secrets
        )
        return parse_scheduled(answer)

    def list(self, namespace: str, *, label: tuple[str, str] | None = None) -> tuple[ScheduledJobInfo, ...]:
        """Return the schedules of a namespace; the Hub filters by one label at most and knows no pages."""
        params = [] if label is None else [("label", f"{label[0]}={label[1]}")]
        answer = self._connection.get(join_path("api", "scheduled-jobs", namespace), params)
        return tuple(parse_items(ScheduledJobInfo, answer))

    def get(self, namespace: str, schedule_id: str) -> ScheduledJobInfo:
        """Return one schedule."""
        return parse_schedule(self._connection.get(join_path("api", "scheduled-jobs", namespace, schedule_id)))

    def delete(self, namespace: str, schedule_id: str) -> None:
        """Delete a schedule; jobs it started go on."""
        self._change("DELETE", namespace, schedule_id)

    def suspend(self, namespace: str, schedule_id: str) -> None:
        """Pause a schedule."""
        self._change("POST", namespace, schedule_id, "suspend")

    def resume(self, namespace: str, schedule_id: str) -> None:
        """Take a paused schedule up again."""
        self._change("POST", namespace, schedule_id, "resume")

    def run(self, namespace: str, schedule_id: str) -> Launched:
        """Start its job now; :class:`~hfplanner.errors.HubConflict` while one runs and concurrency is off."""
        path = join_path("api", "scheduled-jobs", namespace, schedule_id, "run")
        return parse_launched(self._connection.change("POST", path), self._connection.endpoint)

    def set_schedule(self, namespace: str, schedule_id: str, schedule: str) -> ScheduledJobInfo:
        """Change when it runs."""
        path = join_path("api", "scheduled-jobs", namespace, schedule_id, "schedule")
        return parse_schedule(self._connection.change("POST", path, {"schedule": schedule}))

    def set_labels(self, namespace: str, schedule_id: str, labels: Mapping[str, str]) -> ScheduledJobInfo:
        """Replace all its labels."""
        path = join_path("api", "scheduled-jobs", namespace, schedule_id, "labels")
        return parse_schedule(self._connection.change("PUT", path, {"labels": dict(labels)}))

    def _change(self, method: str, *segments: str) -> None:
        self._connection.change(method, join_path("api", "scheduled-jobs", *segments))
