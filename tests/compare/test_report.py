"""The figures and the report of a comparison: complete, self-contained, and as a browser sees it."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from _results import from_values, result
from matplotlib.figure import Figure

from gbm_objectives import factories
from gbm_objectives.compare.candidates.naming import objective_of
from gbm_objectives.compare.report import displays, html
from gbm_objectives.compare.report.displays import (
    CoverageDisplay,
    ReliabilityDisplay,
    ResidualsDisplay,
    ShapesDisplay,
)
from gbm_objectives.compare.report.displays.residuals import DOTS
from gbm_objectives.compare.result import PREDICTIONS, SCORES

#: These two have every figure; drawing them takes seconds.
TASKS = ("quantile", "multiclass")
BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-extensions", "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


@pytest.fixture(scope="module", params=TASKS)
def task(request):
    return request.param


@pytest.fixture(scope="module")
def made(task):
    return result(task, folds=2, rows=40)


@pytest.fixture(scope="module")
def written(made, task, tmp_path_factory):
    """The page and, of one task, its figures as files: drawing them takes seconds."""
    folder = tmp_path_factory.mktemp("report")
    made.report(folder / "report.html", folder / "new" if task == "quantile" else None)
    return folder


@pytest.fixture(scope="module")
def page(written):
    return (written / "report.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """Every element with its attributes; tags that don't close are noticed."""

    VOID = frozenset({"meta", "link", "br", "path", "use", "rect"})

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


