"""The documentation as a site: ``sphinx-build -W docs build/docs``. Nothing is asked from the network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import gallery
import tables

import gbm_objectives
from gbm_objectives.registry import OBJECTIVES

project = "gbm_objectives"
author = "The gbm_objectives developers"
version = release = gbm_objectives.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autosummary_generate = True
default_role = "py:obj"  # `huber` in a docstring is a link to it
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
exclude_patterns = [
    "generated/gallery/cards.rst",
    "generated/gallery/toctree.rst",
    "generated/measured/*",
]
autodoc_typehints = "none"  # the docstrings have the types
numpydoc_show_class_members = False
# With -W a docstring that misses one of these ends the build: a docstring for each public name (GL08), every parameter
# with its type and a sentence, in the order of the signature (PR), what is returned or yielded (RT, YD), and a summary
# that begins with a capital letter (SS02). Not asked for: See Also, examples and an extended summary for each name
# (SA01, EX01, ES01), and summaries in the imperative on one line (SS05, SS06): most of ours say what a thing is.
numpydoc_validation_checks = {
    "GL08", "PR01", "PR02", "PR03", "PR04", "PR05", "PR07", "PR08",
    "RT01", "RT02", "RT03", "SS02", "YD01",
}  # fmt: skip
numpydoc_validation_exclude = {
    r"\.testing\.Status$",  # a Literal, which has no docstring
    r"\.losses\.\w+(\.|$)",  # formulas that a class fills in: `gbm_objectives.loss` says once what they are given
}
html_theme = "pydata_sphinx_theme"
html_title = "gbm_objectives"
html_theme_options = {
    "header_links_before_dropdown": 3,
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
html_sidebars = {"*": [], "generated/**": ["sidebar-nav-bs"]}
html_show_sourcelink = False

# The factories, as the registry lists them.
_GENERATED = Path(__file__).parent / "generated"
_GENERATED.mkdir(exist_ok=True)
_NAMES = "".join(f"   {name}\n" for name in sorted(OBJECTIVES))
(_GENERATED / "objectives.rst").write_text(
    "Objectives\n==========\n\n.. currentmodule:: gbm_objectives\n\n"
    f".. autosummary::\n   :toctree: .\n\n{_NAMES}",
    encoding="utf-8",
)
gallery.write(_GENERATED / "gallery")
tables.write(Path(__file__).parent / "measured", _GENERATED / "measured")


def _bars(app, what, name, obj, options, lines):
    """|r| is an absolute value in the docstrings, not a substitution."""
    lines[:] = [line.replace("|", r"\|") for line in lines]


def _skip(app, what, name, obj, skip, options):
    """The methods that scikit-learn makes for the routing of metadata refer to its own pages."""
    return True if name.startswith("set_") and name.endswith("_request") else None


def setup(app):
    """Called by Sphinx."""
    app.connect("autodoc-skip-member", _skip)
    app.connect("autodoc-process-docstring", _bars, priority=900)
