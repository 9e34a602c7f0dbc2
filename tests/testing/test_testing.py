"""The self-test: each defect of a hand-written objective is found, named and measured; a sound one passes."""

import json
import pickle
import warnings

import numpy as np
import pytest

from gbm_objectives import (
    dice,
    focal,
    ghm_regression,
    huber,
    mean_bias_error,
    quantile,
    softmax_cross_entropy,
)
from gbm_objectives.testing import ObjectiveCheckError, check_objective
from gbm_objectives.testing._differences import derivative


def names(checks):
    return {check.name for check in checks}


def check(function, **options):
    """Without training where trees aren't the question: 5 ms."""
    return check_objective(function, **{"train": False, **options})


# Sound objectives, written by hand, at module level so that they pickle.


def squared(y_true, y_pred, sample_weight=None):
    w = 1.0 if sample_weight is None else sample_weight
    return w * (y_pred - y_true), w * np.ones_like(y_pred)


def squared_value(y_true, y_pred):
    return (y_pred - y_true) ** 2 / 2


def squared_train(preds, dtrain):
    y, w = dtrain.get_label(), dtrain.get_weight()
    w = np.ones_like(y) if w is None or len(w) == 0 else w
    return w * (preds - y), w * np.ones_like(preds)


def softplus(z):
    return np.logaddexp(0.0, z)


def logistic(y_true, y_pred, sample_weight=None):
    w = 1.0 if sample_weight is None else sample_weight
    p, q = (np.exp(-softplus(z)) for z in (-y_pred, y_pred))
    return w * np.where(y_true > 0.5, -q, p), w * np.maximum(p * q, 1e-16)


def logistic_value(y_true, y_pred):
    return softplus(y_pred) - y_true * y_pred


def poisson(y_true, y_pred, sample_weight=None):
    w = 1.0 if sample_weight is None else sample_weight
    mu = np.exp(np.minimum(y_pred, 80.0))
    return w * (mu - y_true), w * mu


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def multinomial(y_true, y_pred, sample_weight=None):
    w = np.ones(len(y_true)) if sample_weight is None else sample_weight
    p = softmax(y_pred)
    own = y_true.astype(int)[:, None] == np.arange(p.shape[1])
    return w[:, None] * (p - own), w[:, None] * 2 * np.maximum(p * (1 - p), 1e-16)


def multinomial_value(y_true, y_pred):
    z = y_pred - y_pred.max(axis=1, keepdims=True)
    return np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), y_true.astype(int)]


SOUND = [
    (squared, {"value": squared_value, "hessian": "exact"}),
    (squared_train, {"value": squared_value, "hessian": "exact"}),
    (logistic, {"task": "binary", "value": logistic_value, "hessian": "exact"}),
    (poisson, {"task": "positive", "value": lambda y, z: np.exp(z) - y * z, "hessian": "exact"}),
    (multinomial, {"task": "multiclass", "value": multinomial_value, "n_classes": 4}),
]


@pytest.mark.parametrize(("function", "options"), SOUND, ids=lambda p: getattr(p, "__name__", ""))
def test_sound_objectives_pass(function, options):
    report = check_objective(function, **options)
    assert report.passed, str(report)
    assert not report.warnings, str(report)
    for name in ("gradient", "hessian", "weights", "xgboost", "lightgbm"):
        assert report[name].status == "ok", str(report)
    assert report["gradient"].data["compared"] > 100
    assert report["hessian"].data["compared"] > 80


#: Each way through a call; all objectives by the signature that the check finds: test_every_objective.py.
CALLED = [
    huber(),
    quantile([0.1, 0.5, 0.9]),
    focal(0.5, 0.25),
    dice(smooth=0.0),  # it smooths by a number of rows: twice the rows would be another loss
    softmax_cross_entropy(),
    ghm_regression(),
    huber() + mean_bias_error(2.0),
]


