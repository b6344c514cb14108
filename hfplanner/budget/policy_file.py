"""``hfplanner.toml``: bytes that nobody trusts to a policy, or to a sentence about what is wrong with them."""

import os
import re
import stat
import tomllib
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hfplanner.budget.plain_policy import plain_policy
from hfplanner.budget.policy import Policy, WaiverRule
from hfplanner.errors import PolicyError, did_you_mean, quoted
from hfplanner.sanitize import sanitize

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from hfplanner.budget.policy_tables import WaiverTable

__all__ = ["MAX_LINE_CHARACTERS", "MAX_POLICY_BYTES", "checked_policy", "parse_policy", "read_policy"]

MAX_POLICY_BYTES = 64 * 1024
MAX_LINE_CHARACTERS = 1000
# A key of some thousand dotted parts costs Python 3.11's tomllib gigabytes; the deepest key of a policy has three.
_MAX_DOTS = 8
_LONGEST_DETAIL = 300
_DO_NOT_WAIT = getattr(os, "O_NONBLOCK", 0)
_QUOTED_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*')

_FOREIGN = {
    "endpoint": "HF_ENDPOINT",
    "hf_endpoint": "HF_ENDPOINT",
    "token": "HF_TOKEN",
    "hf_token": "HF_TOKEN",
    "ledger": "HFPLANNER_LEDGER",
    "ledger_url": "HFPLANNER_LEDGER",
}
"""What a policy must never say, since a file of somebody's project could then send a token or money elsewhere."""


