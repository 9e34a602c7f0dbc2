"""The README's examples run as they stand, in the order of the page."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from gbm_objectives.registry import OBJECTIVES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


# LGBMClassifier warns that it can't turn raw scores into classes; the README says so.
@pytest.mark.filterwarnings("ignore:Cannot compute class probabilities")
def test_examples(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) >= 8
    namespace = {}
    for block in blocks:
        if "import dask" in block and find_spec("distributed") is None:
            continue
        exec(compile(block, "README.md", "exec"), namespace)
    ours, built_in = (float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()[:2])
    assert ours < 0.8 * built_in


def test_first_example_stands_alone(capsys):
    first = re.search(r"```python\n(.*?)```", README, flags=re.DOTALL).group(1)
    exec(compile(first, "README.md", "exec"), {})
    assert "huber()" in capsys.readouterr().out


def test_table_names_every_objective():
    table = README.split("## The objectives")[1].split("##")[0]
    assert set(re.findall(r"^\| `(\w+)\(", table, flags=re.MULTILINE)) == set(OBJECTIVES)


def test_the_tests_that_are_named_exist():
    named = set(re.findall(r"\b(?:tests|tools|benchmarks)/[\w/*]+\.(?:py|md)", README))
    assert len(named) > 10
    assert [path for path in sorted(named) if not list(ROOT.glob(path))] == []
