"""Files and folders to be checked, and the earlier version they are compared with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfplanner.api.strict_json import StrictJsonError, loads
from hfplanner.errors import BudgetError, UsageError
from hfplanner.plan.spec_check import SpecCheck, check_specs
from hfplanner.plan.spec_compare import SpecComparison, compare_specs, costs_of_json
from hfplanner.specs.at_revision import find_specs_at
from hfplanner.specs.discover import SPEC_ENDINGS, find_specs
from hfplanner.specs.documents import MAX_SPEC_BYTES
from hfplanner.specs.found import FoundSpecs
from hfplanner.units import format_usd

if TYPE_CHECKING:
    from hfplanner.plan.workspace import Workspace

__all__ = ["CheckedFiles", "check_files", "compare_with", "is_spec_path", "too_dear"]


def is_spec_path(text: str) -> bool:
    """Whether a word names a file or folder of jobs: it is there, or it has the ending of one.

    >>> is_spec_path("jobs.toml"), is_spec_path("python:3.12")
    (True, False)
    """
    try:
        return Path(text).exists() or text.endswith(SPEC_ENDINGS)
    except (OSError, ValueError):
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFiles:
    """What the jobs of files cost, and what changed.

    Args:
        check: each job, and all of them together.
        comparison: with an earlier version; ``None`` without one.
        too_dear: how the increase breaks its bound, a sentence; ``None`` where it does not.
    """

    check: SpecCheck
    comparison: SpecComparison | None = None
    too_dear: str | None = None

    @property
    def exit_code(self) -> int:
        """0 or 3, as the contract says."""
        return BudgetError.exit_code if self.too_dear else self.check.exit_code

    def to_dict(self) -> dict[str, Any]:
        """Return the check as the interface spells it."""
        compared = None if self.comparison is None else self.comparison.to_json() | {"exceeded": self.too_dear}
        return self.check.to_json() | {"compare": compared}


def check_files(  # noqa: PLR0913 - the options of the command
    paths: Sequence[Path],
    workspace: "Workspace",
    *,
    compare: str | None = None,
    max_increase: Decimal | None = None,
    allow_unchecked: bool = False,
    namespace: str | None = None,
) -> CheckedFiles:
    """Return what every job in files and folders costs, and whether all of it may run.

    Args:
        paths: files and folders.
        workspace: where prices, policy and books are.
        compare: an earlier version, see :func:`compare_with`.
        max_increase: by which share the whole may have become dearer.
        allow_unchecked: whether what cannot be priced does not block.
        namespace: who pays for jobs that do not say it.

    Raises:
        BudgetError: the policy or the ledger cannot be read.
        HistoryError: the history cannot be read.
        JobSpecError: a file cannot be read as what it is.
        UsageError: an increase without something to compare with.
    """
    if max_increase is not None and compare is None:
        raise UsageError("--max-increase needs something to compare with.", hint="For example --compare origin/main.")
    check = check_specs(find_specs(paths), workspace, namespace=namespace)
    check = replace(check, allows_unchecked=allow_unchecked)
    comparison = None if compare is None else compare_with(compare, paths, check, workspace)
    broken = None if comparison is None or max_increase is None else too_dear(comparison, max_increase)
    return CheckedFiles(check=check, comparison=comparison, too_dear=broken)


def compare_with(base: str, paths: Sequence[Path], after: SpecCheck, workspace: "Workspace") -> SpecComparison:
    """Return what changed since an earlier version, both at the prices and under the policy of now.

    Args:
        base: a folder that holds the same files, a saved ``check --json``, or a revision of git.
        paths: what was checked.
        after: its check.
        workspace: where prices, policy and books are.

    Raises:
        JobSpecError: there is no such version, or it cannot be read.
        UsageError: the saved document is none.
    """
    path = Path(base)
    if path.is_file():
        return compare_specs(base, _saved(path), after)
    specs = _in_folder(path, paths) if path.is_dir() else find_specs_at(base, paths, Path.cwd())
    return compare_specs(base, check_specs(specs, workspace), after)


def _saved(path: Path) -> dict[str, int | None]:
    try:
        document = loads(path.read_bytes(), max_bytes=16 * MAX_SPEC_BYTES)
        if not isinstance(document, dict):
            raise UsageError(f"{path} is no saved check.", hint="Save one with: hfplanner check PATH --json > FILE")
        return costs_of_json(document)
    except (StrictJsonError, ValueError, OSError) as error:
        raise UsageError(
            f"{path} is no saved check: {error}.", hint="Save one with: hfplanner check PATH --json > FILE"
        ) from error


def _in_folder(base: Path, paths: Sequence[Path]) -> FoundSpecs:
    """Return the jobs of another folder, each file called as the present version calls it."""
    found = FoundSpecs()
    for path in paths:
        there = base / path.name if path.is_absolute() else base / path
        if not there.exists() and len(paths) == 1 and path.is_dir():
            there = base
        if not there.exists():
            continue
        specs = find_specs([there])
        named = [replace(job, source=str(path / Path(job.source).relative_to(there))) for job in specs.jobs]
        if there.is_file():
            named = [replace(job, source=str(path)) for job in specs.jobs]
        found += FoundSpecs(tuple(named), ())
    return found


def too_dear(comparison: SpecComparison, max_increase: Decimal) -> str | None:
    """Return how an increase breaks its bound, a sentence; ``None`` where it does not."""
    if not comparison.exceeds(max_increase):
        return None
    before, after = comparison.before_micro_usd, comparison.after_micro_usd
    allowed = f"{max_increase * 100:.4f}".rstrip("0").rstrip(".")
    if before is None or after is None:
        return f"The increase is not known, so it is not within {allowed} %."
    return f"{format_usd(after)} is more than {allowed} % above {format_usd(before)}."