@pytest.mark.parametrize("signature", ["train", "sklearn"])
@pytest.mark.parametrize("objective", CALLED, ids=repr)
def test_own_objectives_pass(objective, signature):
    report = check_objective(objective, signature=signature)
    assert report.passed, str(report)
    assert report["weights"].status == "ok"


# Defects. Each is one change of a sound objective; the check that must find it, and a number.


def changed(gradient=lambda g: g, hessian=lambda h: h, of=squared):
    class Changed:
        def __call__(self, y_true, y_pred, sample_weight=None):
            g, h = of(y_true, y_pred, sample_weight)
            return gradient(g), hessian(h)

    Changed.__qualname__ = "Changed"
    globals()["Changed"] = Changed
    return Changed()


def only_failure(report, name):
    assert names(report.failures) == {name}, str(report)
    assert not report.passed
    return report[name]


def test_zero_hessian():
    report = check(changed(hessian=lambda h: 0 * h), value=squared_value)
    found = only_failure(report, "vanishing")
    assert set(found.data["share"].values()) == {1.0}
    assert set(found.data["share_of_zeros"].values()) == {1.0}
    trained = check_objective(changed(hessian=lambda h: 0 * h))
    assert names(trained.failures) == {"vanishing", "xgboost", "lightgbm"}
    assert trained["xgboost"].data["1"]["splits"] == trained["lightgbm"].data["1"]["splits"] == 0


def test_negative_hessian():
    report = check(changed(hessian=lambda h: -h))
    found = only_failure(report, "sign")
    assert found.data == {"share": 1.0, "smallest": -1.0}


def test_hessian_negative_in_some_rows():
    """The exact Hessian of Cauchy's loss, 1 - r^2 over (1 + r^2)^2, beyond |r| = 1."""

    def cauchy(y_true, y_pred, sample_weight=None):
        w = 1.0 if sample_weight is None else sample_weight
        r = y_pred - y_true
        return w * r / (1 + r**2), w * (1 - r**2) / (1 + r**2) ** 2

    found = check(cauchy, value=lambda y, p: np.log1p((p - y) ** 2) / 2, hessian="exact")
    assert "sign" in names(found.failures)
    assert found["sign"].data["share"] == pytest.approx(1 / 3, abs=0.05)  # of 1e-6 to 1e3
    assert found["gradient"].status == found["hessian"].status == "ok"


def test_wrong_sign():
    report = check(changed(lambda g: -g), value=squared_value)
    assert names(report.failures) == {"gradient", "direction"}
    assert report["gradient"].data["factor"] == pytest.approx(-1)
    assert report["direction"].data == {"that are too high": 1.0, "that are too low": 1.0}
    only_failure(check(changed(lambda g: -g)), "direction")  # without a value too


@pytest.mark.parametrize("factor", [0.5, 2.0, 1.05])
def test_gradient_off_by_a_factor(factor):
    found = only_failure(check(changed(lambda g: factor * g), value=squared_value), "gradient")
    assert found.data["factor"] == pytest.approx(factor)
    assert found.data["compared"] == 192
    assert found.data["wrong"] >= 185  # at 1e-6 from a label of 100 float32 sees no residual


def test_gradient_wrong_for_some_rows():
    """Fair's loss with the sign of the second term forgotten, as seen in the wild: wrong for r < 0."""

    def fair(y_true, y_pred, sample_weight=None):
        w = 1.0 if sample_weight is None else sample_weight
        r = y_pred - y_true
        return w * (np.sign(r) - 1 / (1 + np.abs(r))), w / (1 + np.abs(r))

    report = check(fair, value=lambda y, p: np.abs(p - y) - np.log1p(np.abs(p - y)))
    found = report["gradient"]
    assert found.status == "failure"
    assert 90 <= found.data["wrong"] <= 100  # of 192: the negative residuals, and 0
    assert "factor" not in found.data


