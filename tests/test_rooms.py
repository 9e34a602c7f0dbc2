"""The architecture, read from the source: rooms import downwards only, and only a few of them know a library."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gbm_objectives

PACKAGE = Path(gbm_objectives.__file__).parent
NAME = PACKAGE.name

#: From the ground up: a room imports rooms of lower floors, and no room of its own floor.
FLOORS = [
    {"_core"},
    {"engine"},
    {"loss", "links"},
    {"curvature"},
    {"losses"},
    {"weighting"},
    {"metrics"},
    {"objective"},
    {"factories"},
    {"registry"},
    {"_training"},
    {"xgboost", "lightgbm"},
    {"sklearn"},
    {"intervals"},
    {"dask"},
    {"testing"},
    {"compare"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
#: A loss has a link, so links lie below it.
BESIDE = {("loss", "links")}

ROOT_ENTRIES = 24
PRIVATE_ROOMS = 2

#: Rooms that anybody imports.
LIGHT = ["metrics", "losses", "curvature", "weighting", "links", "testing"]
LIBRARIES = ("xgboost", "lightgbm")
ROOMS_OF_LIBRARIES = {"xgboost", "lightgbm", "dask", "compare", "testing"}
#: Who else may name a library: {module: {what it says: why}}.
MAY_NAME = {
    "curvature": {
        "xgboost": 'the name of a policy, curvature="xgboost": the Hessian of the built-in objective',
        "lightgbm": "as xgboost",
        "XGBoost": "the public class of this policy",
        "LightGBM": "as XGBoost",
    },
    "_core.reduction": {
        "xgboost.collective": "looked up in sys.modules: sums run over XGBoost's machines",
        "xgboost": "the variable that holds it",
    },
    "sklearn._base": {
        "xgboost": "the library of a user's estimator, by the module of its class",
        "lightgbm": "as xgboost",
    },
}


def modules() -> dict[str, ast.Module]:
    """Each module by its name in the package; "" is the package itself."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        found[".".join(parts)] = ast.parse(path.read_text(), str(path))
    return found


MODULES = modules()


def room_of(module: str) -> str:
    return module.partition(".")[0]


def imports_of(module: str, *, everywhere: bool = False) -> Iterator[tuple[str, int]]:
    """What a module imports when it is imported, and the line; `everywhere`: within its functions too."""
    yield from _imports(MODULES[module].body, everywhere)


def _imports(body: list[ast.stmt], everywhere: bool) -> Iterator[tuple[str, int]]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            source = str(node.module)
            for alias in node.names:
                within = source.removeprefix(NAME).lstrip(".")
                is_module = f"{within}.{alias.name}".lstrip(".") in MODULES
                own = source.partition(".")[0] == NAME
                yield f"{source}.{alias.name}" if own and is_module else source, node.lineno
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _imports(node.orelse, everywhere)
        elif everywhere or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for block in ("body", "orelse", "finalbody"):
                yield from _imports(getattr(node, block, []), everywhere)
            for handler in getattr(node, "handlers", []):
                yield from _imports(handler.body, everywhere)