FIGURES = {
    "regression": ["scores", "contamination", "residuals", "learning", "shapes"],
    "quantile": ["scores", "contamination", "residuals", "coverage", "learning", "shapes"],
    "binary": ["scores", "contamination", "reliability", "learning", "shapes"],
    "multiclass": ["scores", "contamination", "reliability", "learning", "shapes"],
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_each_task(name):
    made = result(name, folds=2, rows=40)
    assert [display.name for display in displays.filled(made)] == FIGURES[name]


def test_figures_are_in_the_page_and_files(task, written, page):
    assert re.findall(r'<h3 id="(\w+)-title">', page) == FIGURES[task]
    if task != "quantile":
        return
    paths = [
        written / "new" / f"{name}.{suffix}"
        for name in FIGURES[task] for suffix in ("png", "svg", "csv")
    ]  # fmt: skip
    assert sorted(paths) == sorted((written / "new").iterdir())
    assert all(path.stat().st_size > 100 for path in paths)
    assert paths[0].read_bytes().startswith(b"\x89PNG")


def test_methods_of_the_result_draw(tmp_path, monkeypatch):
    few = {"folds": 2, "rows": 30}
    made, of_classes = result("quantile", **few), result("binary", **few)
    plots = (
        made.plot_scores, made.plot_contamination, made.plot_learning, made.plot_residuals,
        made.plot_calibration, made.plot_shapes, of_classes.plot_calibration,
    )  # fmt: skip
    assert all(isinstance(plot(), Figure) for plot in plots)
    small = result("binary", contaminations=(0.0,), **few)
    monkeypatch.setattr(displays, "DISPLAYS", displays.DISPLAYS[:3])
    assert [path.name for path in small.save_figures(tmp_path / "new")] == [
        f"scores.{suffix}" for suffix in ("png", "svg", "csv")
    ]


def test_a_figure_without_data_says_so():
    with pytest.raises(ValueError, match="plot_reliability: a regression result without data"):
        result("regression").plot_calibration()


def test_dots_are_the_means_of_the_leaderboard():
    made = result()
    board = made.leaderboard().query("contamination == 0")
    (axes,) = made.plot_scores().axes
    dots = [line.get_xydata() for line in axes.lines if line.get_marker() == "o"]
    x, places = np.concatenate(dots).T
    assert sorted(places) == list(range(len(board)))
    np.testing.assert_array_equal(x[np.argsort(places)], board["mean"])
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "huber(delta=2.0) ours · XGBoost"


def test_a_score_far_beyond_the_constant_is_a_number_at_the_edge():
    values = {
        ("-", "constant", "baseline"): {0.0: [2.0, 2.1]}, ("xgboost", "a", "ours"): {0.0: [1.0, 1.1]},
        ("xgboost", "b", "built-in"): {0.0: [9000.0, 9000.0]},
    }  # fmt: skip
    (axes,) = from_values(values).plot_scores().axes
    assert [text.get_text() for text in axes.texts] == ["9000 →"]
    assert axes.get_xlim()[1] < 4


def test_the_table_of_contests_claims_no_more_than_the_verdict(monkeypatch):
    monkeypatch.setattr(displays, "DISPLAYS", ())
    for rival, said in (
        ([1.1, 1.9, 3.05], "not clearly different"), ([9.0, 9.9, 11.0], "better"), ([0.1, 1.1, 2.0], "worse"),
    ):  # fmt: skip
        values = {
            ("xgboost", "a", "ours"): {0.0: [1.0, 2.0, 3.0]}, ("xgboost", "b", "built-in"): {0.0: rival},
        }  # fmt: skip
        text = html.render(from_values(values))
        section = text[text.index('id="contests"') : text.index('id="leaderboard"')]
        assert re.findall(
            r'<td class="text">(not clearly different|\w*better|\w*worse)', section
        ) == [said]


@pytest.mark.parametrize(("shift", "scale"), [(0.0, "log"), (-30.0, "symlog")])
def test_heavy_labels_are_drawn_on_a_log_scale(shift, scale):
    made = result(rows=400)
    heavy = made.predictions.assign(
        y_true=made.predictions["y_true"] + shift, y_pred=made.predictions["y_pred"] + shift
    )
    assert replace(made, predictions=heavy).plot_residuals().axes[0].get_xscale() == scale
    light = made.predictions.assign(y_true=made.predictions["row"] * 1.0, y_pred=3.0)
    assert replace(made, predictions=light).plot_residuals().axes[0].get_xscale() == "linear"


def test_residuals_are_thinned_by_row_alike_for_both():
    frame = ResidualsDisplay.of(result(rows=1000, contaminations=(0.0,))).frame
    counts = frame.groupby(["library", "candidate"])["row"].agg(["size", "sum"])
    assert (counts["size"] == DOTS).all()
    assert counts["sum"].nunique() == 1


def test_reliability_by_hand():
    rows = [
        ("c", "xgboost", 0.0, 0, i % 2, i, int(i >= 5), 0.8 - 0.6 * (i < 5), 0.2 + 0.6 * (i >= 5))
        for i in range(10)
    ]
    frame = pd.DataFrame(rows, columns=[*PREDICTIONS[:-1], "p_0", "p_1"])
    made = from_values({("xgboost", "c", "ours"): {0.0: [1.0, 2.0]}}, task="binary")
    found = ReliabilityDisplay.of(replace(made, predictions=frame)).frame
    assert found[["predicted", "observed", "rows"]].to_numpy() == pytest.approx(
        np.array([[0.2, 0.0, 5], [0.8, 1.0, 5]])
    )
    named = frame.assign(y_true=frame["y_true"].map({0: "no", 1: "yes"}))
    info = {**made.info, "classes": ["no", "yes"]}
    again = ReliabilityDisplay.of(replace(made, predictions=named, info=info)).frame
    pd.testing.assert_frame_equal(again, found)


def test_equal_probabilities_share_a_bin():
    rows = [("c", "-", 0.0, 0, i % 2, i, i % 2, 0.5, 0.5) for i in range(100)]
    frame = pd.DataFrame(rows, columns=[*PREDICTIONS[:-1], "p_0", "p_1"])
    made = from_values({("-", "c", "baseline"): {0.0: [1.0, 2.0]}}, task="binary")
    found = ReliabilityDisplay.of(replace(made, predictions=frame)).frame
    assert found[["predicted", "observed", "rows"]].to_numpy().tolist() == [[0.5, 0.5, 100]]


def test_coverage_by_hand():
    y = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    rows = [("c", "xgboost", 0.0, 0, i % 2, i, y[i], 4.0) for i in range(8)]
    made = from_values({("xgboost", "c", "ours"): {0.0: [1.0, 2.0]}}, task="quantile")
    found = CoverageDisplay.of(
        replace(made, predictions=pd.DataFrame(rows, columns=list(PREDICTIONS)))
    ).frame
    assert found["coverage"].tolist() == [0.625]  # 3 of 4 in the one fold, 2 of 4 in the other


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("huber(delta=2.0)", factories.huber(delta=2.0)),
        ("2 * huber(2.0) + log_cosh()", 2 * factories.huber(2.0) + factories.log_cosh()),
        ("quantile(0.9)", factories.quantile(0.9)),
        ("log_cosh", factories.log_cosh()),
        ("log_cosh()", factories.log_cosh()),
        ("reg:squarederror", None),
        ("mine(1)", None),
        ("huber(__import__('os'))", None),
        ("huber(delta=-1)", None),
    ],
)
def test_objective_of_a_name(name, expected):
    assert objective_of(name) == expected


