"""No two modules need each other to be imported, and no ring of modules does."""

import grimp
import pytest


@pytest.mark.slow
def test_no_module_needs_one_that_needs_it() -> None:
    """Imports inside functions count; those for type checkers, and the front door's doors, do not."""
    graph = grimp.build_graph("hfplanner", exclude_type_checking_imports=True)
    modules = graph.modules - {"hfplanner"}
    needs = {name: graph.find_modules_directly_imported_by(name) - {"hfplanner"} for name in modules}
    # What needs nothing that is left is taken away, until only rings are left.
    while free := {name for name, needed in needs.items() if not needed & needs.keys()}:
        needs = {name: needed for name, needed in needs.items() if name not in free}
    assert {name: sorted(needed & needs.keys()) for name, needed in needs.items()} == {}