def read_policy(path: Path, *, source: str | None = None) -> Policy:
    """Return the policy of a file.

    Args:
        path: where it is.
        source: what to call it; its path by default.

    Raises:
        PolicyError: it cannot be read, is too long, is no TOML, or says what cannot be meant.
    """
    source = str(path) if source is None else source
    try:
        # Opened without waiting: a FIFO that nobody writes to would be waited for without end.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _DO_NOT_WAIT)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PolicyError(f"The policy {source} is no regular file.", hint="A policy is a small TOML file.")
            raw = file.read(MAX_POLICY_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise PolicyError(f"The policy {source} cannot be read ({why}).") from error
    return parse_policy(raw, source=source)


def parse_policy(raw: bytes, *, source: str = "hfplanner.toml") -> Policy:
    r"""Return the policy that bytes of TOML spell, with its limits as the file says them.

    Args:
        raw: UTF-8, at most 64 KiB, lines of at most 1,000 characters.
        source: what to call it in errors.

    Raises:
        PolicyError: they spell none.

    >>> parse_policy(b'[[budget]]\nname = "team"\nlimit_usd = "500.00"').budgets[0].limit_micro_usd
    500000000
    >>> parse_policy(b'[[budget]]\nname = "team"\nlimit_usd = 500.0')
    Traceback (most recent call last):
    hfplanner.errors.PolicyError: hfplanner.toml: limit_usd of budget 1 is the number 500.0: money is a string of US ...
    """
    document = _parse_toml(raw, source)
    _refuse_foreign(document, source)
    return plain_policy(document, source) or checked_policy(document, source)


def checked_policy(document: dict[str, Any], source: str) -> Policy:
    """Return the policy of a document, every table of it checked.

    Raises:
        PolicyError: something in it cannot be meant.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - for a policy with waivers, or with something wrong in it

    from hfplanner.budget.policy_tables import PolicyTables  # noqa: PLC0415 - as above

    try:
        tables = PolicyTables.model_validate(document)
    except ValidationError as error:
        raise _as_policy_error(error, source) from None
    budgets = tuple(table.read(source) for table in tables.budget)
    names = [budget.name for budget in budgets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise PolicyError(
            f"{source}: two budgets are called {quoted(twice)}.", hint="Give every budget a name of its own."
        )
    zones = {budget.name: budget.zone for budget in budgets}
    for table in tables.waiver:
        if table.budget not in zones:
            hint = f"{did_you_mean(table.budget, zones)}A waiver stands in the file of its budget: {_listed(names)}."
            raise PolicyError(f"{source}: a waiver is for {quoted(table.budget)}, which is no budget here.", hint=hint)
    waivers = tuple(_waiver(table, zones[table.budget], source) for table in tables.waiver)
    agents = tuple(table.read(source) for table in tables.agent)
    agent_names = [rule.name for rule in agents]
    twice = next((name for name in agent_names if agent_names.count(name) > 1), None)
    if twice is not None:
        raise PolicyError(f"{source}: two agents are called {quoted(twice)}.", hint="One [[agent]] for each agent.")
    return Policy(budgets=budgets, limits=tables.limits.read(), waivers=waivers, agents=agents, sources=(source,))


def _waiver(table: "WaiverTable", zone: ZoneInfo, source: str) -> WaiverRule:
    try:
        return table.read(zone, source)
    except (OverflowError, ValueError) as error:
        # A moment that is in the calendar where it was written, and not in UTC.
        sentence = (
            f"{source}: a waiver for {quoted(table.budget)} expires at {table.expires}, before or after all time."
        )
        raise PolicyError(
            sentence, hint="A date or a time of these years, 2026-12-31 or 2026-12-31T18:00:00Z."
        ) from error


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "it has none"


def _parse_toml(raw: bytes, source: str) -> dict[str, Any]:
    """Return the document, having looked at its size and shape before the parser does."""
    if len(raw) > MAX_POLICY_BYTES:
        raise PolicyError(f"{source} is longer than {MAX_POLICY_BYTES} bytes.", hint="A policy is a small file.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(f"{source} is not UTF-8.", hint="Save it as UTF-8.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE_CHARACTERS:
            raise PolicyError(f"Line {number} of {source} is longer than {MAX_LINE_CHARACTERS} characters.")
        if line.count(".") > _MAX_DOTS and _QUOTED_OR_COMMENT.sub("", line).count(".") > _MAX_DOTS:
            raise PolicyError(f"Line {number} of {source} has a key of too many parts.")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise PolicyError(f"{source} nests too deeply.") from error
    except ValueError as error:
        # TOMLDecodeError, and what dates and numbers raise that only look like ones.
        raise PolicyError(f"{source} is no TOML: {_sentence(str(error))}") from error


def _sentence(text: str) -> str:
    plain = sanitize(text, limit=_LONGEST_DETAIL)
    return plain if plain.endswith((".", "!", "?")) else f"{plain}."


def _refuse_foreign(document: dict[str, Any], source: str) -> None:
    for table in (document, document.get("limits")):
        if not isinstance(table, dict):
            continue
        found = next((key for key in table if key.casefold() in _FOREIGN), None)
        if found is not None:
            variable = _FOREIGN[found.casefold()]
            raise PolicyError(
                f"{source} sets {quoted(found)}, which a policy never may.",
                hint=f"Remove it, and set {variable} in your own environment.",
            )


def _as_policy_error(error: "ValidationError", source: str) -> PolicyError:
    """Return the first thing that is wrong as a sentence that names the place, and how many more there are."""
    details = error.errors(include_url=False, include_input=False)
    first, more = details[0], len(details) - 1
    place, key = _place(first["loc"])
    hint = None
    match first["type"]:
        case "extra_forbidden":
            sentence = f"{quoted(key)} is no key of {place}"
            known = _table_of(first["loc"]).model_fields
            hint = f"{did_you_mean(key, known)}Keys: {', '.join(known)}."
        case "missing":
            sentence = f"{place} lacks {key}"
        case "policy":
            sentence = f"{key} of {place} {first['msg']}"
        case _:
            sentence = f"{key} of {place}: {first['msg'].replace('Input should', 'it should')}"
    count = f" ({more} more)" if more else ""
    return PolicyError(f"{source}: {_sentence(sentence + count)}", hint=hint)


def _place(location: tuple[int | str, ...]) -> tuple[str, str]:
    """Return a table in words, and the key in it that is wrong.

    >>> _place(("budget", 0, "scope", "namespace", 1)), _place(("limits", "max_timeout")), _place(("limit",))
    (('the scope of budget 1', 'namespace'), ('limits', 'max_timeout'), ('the file', 'limit'))
    """
    from hfplanner.budget.policy_tables import TABLES  # noqa: PLC0415 - only to say what is wrong

    words = "the file"
    keys: list[str] = []
    for part, after in zip_longest(location, location[1:]):
        if part == "scope":
            words, keys = f"the scope of {words}", []
        elif part in TABLES:
            words, keys = f"{part} {after + 1}" if isinstance(after, int) else str(part), []
        elif isinstance(part, str):
            # What follows a key (the item of a list, the member of a union) is no part of the place.
            keys.append(part)
    return (words, keys[0]) if keys else ("the file", str(location[0]))


def _table_of(location: tuple[int | str, ...]) -> "type[BaseModel]":
    from hfplanner.budget.policy_tables import TABLES  # noqa: PLC0415 - only to say what is wrong

    names = [part for part in location[:-1] if isinstance(part, str) and part in TABLES]
    return TABLES[names[-1] if names else ""]
