"""Where policy, ledger and prices are, and whether the Hub is asked."""

from hfplanner.plan.arguments.argument import Argument, flag

__all__ = ["WHERE"]

WHERE: tuple[Argument, ...] = (
    Argument(
        name="policy",
        group="Where",
        metavar="FILE",
        help="The policy; by default HFPLANNER_POLICY, else hfplanner.toml here and in your configuration.",
    ),
    Argument(
        name="ledger",
        group="Where",
        metavar="PATH|URL",
        shown_default="HFPLANNER_LEDGER",
        help="The ledger: a file, or postgresql://...",
    ),
    Argument(name="token", group="Where", metavar="TOKEN", help="By default that of `hf auth login` or HF_TOKEN."),
    flag(
        name="refresh",
        group="Where",
        help="Ask the Hub now, even if a kept listing is fresh.",
    ),
    flag(
        name="offline",
        group="Where",
        help="Do not ask the Hub; use kept or shipped prices. HF_HUB_OFFLINE=1 does too.",
    ),
)
"""Where policy, ledger and prices are, and whether the Hub is asked."""
