"""CONTRIBUTING.md, "Add a residual loss": its steps, with its own code, make a loss that all tests take up."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STEPS = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STEPS = STEPS.split("## Add a residual loss")[1].split("\n## ")[0]

#: What the steps touch, and nothing else.
LOSSES = Path("gbm_objectives/losses/robust.py")
FACTORIES = Path("gbm_objectives/factories/robust.py")
CLASS, FACTORY = "Arctan", "arctan"


def code(path):
    """The block of code that goes into a file."""
    return re.search(rf"```python\n# {path}\n(.*?)```", STEPS, flags=re.DOTALL).group(1)


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path}: {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(path, text):
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{text}", encoding="utf-8")


def follow(root):
    """The four steps."""
    append(root / LOSSES, code(LOSSES))
    append(root / FACTORIES, code(FACTORIES))
    edit(
        root / FACTORIES,
        "from gbm_objectives.losses import ",
        f"from gbm_objectives.losses import {CLASS}, ",
    )
    edit(root / LOSSES, "__all__ = [", f'__all__ = ["{CLASS}", ')
    edit(root / FACTORIES, "__all__ = [", f'__all__ = ["{FACTORY}", ')
    row = re.search(r"```markdown\n(.*?)```", STEPS, flags=re.DOTALL).group(1)
    edit(root / "docs" / "objectives.md", "| `fair(", f"{row}| `fair(")


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the package and its tests in which the steps are done."""
    root = tmp_path_factory.mktemp("contributed")
    for name in ("docs", "gbm_objectives", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    follow(root)
    return root


def run(root, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def test_it_is_there(copied):
    """Its self-test is among the tests below."""
    out = run(
        copied,
        "-c",
        "import gbm_objectives, gbm_objectives.losses\n"
        "from gbm_objectives.registry import OBJECTIVES\n"
        f"assert OBJECTIVES['{FACTORY}'] is gbm_objectives.{FACTORY}\n"
        f"assert '{FACTORY}' in gbm_objectives.__all__\n"
        f"objective = gbm_objectives.{FACTORY}()\n"
        f"assert isinstance(objective.loss, gbm_objectives.losses.{CLASS})\n"
        "print(gbm_objectives.__file__)",
    )
    assert out.split() == [str(copied / "gbm_objectives/__init__.py")]


def test_the_tests_take_it_up(copied):
    """The contract suite and the others that run over the registry have cases of it, which pass."""
    chosen = f"{FACTORY} or {CLASS} or registry or every_loss_has or table_names"
    files = [
        "tests/test_contract.py",
        "tests/testing/test_every_objective.py",
        "tests/test_docs.py",
    ]
    out = run(copied, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-k", chosen, *files)
    passed = re.findall(r"^(\S+?)(?:\[(.*)\])? PASSED", out, flags=re.MULTILINE)
    cases = [test for test, case in passed if case and f"{FACTORY}({{}})" in case]
    contract = {test for test in cases if "test_contract" in test}
    assert len(contract) >= 15
    assert any("test_every_objective_passes" in test for test in cases)
    alone = {test.split("::")[1] for test, _ in passed}
    assert {"test_registry_is_complete", "test_every_loss_has_an_objective"} <= alone
    assert {
        "test_table_names_every_objective",
        "test_robust_losses_are_what_their_base_needs",
    } <= alone
