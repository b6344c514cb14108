"""The schedules of namespaces as a sync found them: what the Hub will start by itself, for a forecast.

One small file for each namespace, replaced as a whole. Of what a schedule runs it has what decides the money, and
neither variables nor secrets.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfplanner.api.kept_schedule import reduced_schedule
from hfplanner.errors import HistoryError
from hfplanner.files import make_private_folder, write_private
from hfplanner.times import json_moment, read_json_moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hfplanner.api.models import ScheduledJobInfo

__all__ = ["KeptSchedules", "keep_schedules", "read_schedules"]

_FOLDER = "schedules"
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSchedules:
    """The schedules of one namespace.

    Args:
        source: the Hub's address.
        namespace: whose.
        seen_at: when the Hub listed them, UTC.
        schedules: all of them, the paused ones, too.
    """

    source: str
    namespace: str
    seen_at: datetime
    schedules: "tuple[ScheduledJobInfo, ...]"


def keep_schedules(folder: Path, kept: KeptSchedules) -> None:
    """Keep the schedules of a namespace in a history, in place of those it had.

    Raises:
        HistoryError: the folder cannot be written.
    """
    document = {
        "version": _VERSION,
        "source": kept.source,
        "namespace": kept.namespace,
        "seen_at": json_moment(kept.seen_at),
        "schedules": [reduced_schedule(schedule) for schedule in kept.schedules],
    }
    where = folder / _FOLDER
    try:
        make_private_folder(folder)
        make_private_folder(where)
        write_private(where / _name(kept.source, kept.namespace), json.dumps(document, indent=1).encode())
    except OSError as error:
        raise HistoryError(f"The schedules in {where} cannot be written ({error.strerror or error}).") from error


def _name(source: str, namespace: str) -> str:
    return f"{hashlib.sha256(f'{source} {namespace}'.encode()).hexdigest()[:32]}.json"


def read_schedules(folder: Path) -> tuple[KeptSchedules, ...]:
    """Return the schedules of every namespace of a history that were kept, in the order of their names.

    Raises:
        HistoryError: a file of them cannot be read, or was written by a newer version of the program.
    """
    where = folder / _FOLDER
    if not where.is_dir():
        return ()
    return tuple(sorted(map(_read, sorted(where.glob("*.json"))), key=lambda kept: (kept.namespace, kept.source)))


def _read(path: Path) -> KeptSchedules:
    from hfplanner.api.models import ScheduledJobInfo  # noqa: PLC0415 - pydantic, for those who have schedules

    try:
        document = json.loads(path.read_bytes())
        if document["version"] > _VERSION:
            raise HistoryError(f"The schedules {path} were kept by a newer version.", hint="Update hfplanner.")
        schedules: Iterable[Any] = document["schedules"]
        return KeptSchedules(
            source=str(document["source"]),
            namespace=str(document["namespace"]),
            seen_at=read_json_moment(document["seen_at"]),
            schedules=tuple(ScheduledJobInfo.model_validate(one) for one in schedules),
        )
    except OSError as error:
        raise HistoryError(f"The schedules {path} cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HistoryError(f"The schedules {path} are damaged.", hint="Delete the file and sync again.") from error
