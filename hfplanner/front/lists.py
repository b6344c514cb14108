"""The functions of the front door that list: prices over time, and the schedules of the Hub."""

from hfplanner.front.answers.lists import PriceHistory, Schedules
from hfplanner.front.calling import Given, asks
from hfplanner.plan.arguments import PRICES, SCHEDULES, Argument, find_arguments

__all__ = ["prices", "scheduled"]

_FLAVORS = Argument(
    name="flavor", group="Options", metavar="NAME", repeatable=True, help="Every price of these; by default of all."
)


@asks(_FLAVORS, *PRICES, *find_arguments("refresh", "offline"))
def prices(given: Given) -> PriceHistory:
    """Return what flavors cost over time, what changed, and what that means for the jobs of this month.

    >>> import hfplanner as hp
    >>> hp.prices(flavor="l4x1", offline=True).to_polars()["flavor"].unique().to_list()
    ['l4x1']
    """
    from hfplanner.plan.pricing import price_history  # noqa: PLC0415 - not before it is asked for

    with given.open_workspace() as workspace:
        listing = workspace.listing(refresh=given["refresh"])
        return PriceHistory(price_history(given["flavor"] or (), given["since"], listing, workspace))


@asks(*SCHEDULES, *find_arguments("namespace", "token"))
def scheduled(given: Given) -> Schedules:
    """Return the schedules of a namespace, and what the next 30 days of each and of all cost at most.

    Raises:
        HubError: the Hub does not tell.
        TokenError: there is no token.
    """
    from hfplanner.plan.schedule_list import ScheduleFilter, list_schedules  # noqa: PLC0415 - as above

    status, label = tuple(given["status"] or ()), tuple(given["label"] or ())
    wanted = ScheduleFilter(all=given["all"], status=status, label=label, name=given["name"])
    with given.open_workspace() as workspace:
        workspace.hub_to_ask()
        return Schedules(list_schedules(wanted, given["namespace"], workspace, workspace.listing()))
