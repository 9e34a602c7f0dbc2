"""Mutation tests of the numerical core: which small changes of the formulas no fast test notices.

    pip install cosmic-ray
    python tools/mutants.py --sample 320 --seed 1

The core is the rooms `losses`, `weighting` and `objective`, and `curvature`, `links`, `_core.numerics`. Changes are those of cosmic-ray, at most two of a kind for each operator of the source. Left out are those of
declarations, which change no number: annotations, decorators, repr=, compare=, slots=, strict=, TYPE_CHECKING. The
script forks for each mutant, with the libraries imported already, and gives the child the changed source of one
module. The tests of a module are in `TESTS`, and end at the first failure.
"""

import argparse
import ast
import difflib
import math
import os
import random
import re
import sys
import time
from importlib.abc import SourceLoader
from importlib.util import spec_from_loader
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "gbm_objectives"
ROOMS = ("losses", "objective", "weighting")
MODULES = [
    *("_core.numerics", "curvature", "links"),
    *(
        f"{room}.{path.stem}"
        for room in ROOMS
        for path in sorted((PACKAGE / room).glob("*.py"))
        if path.stem != "__init__"
    ),
]
#: The tests of a module, by the names of their files, the likeliest first: of the module itself, or of its room.
TESTS = {
    "_core.numerics": ["numerics", "percentage", "bias", "positive", "levels", "intercept"],
    "curvature": ["validation", "bias", "descent"],
    "links": ["positive", "levels", "intercept", "metrics"],
    "objective": ["validation", "reweight", "bias", "sampling", "intercept", "parameters"],
    "weighting": ["reweight", "sampling", "percentage", "multiclass", "intercept"],
    "losses": ["robust", "percentage", "validation", "intercept"],
    "losses.asymmetric": ["robust", "levels"],
    "losses.bias": ["bias", "parameters"],
    "losses.binary": ["reweight", "validation", "intercept", "descent"],
    "losses.hinge": ["hinge", "multiclass_oracles"],
    "losses.levels": ["levels", "intercept"],
    "losses.multiclass": ["multiclass", "multiclass_oracles"],
    "losses.multifocal": ["multiclass", "multiclass_oracles"],
    "losses.overlap": ["overlap"],
    "losses.positive": ["positive", "intercept"],
    "losses.quantile": ["levels", "percentage", "robust"],
    "losses.sampled": ["sampling"],
    "losses.squared_log": ["positive"],
    "losses._classes": ["multiclass", "multiclass_oracles", "intercept"],
    "losses._outputs": ["own_loss", "levels"],
    "losses._smoothing": ["levels", "robust"],
}
#: Tests of all modules.
ALWAYS = ["numerics", "contract", "oracles"]
#: What each operator becomes; cosmic-ray would also try all others, most of which are TypeErrors.
SWAPS = {
    *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul", "FloorDiv_Mul", "Mod_Mul", "Mod_Add"),
    *("BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitAnd", "RShift_LShift", "LShift_RShift"),
    *("Eq_NotEq", "Eq_GtE", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt"),
    *("Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt", "Is_IsNot", "IsNot_Is", "USub_UAdd", "Delete_Invert"),
}


DECLARATION = re.compile(r"\b(repr|compare|slots|frozen|strict)=(True|False)")


def annotations(source):
    """Lines and columns from and to which the source is an annotation."""
    for node in ast.walk(ast.parse(source)):
        for found in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if found is not None:
                yield (found.lineno, found.col_offset), (found.end_lineno, found.end_col_offset)


def mutants():
    """All of them: (module, operator, occurrence)."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    for module in MODULES:
        source = path_of(module).read_text()
        spans, tree = list(annotations(source)), get_ast(source)
        for name in operator_names():
            _, _, swap = name.partition("Operator_")
            operator = get_operator(name)
            if operator.arguments() or (swap and swap not in SWAPS) or "Decorator" in name:
                continue
            truth = name.endswith(("WithFalse", "WithTrue"))
            places = (p for node in ast_nodes(tree) for p in operator().mutation_positions(node))
            for occurrence, (start, _) in enumerate(places):
                line = source.splitlines()[start[0] - 1]
                declared = (truth and DECLARATION.search(line)) or "TYPE_CHECKING" in line
                if not declared and not any(low <= start < high for low, high in spans):
                    yield module, name, occurrence


def path_of(module):
    return PACKAGE / (module.replace(".", "/") + ".py")


def mutated(module, operator, occurrence):
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    return mutate_code(path_of(module).read_text(), get_operator(operator)(), occurrence)


class Mutant(SourceLoader):
    """Finds and loads one module, from a source of its own."""

    def __init__(self, module, source):
        self.name, self.path, self.source = f"gbm_objectives.{module}", path_of(module), source

    def find_spec(self, name, path=None, target=None):
        return spec_from_loader(name, self) if name == self.name else None

    def get_filename(self, name):
        return str(self.path)

    def get_data(self, path):
        return self.source.encode()


def tests_of(module):
    """The names of the tests of a module: the likeliest, those of all modules, the others."""
    first, *others = TESTS.get(module) or TESTS[module.partition(".")[0]]
    return list(dict.fromkeys([first, *ALWAYS, *others]))


def files_of(names):
    """The files of tests, wherever they lie."""
    for name in names:
        found = [*ROOT.glob(f"tests/**/test_{name}.py")]
        if not found:
            raise SystemExit(f"tests: no file test_{name}.py; see TESTS in {__file__}")
        yield found[0]


def test(module, source, names):
    """In the child: the exit code of pytest."""
    import pytest

    os.chdir(ROOT)
    sys.meta_path.insert(0, Mutant(module, source))
    files = map(str, files_of(names or tests_of(module)))
    return pytest.main(["-x", "-q", "-p", "no:cacheprovider", *files])


def start(mutant, names):
    """The process in which a mutant is tested."""
    source = mutated(*mutant)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1), os.dup2(nothing, 2)
            code = int(test(mutant[0], source, names))
        finally:
            os._exit(code)
    return pid


def outcomes(chosen, processes, limit, names=()):
    """(number, mutant, outcome, seconds) of each, as they end; one thread, so that forks hold no locks."""
    waiting, running = list(reversed(chosen)), {}
    while waiting or running:
        while waiting and len(running) < processes:
            number, mutant = waiting.pop()
            running[start(mutant, names)] = (number, mutant, time.monotonic())
        time.sleep(0.05)
        for pid, (number, mutant, since) in list(running.items()):
            seconds = time.monotonic() - since
            done, status = os.waitpid(pid, os.WNOHANG)
            if not done and seconds > limit:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
            if done or seconds > limit:
                del running[pid]
                outcome = ("killed" if status else "SURVIVED") if done else "too slow"
                yield number, mutant, outcome, seconds


def difference(module, operator, occurrence):
    old, new = path_of(module).read_text(), mutated(module, operator, occurrence)
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in lines if line[:3] not in ("---", "+++"))


def wilson(killed, total):
    """The 95% interval of a share."""
    z, share = 1.96, killed / total
    middle, spread = (
        share + z * z / (2 * total),
        z * math.sqrt((share * (1 - share) + z * z / (4 * total)) / total),
    )
    scale = 1 + z * z / total
    return (middle - spread) / scale, (middle + spread) / scale


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=320, help="how many; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for each mutant")
    parser.add_argument("--only", type=int, nargs="*", help="these numbers of the sample")
    parser.add_argument("--tests", nargs="*", help="these instead of those of the module")
    arguments = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "CI": "true"}
    sys.path.insert(0, str(ROOT))
    unknown = {name for name in TESTS if name not in {*MODULES, *ROOMS}}
    if unknown:
        parser.error(f"TESTS has modules that are not there: {', '.join(sorted(unknown))}")
    known = {name for module in MODULES for name in tests_of(module)}
    list(files_of(arguments.tests or known))  # ends where one is missing
    for name in ("lightgbm", "mpmath", "pytest", "sklearn.datasets", "statsmodels.api", "xgboost"):
        __import__(name)
    population = list(mutants())
    chosen = list(enumerate(random.Random(arguments.seed).sample(population, arguments.sample)))
    chosen = chosen if arguments.sample else list(enumerate(population))
    if arguments.only:
        chosen = [pair for pair in chosen if pair[0] in arguments.only]
    killed = 0
    settings = arguments.processes, arguments.limit, arguments.tests
    for number, mutant, outcome, seconds in outcomes(chosen, *settings):
        killed += outcome != "SURVIVED"
        print(f"{number} {outcome} {seconds:.0f} s {' '.join(map(str, mutant))}", flush=True)
        if outcome == "SURVIVED":
            print(difference(*mutant), flush=True)
    low, high = wilson(killed, len(chosen))
    print(
        f"{killed} of {len(chosen)} killed: {killed / len(chosen):.1%}, "
        f"95% interval {low:.1%} to {high:.1%}; {len(population)} mutants in all"
    )


if __name__ == "__main__":
    main()
