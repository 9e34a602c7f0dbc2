"""The recommendation: the rule on scores made by hand, and its code, which trains what the comparison has trained."""

import io

import numpy as np
import pytest
from _results import from_values
from rich.console import Console

from gbm_objectives.compare import compare, distributions
from gbm_objectives.compare.data import diabetes, of_arrays
from gbm_objectives.compare.report import html, terminal
from gbm_objectives.compare.report.code import Code
from gbm_objectives.compare.report.statistics import Key
from gbm_objectives.compare.result import Result
from gbm_objectives.compare.saving import load, save

ROUNDS = 4


def data_of(task):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 3))
    if task in ("regression", "quantile", "quantiles", "amounts", "distribution"):
        y = np.exp(x[:, 0] + 0.3 * rng.normal(size=150)).round(2) + 0.01
        return of_arrays(x, y, task, {"quantile": 0.8, "quantiles": (0.1, 0.8)}.get(task))
    y = rng.integers(0, 2 if task == "binary" else 3, 150)
    x[:, 0] += 2 * y
    return of_arrays(x, y, {"events": "distribution"}.get(task, task))


@pytest.mark.parametrize(
    "task",
    [
        "regression",
        "quantile",
        "quantiles",
        "binary",
        "multiclass",
        "ordinal",
        "amounts",
        "distribution",
        "events",
    ],
)
def test_the_code_trains_what_the_comparison_trained(task, tmp_path):
    """The lines for train, those for scikit-learn and the estimator, of every candidate, also of a saved result."""
    data = data_of(task)
    ours = {
        "regression": "huber, gamma",  # the identity and the logarithm as links
        "ordinal": "ordinal(link='probit')",
        "distribution": "distribution('gamma'), distribution(curvature='fisher')",
        "events": "distribution('poisson')",
    }.get(task)
    never = {"early_stopping": 0} if data.task == "distribution" else {}
    result = compare(data, None, folds=2, rounds=ROUNDS, contamination=0, objectives=ours, **never)
    save(result, tmp_path)
    train = np.setdiff1d(
        np.arange(150), test := result.predictions.query("fold == 0")["row"].unique()
    )
    x, y, x_new = data.matrix[train], data.y[train], data.matrix[test]
    values = [c for c in result.predictions if c == "y_pred" or c.startswith(("p_", "q_"))]
    values += [c for c in result.predictions if c == "family" or c.startswith("parameter_")]
    tried = 0
    for one in (result, load(tmp_path)):
        for name, library in one.scores[["candidate", "library"]].drop_duplicates().to_numpy():
            own = one.predictions.query("fold == 0 and candidate == @name and library == @library")
            expected = answer_of(own.set_index("row").loc[test, values], name, library)
            code = Code.of(one, Key(library, name), ROUNDS)
            for text in filter(None, (code.train, code.sklearn)):
                space = {"X": x, "y": y, "X_new": x_new}
                exec(text, space)
                check(space["prediction"], expected, text)
            tried += 1
            no_family = data.task == "distribution" and not code.recipe.ours
            lacking = (
                "spread|poisson|constant" if no_family else "a model for each level|class codes"
            )
            if code.by_level or code.rounded or no_family:
                with pytest.raises(ValueError, match=lacking):
                    code.estimator()
            else:
                model = code.estimator().fit(x, y)
                predict = model.predict_proba if data.classes else model.predict
                predict = getattr(model, "predict_distribution", predict)
                check(predict(x_new), expected, name)
            if one is not result:  # a saved one knows its objectives by their names
                break
    assert tried == result.info["fits"] // 2 + 1


def answer_of(rows, name, library):
    """What the frame of predictions has; of distributions the means and a quantile."""
    if "family" not in rows:
        return rows.to_numpy()
    ((_, one),) = distributions.of_frame(rows.assign(candidate=name, library=library))
    return np.column_stack([rows["y_pred"], distributions.frozen(one).ppf(0.9)])


def check(prediction, expected, what):
    if hasattr(prediction, "ppf"):
        prediction = np.column_stack([prediction.mean(), prediction.ppf(0.9)])
    found = np.asarray(prediction, dtype=np.float64)
    if found.ndim == 1 and expected.shape[1] == 2:
        found = np.column_stack([1 - found, found])
    if "rint" in what:
        found = np.eye(expected.shape[1])[found.astype(int)]
    found = found.reshape(expected.shape)
    if "multiclassova" in what:  # scikit-learn's does not sum to 1
        found = found / found.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-5, err_msg=what)


def chosen(values, seconds=None, **options):
    made = from_values(values, **options)
    for name, value in (seconds or {}).items():
        made.scores.loc[made.scores["candidate"] == name, "seconds"] = value
    return made.recommendation


TIES = ([10.0, 10.2, 10.4], [10.1, 10.1, 10.45])


