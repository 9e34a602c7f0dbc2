"""The rooms of the comparison: each imports only from those below it, and no module is long."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import gbm_objectives.compare

ROOT = Path(gbm_objectives.compare.__file__).parent
NAME = gbm_objectives.compare.__name__
#: From the ground up. Modules of the root stand for themselves.
ORDER = (
    "frames", "expressions", "distributions", "kinds", "tasks", "data", "scoring", "candidates", "normal_scores", "options", "running", "report",
    "result", "saving", "prepared", "api", "", "cli",
)  # fmt: skip


def module(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join((NAME, *parts)).removesuffix(".__init__")


MODULES = {module(path): path for path in ROOT.rglob("*.py")}


def imports(name):
    """The modules of the comparison that a module imports, also in functions and for annotations."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            found |= submodules or {node.module}
    return (found & set(MODULES)) - {name}


def room(name):
    return name.removeprefix(NAME).lstrip(".").partition(".")[0]


def test_no_module_imports_itself_by_way_of_others():
    graph = {name: imports(name) for name in MODULES}
    assert sum(map(len, graph.values())) > 100
    TopologicalSorter(graph).prepare()  # raises where there is a circle


def test_rooms_import_downwards_only():
    assert {room(name) for name in MODULES} == set(ORDER)
    upwards = {
        (name, other)
        for name in MODULES
        for other in imports(name)
        if ORDER.index(room(other)) > ORDER.index(room(name))
    }
    assert upwards == set()


def test_modules_are_short():
    assert [
        name for name, path in MODULES.items() if len(path.read_text("utf-8").splitlines()) > 300
    ] == []
