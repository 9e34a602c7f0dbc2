"""The gallery: a page for each loss and an overview, written when the documentation is built.

What a page says comes from the docstring of the factory and of its loss class, from its row in ``objectives.md`` and its
row in ``gallery.csv``. A factory without a row in ``gallery.csv`` has the last two columns of ``objectives.md``.
"""

from __future__ import annotations

import csv
import inspect
import re
import sys
from pathlib import Path

from numpydoc.docscrape import FunctionDoc
from pictures import CASES, draw

from gbm_objectives import Objective
from gbm_objectives.loss import Loss
from gbm_objectives.registry import OBJECTIVES

HERE = Path(__file__).parent
PAGE = """{name}
{line}

{summary}

.. figure:: {name}.svg
   :class: dark-light wide
   :alt: Value, gradient and Hessian of {name} as the score of one row moves.

   {caption}

{extended}

It fits when
   {fits}

It fails when
   {fails}

.. list-table::
   :stub-columns: 1

   * - Loss
     - {formula}
   * - Default Hessian
     - {hessian}
   * - Labels
     - {domain}
   * - Link
     - {link}
   * - Convex
     - {convex}

Here r = raw prediction − y and u = r/delta; p is the probability of the true class, q = 1 − p; g is the gradient.

{examples}

Parameters and errors: :func:`gbm_objectives.{name}`.

{references}
"""
CARD = """   .. figure:: generated/gallery/{name}-small.svg
      :target: generated/gallery/{name}.html
      :class: dark-light
      :alt: {name}

      :doc:`{name} <generated/gallery/{name}>`

"""


def _rows() -> dict[str, list[str]]:
    """The cells of the table of objectives, by the name of the factory."""
    rows = {}
    for line in (HERE / "objectives.md").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\| `(\w+)\(", line):
            cells = re.split(r"(?<!\\) \| ", line.strip("| "))
            rows[found[1]] = [_rst(cell.replace(r"\|", "|")) for cell in cells]
    return rows


def _rst(text: str) -> str:
    """Markdown of one line as reStructuredText: code, links, and no substitutions."""
    text = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text)
    text = re.sub(r"\[([^\]]+)\]\((\w+)\.md\)", r":doc:`\1 </\2>`", text)
    return re.sub(r"([|*])", r"\\\1", text)


def _escaped(lines: list[str]) -> str:
    return "\n".join(lines).replace("|", r"\|").strip()


def _traits(loss: Loss) -> tuple[str, str]:
    """Domain and link, from the docstring of the class or the nearest base that states them."""
    for base in type(loss).__mro__:
        text = " ".join(inspect.cleandoc(base.__doc__ or "").split())
        if found := re.search(
            r"Domain of y: (.+?)\. (?:Link|Raw parameters): (.+?)[.;](?: |$)", text
        ):
            return found[1], found[2]
    return loss.labels, str(loss.link)


def _page(name: str, objective: Objective, row: list[str], when: tuple[str, str]) -> str:
    text = FunctionDoc(OBJECTIVES[name])
    domain, link = _traits(objective.terms[-1].loss)
    caption = "Dotted: the second derivative of the value, where the default Hessian is another."
    if "delta" in objective.parameters:
        caption += " delta = 1; the default follows the residuals."
    if all(term.loss.takes_steps and not term.weightings for term in objective.terms):
        caption += (
            " By default the trees split by rows, and this Hessian sets the leaves: :doc:`/leaves`."
        )
    references, examples = ("\n".join(text[part]).strip() for part in ("References", "Examples"))
    return PAGE.format(
        name=name,
        line="=" * len(name),
        summary=_escaped(text["Summary"]),
        extended=_escaped(text["Extended Summary"]),
        caption=caption,
        fits=when[0],
        fails=when[1],
        formula=row[1],
        hessian=row[2],
        domain=_rst(domain),
        link=_rst(link),
        convex="yes" if all(term.loss.convex for term in objective.terms) else "no",
        examples=f"An example:\n\n{examples}" if examples else "",
        references=f".. rubric:: References\n\n{references}" if references else "",
    )


def write(folder: Path) -> None:
    """Write all pages and pictures, and ``cards.rst``, the overview, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = _rows()
    with (HERE / "gallery.csv").open(encoding="utf-8", newline="") as lines:
        when = {row["name"]: (row["fits"], row["fails"]) for row in csv.DictReader(lines)}
    families: dict[str, list[str]] = {}
    for name, row in rows.items():
        factory = OBJECTIVES[name]
        title = (sys.modules[factory.__module__].__doc__ or "").split(".")[0]
        families.setdefault(title, []).append(name)
        objective = next(iter(CASES[name].values())) if name in CASES else factory()
        page = _page(name, objective, row, when.get(name, (row[3], row[4])))
        (folder / f"{name}.rst").write_text(page, encoding="utf-8")
        draw(name, folder / f"{name}.svg", folder / f"{name}-small.svg")
    cards = ""
    for title, names in families.items():
        cards += f".. rubric:: {title}\n\n.. container:: gallery\n\n"
        cards += "".join(CARD.format(name=name) for name in names)
    (folder / "cards.rst").write_text(cards, encoding="utf-8")
    listed = "".join(f"   generated/gallery/{name}\n" for name in rows)
    (folder / "toctree.rst").write_text(f".. toctree::\n   :hidden:\n\n{listed}", encoding="utf-8")