def test_within_the_noise_the_safest_then_the_simplest_then_the_fastest():
    a, b, c = ("xgboost", "a", "ours"), ("xgboost", "b", "built-in"), ("lightgbm", "c", "built-in")
    safe = {a: {0.0: TIES[1], 0.4: [11.0, 11.1, 11.2]}, b: {0.0: TIES[0], 0.4: [30.0, 31.0, 32.0]}}
    found = chosen(safe)
    assert (found.name, found.confidence) == ("a ours · XGBoost", "tie")
    assert found.ties == ("b XGBoost",)
    assert found.reason.endswith("of these it is the safest when labels are contaminated.")
    assert chosen({key: {0.0: own[0.0]} for key, own in safe.items()}).name == "b XGBoost"
    fast = {b: {0.0: TIES[0]}, c: {0.0: TIES[1]}}
    assert chosen(fast, {"b": 2.0, "c": 1.0}).name == "c LightGBM"
    found = chosen(fast, {"b": 1.0, "c": 2.0})
    assert found.name == "b XGBoost"
    assert "This is a tie: c LightGBM is within the noise of the best mae" in str(found)


def test_of_distributions_within_the_noise_the_one_of_fewer_parameters():
    families = {"negative_binomial": TIES[1], "zero_inflated_negative_binomial": TIES[0]}
    values = {("xgboost", name, "ours"): {0.0: own} for name, own in families.items()}
    recipes = [
        {"library": "xgboost", "candidate": name, "objective": "", "family": name, "params": {}}
        for name in families
    ]
    found = chosen(values, {"negative_binomial": 9.0}, recipes=recipes, metric="log_score")
    assert found.name == "negative_binomial ours · XGBoost"
    assert found.reason.endswith("of these it is the simplest.")


def test_how_sure_it_is():
    a, b = ("xgboost", "a", "ours"), ("xgboost", "b", "built-in")
    assert chosen({a: {0.0: [1.0, 1.1, 1.0]}, b: {0.0: [2.0, 2.1, 2.0]}}).confidence == "clear"
    likely = chosen({a: {0.0: [1.0, 1.1, 1.0]}, b: {0.0: [1.1, 1.3, 2.0]}})
    assert likely.confidence == "likely"
    assert "better than another candidate is likely, not certain" in likely.reason
    assert "single fold" in chosen({a: {0.0: [1.0]}, b: {0.0: [2.0]}}).reason
    constant = chosen({("-", "constant", "baseline"): {0.0: [1.0, 1.0]}, a: {0.0: [2.0, 2.1]}})
    assert constant.name == "constant"
    assert constant.reason == "No model has a better mae than this constant."
    assert chosen({a: {0.0: [None, None]}}) is None
    none = {("-", "constant", "baseline"): {0.0: [10.0, 10.1, 10.0], 0.4: [10.0, 10.1, 10.0]}}
    fragile = {
        a: {0.0: [1.0, 1.1, 1.0], 0.4: [9.0, 9.1, 9.0]},
        b: {0.0: [1.5, 1.6, 1.5], 0.4: [1.6, 1.7, 1.6]},
    }
    said = chosen(none | fragile)
    assert said.name == "a ours · XGBoost"
    assert said.caution.startswith("If many labels can be wrong, take b XGBoost: with 40% of")
    assert str(said).endswith("its mae is 1.633, and that of the recommended model 9.033.")
    assert chosen(none | {**fragile, a: {0.0: [1.0, 1.1, 1.0], 0.4: [2.0, 2.1, 2.0]}}).caution == ""
    gain = chosen({a: {0.0: [0.9, 0.9]}, b: {0.0: [0.5, 0.6]}}, higher_is_better=True, metric="auc")
    assert gain.name == "a ours · XGBoost"


def own(y_true, y_pred):
    return y_pred - y_true, np.ones_like(y_pred)


def test_it_comes_first_in_terminal_and_report_and_a_users_own_is_left_to_the_user():
    found = compare(
        diabetes(), None, folds=2, rounds=5, contamination=0, objectives="log_cosh", candidates=own,
        libraries=["xgboost"],
    )  # fmt: skip
    said = found.recommendation
    console = Console(file=io.StringIO(), width=500)
    terminal.report(console, found)
    assert console.file.getvalue().startswith(f"Recommendation: {said}\n")
    few = from_values({("xgboost", "a", "ours"): {0.0: [1.0, 1.1]}})
    page = html.render(few)  # with one figure
    assert page.index('<h2 id="recommendation">') < page.index('<h2 id="verdict">')
    assert str(few.recommendation) in page
    scores = found.scores.query("candidate == 'own'")
    alone = Result(scores, found.predictions, found.curves, found.warnings, found.info)
    assert alone.recommendation.name == "own yours · XGBoost"
    assert alone.recommendation.code.train == alone.recommendation.code.sklearn == ""
    with pytest.raises(ValueError, match="own, your own"):
        alone.recommendation.estimator()
