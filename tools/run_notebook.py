"""Run a notebook in a clean kernel of this environment: ``python tools/run_notebook.py NOTEBOOK RESULT``.

A process of its own: what the kernel's client leaves open, and warns of, ends with it.
"""

import os
import sys
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

source, result = map(Path, sys.argv[1:])
notebook = nbformat.read(source, as_version=4)
manager = AsyncKernelManager()
# This Python, whatever kernels are installed.
manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
folder = str(result.parent)
environment = {**os.environ, "OMP_NUM_THREADS": "1", "IPYTHONDIR": folder, "MPLCONFIGDIR": folder}
client = NotebookClient(notebook, km=manager, timeout=300, resources={"metadata": {"path": folder}})
client.execute(env=environment)
nbformat.write(notebook, result)