def within(imported: str) -> str | None:
    """The name in the package of what is imported, or None for another package."""
    if imported.partition(".")[0] != NAME:
        return None
    return imported.partition(".")[2]


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of nodes that reach each other."""
    reach = {node: _reached(graph, node) for node in graph}
    groups = {tuple(sorted(m for m in reach[n] if n in reach[m])) for n in graph if n in reach[n]}
    return [list(group) for group in sorted(groups)]


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += graph.get(node, ())
    return seen


def module_graph() -> dict[str, set[str]]:
    """Which modules are run when a module is imported: a module of another room runs its room first."""
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for module, targets in graph.items():
        for imported, _ in imports_of(module):
            if (name := within(imported)) and name != module:
                targets |= {name} if room_of(name) == room_of(module) else {name, room_of(name)}
    return graph


def report(violations: list[str]) -> str:
    return "\n  ".join([f"{len(violations)} violations:", *violations])


def test_no_modules_import_each_other():
    found = circles(module_graph())
    assert not found, report([" <-> ".join(group) for group in found])


def test_no_rooms_import_each_other():
    graph: dict[str, set[str]] = {}
    for module, targets in module_graph().items():
        rooms = {room_of(target) for target in targets} - {room_of(module)}
        graph.setdefault(room_of(module), set()).update(rooms)
    del graph[""]
    found = circles(graph)
    assert not found, report([" <-> ".join(group) for group in found])


def test_rooms_import_downwards_only():
    """Within functions too: an import that is put off is an import all the same."""
    violations = []
    for module in MODULES:
        own = room_of(module)
        for imported, line in imports_of(module, everywhere=True):
            target = within(imported)
            other = room_of(target) if target is not None else own
            if module == "" or other in (own, "") or (own, other) in BESIDE:
                continue
            if FLOOR[other] >= FLOOR[own]:
                violations.append(f"{module}, line {line}: {own} imports {other}")
    assert not violations, report(violations)


def test_every_room_has_a_floor():
    assert {room_of(module) for module in MODULES} - {""} == set(FLOOR)


def test_rooms_below_do_not_import_the_package_itself():
    """``from gbm_objectives import huber`` runs the whole package: rooms name the room; the top one may."""
    violations = [
        f"{module}, line {line}"
        for module in MODULES
        if room_of(module) != "compare"
        for imported, line in imports_of(module, everywhere=True)
        if imported == NAME
    ]
    assert not violations, report(violations)


def test_the_root_has_few_entries():
    entries = {
        path.name
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"__init__.py"}
    private = sorted(name for name in entries if name.startswith("_"))
    assert len(entries) <= ROOT_ENTRIES, sorted(entries)
    assert len(private) <= PRIVATE_ROOMS, private


def named(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Identifiers, attributes, imports and short strings of a module; no docstrings and no messages."""
    skipped = {id(node) for node in _texts(tree)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in skipped and " " not in node.value.strip():
                yield node.value, line
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.name, line) for alias in node.names)
            yield from ((alias.asname, line) for alias in node.names if alias.asname)
            if isinstance(node, ast.ImportFrom):
                yield str(node.module), line
        else:
            for field in ("id", "attr", "arg", "name"):
                if isinstance(value := getattr(node, field, None), str):
                    yield value, line


def _texts(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, the comments that are strings, and what is said in errors and warnings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        called = node.func if isinstance(node, ast.Call) else None
        name = getattr(called, "id", getattr(called, "attr", ""))
        if isinstance(node, ast.Raise) or name in ("message", "invalid", "warn"):
            yield from ast.walk(node)


def test_only_rooms_of_libraries_name_a_library():
    violations = []
    for module, tree in MODULES.items():
        if room_of(module) in ROOMS_OF_LIBRARIES:
            continue
        allowed = MAY_NAME.get(module, {})
        violations += [
            f"{module or NAME}, line {line}: {name}"
            for name, line in named(tree)
            if any(library in name.lower() for library in LIBRARIES) and name not in allowed
        ]
    assert not violations, report(violations)


def test_every_exception_is_needed():
    """An exception that nothing needs any more is taken off the list."""
    idle = [
        f"{module}: {name}"
        for module, names in MAY_NAME.items()
        for name in names
        if module not in MODULES or name not in {found for found, _ in named(MODULES[module])}
    ]
    assert not idle, report(idle)


def test_importing_loads_no_library():
    """Nor what else only some need; in one process, from the root on."""
    heavy = [
        "xgboost",
        "lightgbm",
        "pandas",
        "numba",
        "sklearn",
        "sympy",
        "rich",
        "typer",
        "joblib",
    ]
    modules = [NAME, *(f"{NAME}.{room}" for room in LIGHT)]
    code = (
        "import importlib, sys\n"
        f"for module in {modules}:\n"
        "    importlib.import_module(module)\n"
        f"    print(module, *[m for m in {[*heavy, NAME + '.compare']} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines() == modules


def test_files_of_tests_have_names_of_their_own():
    """pytest imports them by their names alone."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert len(names) == len(set(names))
