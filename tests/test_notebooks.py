"""The notebooks run from a clean kernel, and are committed without outputs.

Their last cells compute the numbers of their conclusions and assert them.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from _versions import only_newest

nbformat = pytest.importorskip("nbformat")
for needed in ("nbclient", "ipykernel", "matplotlib", "sklearn", "xgboost", "lightgbm"):
    pytest.importorskip(needed)

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_all_are_listed():
    assert len(NOTEBOOKS) == 5
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in NOTEBOOKS if path.name not in listed] == []


@each_notebook
def test_nothing_but_the_source_is_committed(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert not any(cell.metadata for cell in notebook.cells)
    for cell in code_cells(path):
        assert cell.outputs == []
        assert cell.execution_count is None


@only_newest
@each_notebook
def test_runs_in_a_clean_kernel(path, tmp_path):
    result = tmp_path / path.name
    runner = FOLDER.with_name("tools") / "run_notebook.py"
    command = [sys.executable, "-W", "ignore", str(runner), str(path), str(result)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-6000:]
    outputs = [output for cell in code_cells(result) for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