def test_shapes_are_those_of_the_objective():
    frame = ShapesDisplay.of(result()).frame.query("candidate == 'huber(delta=2.0)'")
    assert np.allclose(frame["gradient"], np.clip(frame["x"], -2, 2), rtol=1e-5, atol=1e-5)


def test_page_is_well_formed_and_needs_no_network(page):
    parsed = Page(page)
    assert parsed.open == []
    for tag, attributes in parsed.elements:
        assert tag not in {"script", "iframe", "img", "object", "embed"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name.split(":")[-1] in {"src", "href", "srcset", "data", "action"}:
                assert value.startswith("#") or value == "data:,"
    assert all(target.startswith("#") for target in re.findall(r"url\(\s*['\"]?([^)]*)\)", page))
    assert "@import" not in page
    assert "http:" not in page
    assert "https:" not in page


def test_ids_are_unique_and_what_refers_to_them_finds_them(page):
    elements = Page(page).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = [value for _, a in elements for value in a.get("aria-labelledby", "").split()]
    used += [a["xlink:href"][1:] for _, a in elements if "xlink:href" in a]
    used += re.findall(r"url\(#([^)]*)\)", page)
    assert set(used) <= set(ids)


def test_figures_take_the_colours_of_the_page(page, task):
    parts = re.findall(r"<svg.*?</svg>", page, flags=re.S)
    assert len(parts) == len(FIGURES[task])
    for part in parts:
        assert 'role="img"' in part
        assert "currentColor" in part
        assert not re.findall(r"#[0-9a-f]{6}(?=[;\"])", part)


def test_page_says_what_it_should(made, page):
    text = " ".join(" ".join(Page(page).text).split())
    for found in (
        *made.verdict().split(". "), made.info["command"], "python 3.11.7", "lightgbm 4.5.0",
        "10.1023/A:1024068626366", "ValueError: y_true: <all> & one", "no split in round 1",
    ):  # fmt: skip
        assert found in text
    assert "<all>" not in page


def test_hostile_names_are_escaped(monkeypatch):
    monkeypatch.setattr(displays, "DISPLAYS", displays.DISPLAYS[:1])  # drawing takes seconds
    made = result(folds=2, rows=30)
    bad = '<script>alert(1)</script>"$x_$'
    scores = made.scores.replace({"candidate": {"log_cosh()": bad}})
    text = html.render(replace(made, scores=scores, info={**made.info, "name": bad, "target": bad}))
    assert "<script" not in text
    assert Page(text).open == []


@pytest.mark.parametrize("kept", [0, 7, 30])
def test_what_is_left_of_an_interrupted_run_has_a_report(kept, tmp_path):
    made = result()
    info = {**made.info, "complete": False, "seconds": None, "versions": {}, "classes": None}
    cut = replace(
        made, scores=made.scores.head(kept), predictions=made.predictions.head(0),
        curves=made.curves.head(0), warnings=made.warnings.head(0), info=info,
    )  # fmt: skip
    path = cut.report(tmp_path / "deep" / "report.html")
    text = path.read_text(encoding="utf-8")
    assert "interrupted" in text
    assert list(made.scores.columns) == list(SCORES)
    assert Page(text).open == []


def _browse(path, folder):
    """Console messages and the URLs asked of the network when Chromium opens a page."""
    log = folder / "net.json"
    command = [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", "--dump-dom", path.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    found = json.loads(log.read_text())
    requests = (event.get("params", {}) for event in found["events"])
    # The browser's own requests, for its updates, name no origin; none of them gets past the resolver rule.
    urls = {
        request["url"]
        for request in requests
        if request.get("initiator", "not an origin") != "not an origin"
        and request["url"].startswith("http")
    }
    return done.stdout, console, urls


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_browser_has_no_complaint_and_no_request(written, tmp_path):
    path = written / "report.html"
    dom, console, urls = _browse(path, tmp_path)
    assert "Leaderboard" in dom
    assert console == []
    assert urls == set()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_browser_test_can_fail(tmp_path):
    path = tmp_path / "bad.html"
    path.write_text(
        '<img src="http://127.0.0.1:9/x.png"><img src="https://example.org/y.png">'
        '<script>console.error("oh")</script>'
    )
    _, console, urls = _browse(path, tmp_path)
    assert any("oh" in line for line in console)
    assert urls == {"http://127.0.0.1:9/x.png", "https://example.org/y.png"}
