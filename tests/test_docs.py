"""README and the pages of the documentation: their code runs as it stands, and what they name exists."""

import csv
import doctest
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from _versions import only_newest

from gbm_objectives import EffectiveNumber, Objective, curvature, metrics, multi_task
from gbm_objectives.losses import RobustLoss
from gbm_objectives.registry import OBJECTIVES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    page.stem: page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))
}
FIGURES = [
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs/measured").glob("*.csv"))
]
#: Packages that a page may use and that may be missing; a block that imports one is left out then.
OPTIONAL = ("dask", "lleaves", "onnxmltools", "optuna", "treelite")


def blocks(text):
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def run(name, code, namespace):
    missing = [
        package
        for package in OPTIONAL
        if f"import {package}" in code and find_spec(package) is None
    ]
    if not missing:
        exec(compile(code, name, "exec"), namespace)


DATA = blocks(PAGES["start"])[0]


def test_examples_of_the_readme(capsys):
    namespace = {}
    for code in blocks(README):
        run("README.md", code, namespace)
    ours, built_in = (float(line.split()[-1]) for line in capsys.readouterr().out.splitlines())
    assert ours < 0.8 * built_in


# LGBMClassifier warns that it can't turn raw scores into classes; the page says so.
@pytest.mark.filterwarnings("ignore:Cannot compute class probabilities")
@only_newest
@pytest.mark.parametrize("page", [name for name, text in PAGES.items() if blocks(text)])
def test_examples_of_a_page(page, tmp_path, monkeypatch):
    """Each page alone, after the data of the first one."""
    if "from_function" in PAGES[page]:
        pytest.importorskip("sympy")
    monkeypatch.chdir(tmp_path)
    namespace = {}
    run("start.md", DATA, namespace)
    for code in blocks(PAGES[page]):
        run(f"{page}.md", code, namespace)


def public(module):
    """What is defined in the package, by its names in a module."""
    ours = "gbm_objectives"
    return {
        name: thing for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", "").startswith(ours)
    }  # fmt: skip


NAMED = {"metrics": public(metrics), "objectives": public(curvature) | OBJECTIVES}
NAMED["objectives"] |= {
    thing.__name__: thing for thing in (EffectiveNumber, Objective, RobustLoss, multi_task)
}


@pytest.mark.parametrize("kind", NAMED)
def test_examples_of_docstrings(kind):
    report, runner = [], doctest.DocTestRunner()
    for name, thing in NAMED[kind].items():
        finder = doctest.DocTestFinder(recurse=False)
        for test in finder.find(thing, name, globs={"np": np, **NAMED[kind]}):
            runner.run(test, out=report.append)
    assert not report, "".join(report)
    assert runner.tries > 20


def test_table_names_every_objective():
    table = PAGES["objectives"]
    assert set(re.findall(r"^\| `(\w+)\(", table, flags=re.MULTILINE)) == set(OBJECTIVES)


def test_readme_is_short():
    assert len(README.splitlines()) <= 150
    assert len(README.split()) <= 1500


def test_files_that_are_named_exist():
    named = {
        path
        for text in (README, *PAGES.values(), *FIGURES)
        for path in re.findall(
            r"\b(?:tests|tools|benchmarks|notebooks|docs)/[\w/*]+\.(?:py|md|ipynb)", text
        )
    }
    assert len(named) > 20
    assert [path for path in sorted(named) if not list(ROOT.glob(path))] == []


def test_links_lead_to_pages():
    for folder, text in ((ROOT, README), *((ROOT / "docs", text) for text in PAGES.values())):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (folder / target).exists(), target


def test_gallery_tells_when_a_loss_fits_and_fails():
    with (ROOT / "docs" / "gallery.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["name"] for row in rows} <= set(OBJECTIVES)
    assert all(row["fits"].endswith(".") and row["fails"].endswith(".") for row in rows)