def test_exact_log_cosh_is_diagnosed():
    def log_cosh(y_true, y_pred, sample_weight=None):
        w = 1.0 if sample_weight is None else sample_weight
        r = y_pred - y_true
        return w * np.tanh(r), w / np.cosh(np.clip(r, -300, 300)) ** 2

    def value(y_true, y_pred):
        r = y_pred - y_true
        return np.logaddexp(r, -r) - np.log(2)  # its differences near 0 are rounded: no false alarm

    report = check_objective(log_cosh, value=value, hessian="exact")
    found = only_failure(report, "vanishing")
    assert found.data["share"]["0.01"] == 0
    assert found.data["share"]["1"] < 0.1
    assert found.data["share"]["10000"] > 0.95
    assert "tanh(r)/r" in found.advice
    assert report["gradient"].status == report["hessian"].status == "ok"
    assert report["xgboost"].data["1"]["splits"] == 10
    assert report["xgboost"].data["1000"]["splits"] == 0
    assert {"xgboost", "lightgbm"} <= names(report.warnings)


def test_constant_of_another_unit():
    """A majorized Huber loss with a delta of 1 is sound, but not for targets of any size."""
    report = check_objective(huber(delta=1.0))
    assert report.passed
    assert {"scale", "xgboost"} <= names(report.warnings)
    assert report["scale"].data["mean_hessian"]["10000"] < 1e-2
    step = check(huber(delta=1.0, curvature="unit"))["scale"]
    assert step.status == "warning"
    assert step.data["step"]["10000"] < 1e-2
    assert "too short for targets of size 100, 10000" in step.finding


def test_clipped_probability():
    def clipped(y_true, y_pred, sample_weight=None):
        """What automatic differentiation makes of log(clip(p)): 0 where the clip holds."""
        w = 1.0 if sample_weight is None else sample_weight
        p = 1 / (1 + np.exp(-y_pred))
        inside = (p > 1e-7) & (p < 1 - 1e-7)
        return w * inside * (p - y_true), w * p * (1 - p)

    report = check(clipped, task="binary")
    found = only_failure(report, "saturation")
    assert found.data["scores"] == [20.0, 30.0]
    report = check(clipped, task="binary", value=logistic_value)
    assert names(report.failures) == {"saturation", "gradient"}
    assert report["gradient"].data["largest_error"] == pytest.approx(1, abs=1e-6)


def test_hessian_zero_for_one_label():
    def half(y_true, y_pred, sample_weight=None):
        g, h = logistic(y_true, y_pred, sample_weight)
        return g, np.where(y_true > 0.5, 0.0, h)

    found = only_failure(check(half, task="binary"), "vanishing")
    assert found.data["share"] == {"0": 0.0, "1": 1.0}


def test_weights_without_a_place():
    def two(y_true, y_pred):
        return y_pred - y_true, np.ones_like(y_pred)

    found = only_failure(check(two), "weights")
    assert found.data == {"taken": False}
    assert check(two, weighted=False).passed


def ignoring(preds, data):
    return preds - data.get_label(), np.ones_like(preds)


def test_weights_ignored():
    found = only_failure(check(ignoring), "weights")
    assert found.data["ignored"] == [True, True]
    assert "ignored in the gradient and the Hessian" in found.finding


def test_weights_in_one_of_both():
    def one(y_true, y_pred, sample_weight=None):
        g, h = squared(y_true, y_pred)
        return (g if sample_weight is None else sample_weight * g), h

    found = only_failure(check(one), "weights")
    assert found.data["right"] == [True, False]
    assert "not applied as a factor in the Hessian" in found.finding


def test_normalised_weights_are_a_warning():
    def normalised(y_true, y_pred, sample_weight=None):
        w = None if sample_weight is None else 10 * sample_weight
        return squared(y_true, y_pred, w)

    report = check(normalised)
    assert report.passed
    assert report["weights"].status == "warning"
    assert "10 times" in report["weights"].finding


