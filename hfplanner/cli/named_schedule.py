"""A schedule that is named on the command line: whose it is, and the Hub to ask about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.submission import taken_workspace
from hfplanner.plan.schedule_list import owner_of

if TYPE_CHECKING:
    from hfplanner.api.models import ScheduledJobInfo
    from hfplanner.api.scheduled import ScheduledJobs
    from hfplanner.catalog.listing import Listing
    from hfplanner.plan.workspace import Workspace

__all__ = ["NamedSchedule", "named_schedule"]


@dataclass(frozen=True, slots=True)
class NamedSchedule:
    """One schedule of the Hub.

    Args:
        id: without its owner.
        owner: whose it is.
        workspace: where the Hub is.
    """

    id: str
    owner: str
    workspace: "Workspace"

    @property
    def hub(self) -> "ScheduledJobs":
        """What changes schedules."""
        return self.workspace.hub_to_ask().scheduled

    def found(self) -> "ScheduledJobInfo":
        """Return it as the Hub has it now.

        Raises:
            HubError: there is none, or the Hub does not tell.
        """
        return self.hub.get(self.owner, self.id)

    def listing(self) -> "Listing":
        """Return the prices."""
        return get_listing(self.workspace)


@contextmanager
def named_schedule(schedule: str, given: dict[str, Any]) -> Iterator[NamedSchedule]:
    """Open the world, and give a schedule that was named in it.

    Args:
        schedule: ``ID`` or ``NAMESPACE/ID``.
        given: the options: whose it is, how the Hub is asked; where a policy is one of them, it is read first.

    Raises:
        HubError: the Hub does not tell whose it is.
        PolicyError: the policy cannot be read.
        UsageError: it is no id.
    """
    namespace, decides = given.pop("namespace"), "policy" in given
    with taken_workspace(given) as workspace:
        if decides:
            workspace.policy()
        own_id, owner = owner_of(schedule, namespace, workspace)
        yield NamedSchedule(own_id, owner, workspace)
