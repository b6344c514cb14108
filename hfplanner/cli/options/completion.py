"""What a shell completes the value of an option with: words we know without asking anybody."""

from collections.abc import Callable, Iterable, Mapping

from click.shell_completion import CompletionItem

from hfplanner.plan.arguments import Argument

__all__ = ["complete"]


def complete(argument: Argument, begun: str) -> list[CompletionItem]:
    """Return the words that an argument's value may become, in any case.

    >>> from hfplanner.plan.arguments import find_arguments
    >>> [item.value for item in complete(find_arguments("accelerator")[0], "a1")]
    ['A100', 'A10G']
    """
    source = _SOURCES.get(argument.name)
    if argument.metavar == "FILE":
        return [CompletionItem(begun, type="file")]
    if argument.metavar == "DIR":
        return [CompletionItem(begun, type="dir")]
    words = source() if source else argument.words
    return [CompletionItem(word) for word in words if word.lower().startswith(begun.lower())]


def _accelerators() -> Iterable[str]:
    from hfplanner.catalog.listing import shipped_listing  # noqa: PLC0415 - each source loads only what it needs

    return sorted({flavor.accelerator for flavor in shipped_listing().flavors if flavor.accelerator})


def _flavors() -> Iterable[str]:
    from hfplanner.catalog.listing import shipped_listing  # noqa: PLC0415 - as above

    return [flavor.name for flavor in shipped_listing().flavors]


def _models() -> Iterable[str]:
    from hfplanner.models.known import known_ids  # noqa: PLC0415 - as above

    return known_ids()


def _label_keys() -> Iterable[str]:
    """Return the keys of labels that jobs of the local history carry; none where there is no history to read."""
    from hfplanner.errors import HfplannerError  # noqa: PLC0415 - as above
    from hfplanner.plan.workspace import Workspace  # noqa: PLC0415 - as above

    try:
        scan = Workspace.from_environ(offline=True).history_jobs()
        if scan is None:
            return []
        labels = scan().select("labels").drop_nulls().explode("labels").unnest("labels")
        return [f"{key}=" for key in sorted(set(labels.select("key").collect().to_series().drop_nulls()))]
    except HfplannerError:
        return []


def _groupings() -> Iterable[str]:
    from hfplanner.report.spec import GROUP_KEYS  # noqa: PLC0415 - as above

    return [*GROUP_KEYS, *(f"label:{key.removesuffix('=')}" for key in _label_keys())]


_SOURCES: Mapping[str, Callable[[], Iterable[str]]] = {
    "accelerator": _accelerators,
    "by": _groupings,
    "flavor": _flavors,
    "label": _label_keys,
    "model": _models,
    "to": _flavors,
}