def test_absent_weights_of_one_library():
    """None in LightGBM, an empty array in XGBoost: the product with either fails."""

    def careless(preds, data):
        w = data.get_weight()
        return w * (preds - data.get_label()), w * np.ones_like(preds)

    report = check(careless)
    assert report["doors"].status == "warning"
    assert "raises without weights" in report["doors"].data["lightgbm.train"]

    def third(y_true, y_pred, delta=1.0):
        r = y_pred - y_true
        return np.clip(r, -delta, delta), np.ones_like(r)

    report = check(third, weighted=False)
    assert report["doors"].status == "warning"
    assert "raises without weights" in report["doors"].data["lightgbm's estimators"]
    assert report["doors"].data["xgboost's estimators"].startswith("fits; raises where")


@pytest.mark.parametrize("signature", ["train", "sklearn"])
def test_mutation(signature):
    def edits(y_true, y_pred, sample_weight=None):
        w = 1.0 if sample_weight is None else sample_weight
        y_pred -= y_true
        return w * y_pred, w * np.ones_like(y_pred)

    def edits_in_train(preds, data):
        w = data.get_weight()
        return edits(data.get_label(), preds, None if w is None or len(w) == 0 else w)

    found = only_failure(check(edits if signature == "sklearn" else edits_in_train), "mutation")
    assert found.data["changed"] == ["predictions"]


def test_mutation_of_labels():
    def edits(preds, data):
        y = data.get_label()
        y -= preds
        return -y, np.ones_like(y)

    found = only_failure(check(edits, weighted=False), "mutation")
    assert found.data["changed"] == ["labels"]


def test_views_of_the_arguments():
    def view(y_true, y_pred, sample_weight=None):
        h = y_true if sample_weight is None else sample_weight * y_true
        return h * (y_pred - np.log(y_true)), h

    report = check(view, task="positive")
    assert report.passed
    assert report["mutation"].status == "warning"
    assert report["mutation"].data["views"] == ["labels"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (lambda a: a.astype(np.float16), "float16"),
        (lambda a: a.astype(">f8"), "foreign byte order"),
        (lambda a: a.astype(object), "object"),
        (lambda a: np.rint(a).astype(int), "decimals are cut off"),
    ],
)
def test_types_that_are_garbled(kind, said):
    found = check(changed(kind, kind))["dtype"]
    assert found.status == "failure"
    assert said in found.finding


def test_lists_and_series():
    found = only_failure(check(changed(lambda g: g.tolist())), "dtype")
    assert found.data["gradient"] == "list"
    pandas = pytest.importorskip("pandas")
    found = only_failure(check(changed(pandas.Series, pandas.Series)), "dtype")
    assert found.data == {"gradient": "Series", "Hessian": "Series"}


def test_shapes():
    found = check(changed(hessian=lambda h: 1.0), weighted=False)
    assert found["shape"].status == found["dtype"].status == "failure"
    assert found["shape"].data["results"] == [[400], []]
    column = check(changed(lambda g: g[:, None], lambda h: h[:, None]))
    assert column["shape"].status == "warning"
    found = only_failure(check(changed(lambda g: g[:-1])), "call")
    assert "shape (191,) for predictions of (192,)" in found.finding


@pytest.mark.parametrize(("order", "wrong"), [("C", "LightGBM"), ("F", "XGBoost")])
def test_flat_results_of_several_classes(order, wrong):
    def flat(a):
        return a.ravel(order=order)

    found = check(changed(flat, flat, of=multinomial), task="multiclass")["shape"]
    assert found.status == "failure"
    assert f"silently wrong in {wrong}" in found.finding


def test_hidden_state():
    class Counting:
        calls = 0

        def __call__(self, y_true, y_pred, sample_weight=None):
            self.calls += 1
            g, h = squared(y_true, y_pred, sample_weight)
            return g * (1 + 1e-3 * self.calls), h

    assert "determinism" in names(check(Counting()).failures)

    class Remembering:
        scale = None

        def __call__(self, y_true, y_pred, sample_weight=None):
            self.scale, last = np.std(y_pred - y_true), self.scale or 1.0
            return squared(y_true, y_pred, sample_weight)[0] / last, np.ones_like(y_pred)

    found = check(Remembering(), weighted=False)["determinism"]
    assert found.status == "failure"
    assert found.data["difference"] > 0


