"""A job found in a file, in plain values, and what was found and cannot be judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hfplanner.units import SECONDS_PER_MINUTE

__all__ = ["DEFAULT_FLAVOR", "DEFAULT_TIMEOUT_SECS", "FoundJob", "FoundSpecs", "NotChecked"]

DEFAULT_FLAVOR = "cpu-basic"
DEFAULT_TIMEOUT_SECS = 30 * SECONDS_PER_MINUTE
"""What the Hub takes where a job says nothing (Jobs guide of huggingface_hub, 2.4.0)."""

Kind = Literal["image", "script"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundJob:
    """A job as a file says it; ``None`` where the file says nothing.

    Args:
        source: the file, as it was named.
        line: where in it, from 1; ``None`` where the format has no lines.
        title: what to call it: its name, or where it stands.
        kind: an image with a command, or a script for ``uv run``.
        image: of a registry, or a Space.
        command: what it runs; of a script, the script and its arguments.
        flavor: where.
        timeout_secs: of one attempt [s].
        attempts: how often it may be tried.
        namespace: who pays.
        labels: with the name, if it has one.
        env: names of variables and their values.
        secrets: names only.
        volumes: as ``-v`` takes them.
        has_ports: whether ports are exposed.
        schedule: when it runs; ``None`` is once.
        concurrency: whether runs of a schedule may overlap.
        suspended: whether the schedule is made without being started.
        times: how many such jobs are started at once, as a matrix of a workflow does.
        group: the network group it is in, whose jobs make sense only together; empty for none.
        aliases: its names in the group.
        ports: that are exposed, where the file says which.
        longest_secs: how long it may go on while it is used, past its idle timeout, where it is a sandbox [s].
        is_ours: whether it is started through this program, which reserves its money.
        planner: what ``[tool.hfplanner]``, or the keys of a file of jobs, say for the planner.
    """

    source: str
    line: int | None
    title: str
    kind: Kind
    image: str | None = None
    command: tuple[str, ...] = ()
    flavor: str | None = None
    timeout_secs: int | None = None
    attempts: int | None = None
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    has_ports: bool = False
    schedule: str | None = None
    concurrency: bool = False
    suspended: bool = False
    times: int = 1
    group: str = ""
    aliases: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    longest_secs: int | None = None
    is_ours: bool = False
    planner: Mapping[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The file and the line, as compilers write them.

        >>> FoundJob(source="train.py", line=3, title="train", kind="script").where
        'train.py:3'
        """
        return self.source if self.line is None else f"{self.source}:{self.line}"

    @property
    def key(self) -> str:
        """What two versions of a file call the same job by: the file and the title.

        >>> FoundJob(source="jobs.toml", line=None, title="nightly", kind="image").key
        'jobs.toml#nightly'
        """
        return f"{self.source}#{self.title}"


@dataclass(frozen=True, slots=True)
class NotChecked:
    """What may start a paid job and cannot be priced: never free.

    Args:
        source: the file.
        line: where in it, from 1; ``None`` where that is not known.
        text: what stands there, cut.
        reason: why it cannot be priced, a sentence.
    """

    source: str
    line: int | None
    text: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        return {"source": self.source, "line": self.line, "text": self.text, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class FoundSpecs:
    """What files hold.

    Args:
        jobs: that can be priced, in the order of the files.
        not_checked: what cannot.
    """

    jobs: tuple[FoundJob, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()

    def __add__(self, other: "FoundSpecs") -> "FoundSpecs":
        """Return what both hold."""
        return FoundSpecs((*self.jobs, *other.jobs), (*self.not_checked, *other.not_checked))