def test_divided_by_the_number_of_rows():
    def mean(y_true, y_pred):
        n = len(y_true)
        return (y_pred - y_true) / n, np.full_like(y_pred, 1 / n)

    report = check_objective(mean, weighted=False)
    assert names(report.failures) == {"rows", "xgboost"}
    assert report["rows"].data["ratio_of_gradient"] == pytest.approx(0.5)
    assert report["xgboost"].data["1"]["splits"] == 0
    assert report["lightgbm"].data["1"]["splits"] == 10


def test_closed_over_rows():
    def made(n):
        offset = np.linspace(0, 1, n)

        def closed(y_true, y_pred):
            if len(y_true) == n:
                return y_pred - y_true + 0 * offset, np.ones_like(y_pred)
            return y_pred[: n // 2] - y_true[: n // 2] + offset[: n // 2], np.ones(n // 2)

        return closed

    report = check(made(400), weighted=False)
    assert not report.passed  # the probe has another number of rows: it can't even be called
    assert "192" in report["call"].finding


def test_non_finite_at_the_extremes():
    def naive(y_true, y_pred, sample_weight=None):
        w = 1.0 if sample_weight is None else sample_weight
        r = y_pred - y_true
        e, f = np.exp(r), np.exp(-r)
        t = (e - f) / (e + f)
        return w * t, w * np.divide(t, r, out=np.ones_like(r), where=r != 0)

    found = only_failure(check(naive, value=lambda y, p: np.logaddexp(p - y, y - p)), "finite")
    assert found.data["found"][0]["size"] == 100.0  # the first beyond log(float32 max) = 88
    assert "nan" in found.finding
    report = check(naive, value=lambda y, p: np.logaddexp(p - y, y - p))
    assert report["warnings"].status == "note"
    assert "overflow" in report["warnings"].finding


def test_hessian_asked_to_be_exact():
    twice = changed(hessian=lambda h: 2 * h)
    assert check(twice).passed
    found = only_failure(check(twice, hessian="exact"), "hessian")
    assert found.data["above"] == found.data["compared"] > 150
    low = check(changed(hessian=lambda h: 0.3 * h))["hessian"]
    assert low.status == "warning"
    assert low.data["below_half"] == low.data["compared"]


def test_integers_and_constants_learn_nothing():
    found = only_failure(check(changed(lambda g: 0 * g)), "direction")
    assert "0 everywhere" in found.finding
    found = only_failure(check(changed(np.ones_like), weighted=False), "direction")
    assert found.data == {"that are too high": 0.0, "that are too low": 1.0}


def test_copies():
    scale = 1.0

    def closure(y_true, y_pred, sample_weight=None):
        g, h = squared(y_true, y_pred, sample_weight)
        return scale * g, h

    report = check(closure)
    assert report.passed
    assert names(report.warnings) == {"pickling"}
    assert check(squared)["pickling"].status == "ok"

    class Locked:
        def __call__(self, y_true, y_pred, sample_weight=None):
            return squared(y_true, y_pred, sample_weight)

        def __deepcopy__(self, memo):
            raise TypeError("no copies")

    found = only_failure(check(Locked()), "pickling")
    assert "no copies" in found.finding


@pytest.mark.parametrize("signature", ["auto", "train", "sklearn"])
def test_raising(signature):
    def raises(y_true, y_pred):
        raise KeyError("margin")

    report = check(raises, signature=signature)
    found = only_failure(report, "call")
    assert "KeyError: 'margin' (test_testing.py, line" in found.finding
    assert len(report.checks) == 1


def test_raising_now_and_then_is_a_finding_of_the_check_it_happens_in():
    def picky(y_true, y_pred, sample_weight=None):
        if np.abs(y_pred).max() > 1e6:
            raise OverflowError("too large")
        return squared(y_true, y_pred, sample_weight)

    report = check(picky)
    assert report.passed
    assert names(report.warnings) == {"pickling", "finite"}
    assert "OverflowError" in report["finite"].finding
    found = check(lambda y, p: (p - y, None))
    assert "returned None" in found["call"].finding


def test_a_value_that_raises_or_returns_something_else():
    def value(y_true, y_pred):
        raise ZeroDivisionError("of value")

    found = only_failure(check(squared, value=value), "gradient")
    assert "ZeroDivisionError: of value" in found.finding
    found = only_failure(check(squared, value=lambda y, p: np.ones(3)), "gradient")
    assert "shape (3,)" in found.finding


@pytest.mark.parametrize("reduce", [np.sum, np.mean, np.asarray])
def test_values_of_rows_sums_and_means(reduce):
    found = check(squared, value=lambda y, p: reduce(squared_value(y, p)))["gradient"]
    assert found.status == "ok"
    assert found.data["compared"] == 192


def test_values_that_are_no_sum_over_rows():
    """Squared mean residual: each row's slope depends on all rows."""

    def coupled(y_true, y_pred, sample_weight=None):
        g, h = squared(y_true, y_pred, sample_weight)
        return g + np.mean(y_pred - y_true), h + 1

    def value(y_true, y_pred):
        r = y_pred - y_true
        return np.mean(r**2) / 2 + np.mean(r) ** 2 / 2

    report = check(coupled, value=value, weighted=False)
    assert report.passed, str(report)
    assert report["gradient"].data["compared"] > 90  # rounding of the total hides the smallest
    assert report["rows"].status == "note"
    wrong = changed(lambda g: 1.5 * g, of=coupled)
    assert check(wrong, value=value, weighted=False)["gradient"].data["factor"] == pytest.approx(
        1.5
    )


def test_signature_is_found_by_trying_and_told():
    def misnamed(y_true, y_pred):
        return y_true - y_pred.get_label(), np.ones_like(y_true)

    report = check(misnamed)
    assert report["doors"].data["xgboost.train"] == "fits"
    assert report["doors"].data["xgboost's estimators"] == "another signature"
    assert "Called as f(preds, data)" in report.assumed

    def swapped(y_pred, y_true, sample_weight=None):
        return squared(y_true, y_pred, sample_weight)

    assert names(check(swapped).failures) == {"direction"}
    assert "order of the arguments" in check(swapped)["direction"].advice


def test_objectives_that_ask_for_the_libraries_own_data():
    def strict(preds, data):
        import lightgbm

        assert isinstance(data, lightgbm.Dataset)
        return preds - data.get_label(), np.ones_like(preds)

    report = check_objective(strict, weighted=False)
    assert report["doors"].data["lightgbm.train"] == "fits"
    assert report["doors"].data["xgboost.train"].startswith("raises: AssertionError")
    assert report["lightgbm"].status == "ok"


def test_own_data():
    """Relative error in the response: only for labels above 0, which the user brings."""

    def relative(y_true, y_pred, sample_weight=None):
        w = 1.0 if sample_weight is None else sample_weight
        return w * (y_pred - y_true) / y_true**2, w / y_true**2

    def value(y_true, y_pred):
        return ((y_pred - y_true) / y_true) ** 2 / 2

    y = np.random.default_rng(0).uniform(1, 2, 300)
    report = check(relative, value=value, y_true=y, hessian="exact")
    assert report["gradient"].status == report["hessian"].status == "ok"
    report = check(relative, value=value, y_true=y, raw_prediction=1.1 * y, hessian="exact")
    assert report["gradient"].data["compared"] == 300
    assert "your data" in report.assumed


def test_report_as_data_and_text():
    report = check_objective(changed(lambda g: -g), value=squared_value)
    rows = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert [row["name"] for row in rows] == [check.name for check in report.checks]
    assert rows[7] == {**report["gradient"].to_dict(), "data": rows[7]["data"]}
    assert rows[7]["data"]["factor"] == pytest.approx(-1)
    text = str(report)
    assert max(map(len, text.splitlines())) <= 100
    assert text.index("FAILURE  gradient") < text.index("ok      shape")
    assert f"FAILED: {len(report.failures)} failures" in text
    with pytest.raises(KeyError, match="checks made"):
        report["no such check"]
    infinite = check(changed(lambda g: g * np.inf))
    json.dumps(infinite.to_dict(), allow_nan=False)


def test_raise_on_failure():
    with pytest.raises(ObjectiveCheckError, match="direction") as caught:
        check(changed(lambda g: -g), raise_on_failure=True)
    assert not caught.value.report.passed
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert check(squared, raise_on_failure=True).passed


def test_deterministic_silent_and_without_side_effects(capfd):
    np.random.seed(3)  # noqa: NPY002 - the global state is what must not change
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    settings = np.geterr()

    def noisy(y_true, y_pred, sample_weight=None):
        warnings.warn("look out", stacklevel=1)
        return squared(y_true, y_pred, sample_weight)

    first, second = (str(check_objective(noisy)) for _ in range(2))
    assert first == second
    assert "UserWarning: look out" in first
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    assert np.geterr() == settings
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"task": "ranking"}, ValueError, "task: 'ranking'; needed: one of regression, binary"),
        ({"signature": "xgb"}, ValueError, "signature: 'xgb'; needed: one of auto, train"),
        ({"hessian": "gauss"}, ValueError, "hessian: 'gauss'; needed"),
        ({"value": 3}, TypeError, "value: a int; needed: a function"),
        ({"n_classes": 1}, ValueError, "n_classes: 1; needed: a whole number >= 2"),
        ({"start": np.nan}, ValueError, "start: nan; needed"),
        ({"y_true": [1.0]}, ValueError, "y_true: shape (1,); needed"),
        ({"y_true": [np.nan] * 9}, ValueError, "y_true: NaN or inf in 9 of 9 rows"),
        ({"y_true": [3] * 9}, ValueError, "y_true: the constant 3; needed: labels that differ"),
        ({"raw_prediction": [1.0]}, ValueError, "raw_prediction: predictions without labels"),
        (
            {"y_true": np.arange(9), "raw_prediction": np.ones(8)},
            ValueError,
            "raw_prediction: shape (8,); needed: shape (9,)",
        ),
    ],
)
def test_wrong_arguments(options, error, said):
    with pytest.raises(error) as caught:
        check_objective(squared, **options)
    assert str(caught.value).startswith(said)


def test_what_is_no_function():
    with pytest.raises(TypeError, match="function: a str; needed: an objective"):
        check_objective("reg:squarederror")


def test_libraries_that_are_not_installed(monkeypatch):
    monkeypatch.setattr("gbm_objectives.testing._trees.find_spec", lambda name: None)
    report = check_objective(squared)
    assert report.passed
    assert report["xgboost"].status == report["lightgbm"].status == "skipped"
    assert "XGBoost is not installed" in report["xgboost"].finding


def test_derivatives_know_their_error():
    """Smooth, rounded and kinked functions: the error estimate covers the truth."""
    r = np.geomspace(1e-6, 1e3, 200).astype(np.float32).astype(float)
    for function, exact in [
        (np.square, 2 * r),
        (lambda x: np.logaddexp(x, -x) - np.log(2), np.tanh(r)),
        (
            lambda x: np.tanh(x).astype(np.float32).astype(float),
            1 / np.cosh(np.minimum(r, 300)) ** 2,
        ),
        (np.abs, np.ones_like(r)),
    ]:
        found, error = derivative(function, r, r / 4, single=True)
        assert (np.abs(found - exact) <= 20 * error + 1e-6 * np.abs(exact)).all()
    assert (derivative(np.square, r, r / 4)[1] < 1e-4 * r).all()
    at_the_kink = derivative(np.abs, np.zeros(1), np.ones(1))
    assert at_the_kink[1] > 0.5
