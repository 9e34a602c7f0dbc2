"""A table of rows: what a loss uses of each row stays with it, at every door, as if it had been given by hand."""

import pickle
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import sklearn
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

import gbm_objectives.lightgbm
import gbm_objectives.xgboost
from gbm_objectives import TrainingWarning, huber, mean_bias_error, metrics, poisson
from gbm_objectives._core.frozen import FrozenArray
from gbm_objectives.losses import HasColumns, HasMajorizer
from gbm_objectives.objective import Objective
from gbm_objectives.sklearn import ObjectiveRegressor
from gbm_objectives.testing import check_objective

RNG = np.random.default_rng(0)
N, TRAIN = 240, 180
X = RNG.standard_normal((N, 3)).astype(np.float32)
Y = (2 * X[:, 0] + X[:, 1] * X[:, 2] + RNG.standard_normal(N)).astype(np.float32)
OVER, UNDER = RNG.uniform(0.5, 3, (2, N))
GROUP = np.where(X[:, 1] > 0, "east", "west")
W = RNG.uniform(0.2, 2, N).astype(np.float32)
ROWS = np.arange(N)
XGB = {"max_depth": 2, "eta": 0.3, "subsample": 0.7, "seed": 3, "nthread": 1}
LGB = {
    "num_leaves": 4, "learning_rate": 0.3, "min_data_in_leaf": 5, "bagging_fraction": 0.7, "bagging_freq": 1,
    "seed": 3, "num_threads": 1, "verbosity": -1,
}  # fmt: skip
libraries = pytest.mark.parametrize("library", ["xgboost", "lightgbm"])


@dataclass(frozen=True, slots=True)
class Costly(HasColumns, HasMajorizer):
    """c r^2/2, the cost c of a row being another one above its label than below."""

    over: FrozenArray | None = None
    under: FrozenArray | None = None

    columns = ("over", "under")
    name = "costly"

    def _cost(self, y_true, raw_prediction):
        above = raw_prediction > y_true
        cost = np.where(above, self.column("over"), self.column("under"))
        return cost.astype(raw_prediction.dtype)

    def value(self, y_true, raw_prediction):
        return 0.5 * self._cost(y_true, raw_prediction) * (raw_prediction - y_true) ** 2

    def gradient(self, y_true, raw_prediction):
        return self._cost(y_true, raw_prediction) * (raw_prediction - y_true)

    def majorizer(self, y_true, raw_prediction):
        return np.maximum(self.column("over"), self.column("under")) + 0 * raw_prediction

    def intercept(self, y_true, sample_weight):
        return float(np.average(y_true, weights=sample_weight))


def costly(rows=None):
    """By hand, of these rows; None: of no rows yet."""
    if rows is None:
        return Objective.of(Costly())
    return Objective.of(Costly(OVER[rows], UNDER[rows]))


def biased(rows=None):
    groups = None if rows is None else GROUP[rows]
    return huber() + mean_bias_error(1.0, groups=groups)


KINDS = {
    "costly": (costly, {"over": OVER, "under": UNDER}),
    "biased": (biased, {"groups": GROUP}),
}
kinds = pytest.mark.parametrize("kind", sorted(KINDS))


def train(
    library, objective, y, rows=slice(0, TRAIN), valid=None, rounds=20, part=None, **xgb_params
):
    """With weights, subsampling and early stopping by a metric of ours."""
    if library == "xgboost":
        data = xgb.DMatrix(X[rows], y[rows], weight=W[rows])
        evals = [] if valid is None else [(xgb.DMatrix(X[valid], y[valid]), "valid")]
        stop = {} if valid is None else {"early_stopping_rounds": 3}
        return gbm_objectives.xgboost.train(
            XGB | xgb_params, data, rounds, objective=objective, custom_metric=metrics.mae(),
            evals=evals, verbose_eval=False, **stop,
        )  # fmt: skip
    data = part or lgb.Dataset(X[rows], y[rows], weight=W[rows])
    sets = [] if valid is None else [lgb.Dataset(X[valid], y[valid], reference=data)]
    stop = [] if valid is None else [lgb.early_stopping(3, verbose=False)]
    return gbm_objectives.lightgbm.train(
        LGB, data, rounds, objective=objective, feval=metrics.mae(), valid_sets=sets,
        callbacks=stop,
    )  # fmt: skip


def predict(library, booster):
    return booster.predict(xgb.DMatrix(X) if library == "xgboost" else X)


@kinds
def test_rows_by_hand(kind):
    """Any rows in any order, in both signatures; labels, columns and weights of the same rows."""
    make, columns = KINDS[kind]
    table = make().with_rows(targets=Y, **columns)
    some = RNG.permutation(N)[:50]
    raw = RNG.standard_normal(50)
    wanted = make(some)
    for found, right in zip(table(some, raw, W[some]), wanted(Y[some], raw, W[some]), strict=True):
        assert_array_equal(found, right)
    assert table.value(some, raw, W[some]) == wanted.value(Y[some], raw, W[some])
    assert table.intercept(some, W[some]) == wanted.intercept(Y[some], W[some])
    frame = pd.DataFrame({"y": Y, **columns})
    assert make().with_rows(frame) == table == make(ROWS).with_rows(Y)
    for same in (pickle.loads(pickle.dumps(table)), clone(table, safe=False)):
        assert same == table
        assert hash(same) == hash(table)
    assert check_objective(table, train=False)["targets"].status == "ok"


@libraries
@kinds
def test_training(library, kind):
    """Evaluation sets, early stopping, subsampling, weights; a metric of the penalty on rows never trained on."""
    make, columns = KINDS[kind]
    table = make().with_rows(Y, **columns)
    valid = slice(TRAIN, N)
    found = train(library, table, ROWS, valid=valid, rounds=60)
    wanted = train(library, make(slice(0, TRAIN)), Y, valid=valid, rounds=60)
    assert found.best_iteration == wanted.best_iteration < 58
    assert_allclose(predict(library, found), predict(library, wanted), rtol=1e-6, atol=1e-6)
    raw = np.zeros(N - TRAIN)
    assert table.metric(ROWS[valid], raw) > 0


@libraries
@kinds
def test_folds(library, kind):
    """With the table, and by hand: `cv` numbers the rows itself, and leaves the data as it was."""
    make, columns = KINDS[kind]
    folds = list(KFold(3, shuffle=True, random_state=0).split(X))
    whole = lgb.Dataset(X, Y, weight=W, free_raw_data=False, params={"min_data_in_leaf": 5})
    # In 3.2 and before the boosters of all folds draw their samples from one stream.
    drawn = {} if tuple(map(int, xgb.__version__.split(".")[:2])) >= (3, 4) else {"subsample": 1.0}
    wanted = []
    for rows, test in folds:
        part = whole.construct().subset(rows) if library == "lightgbm" else None
        raw = predict(library, train(library, make(rows), Y, rows, rounds=8, part=part, **drawn))
        wanted.append(np.average(np.abs(raw[test] - Y[test]), weights=W[test]))
    for objective, y in ((make().with_rows(Y, **columns), ROWS), (make(ROWS), Y)):
        given = {"objective": objective, "folds": folds}
        if library == "xgboost":
            data = xgb.DMatrix(X, y, weight=W)
            found = gbm_objectives.xgboost.cv(
                XGB | drawn, data, 8, custom_metric=[_mae, MAE], **given
            )
            found = {name: found[f"test-{name}-mean"].iloc[-1] for name in ("mae", "own")}
        else:
            data = lgb.Dataset(X, y, weight=W)
            found = gbm_objectives.lightgbm.cv(LGB, data, 8, feval=[_mae, MAE], **given)
            found = {name: found[f"valid {name}-mean"][-1] for name in ("mae", "own")}
        assert_array_equal(data.get_label(), y)
        assert_allclose(found["mae"], np.mean(wanted), atol=1e-6)
        if y is Y:  # the user does not know of the numbers
            assert_allclose(found["own"], found["mae"], atol=1e-6)


MAE = metrics.mae()


def _mae(preds, data):
    """A user's metric of labels that `cv` has numbered."""
    value = float(np.average(np.abs(preds - data.get_label()), weights=data.get_weight()))
    return ("own", value, False) if hasattr(data, "get_init_score") else ("own", value)


def model(library):
    """An estimator that draws no samples."""
    if library == "xgboost":
        return xgb.XGBRegressor(n_estimators=8, max_depth=2, n_jobs=1)
    return lgb.LGBMRegressor(n_estimators=8, num_leaves=4, n_jobs=1, verbosity=-1)


@libraries
def test_estimators(library):
    """Columns are arguments of fit, a search hands on those of each fold; the estimator numbers the rows."""
    columns = {"over": OVER, "under": UNDER}
    search = GridSearchCV(
        ObjectiveRegressor(model(library), costly()),
        {"objective__clip": [None, (0.0, 1.0)]},
        cv=KFold(3),
    ).fit(X, Y, **columns)
    for clip, found in zip((None, (0.0, 1.0)), search.cv_results_["mean_test_score"], strict=True):
        scores = []
        for rows, test in KFold(3).split(X):
            by_hand = costly(rows).with_parameters(clip=clip)
            alone = ObjectiveRegressor(model(library), by_hand).fit(X[rows], Y[rows])
            scores.append(alone.score(X[test], Y[test]))
        assert_allclose(found, np.mean(scores), atol=1e-6)
    numbered = GridSearchCV(
        ObjectiveRegressor(model(library), costly().with_rows(Y, **columns)),
        {"objective__clip": [None]}, cv=KFold(3),
    ).fit(X, ROWS)  # fmt: skip
    best = search.cv_results_["mean_test_score"][0]
    assert_allclose(numbered.best_score_, best, atol=1e-6)


@libraries
def test_evaluation_sets_of_estimators(library):
    fitted = ObjectiveRegressor(model(library), biased())
    rest = slice(TRAIN, N)
    given = {
        "eval_set": [(X[:TRAIN], Y[:TRAIN]), (X[rest], Y[rest])],
        "groups": GROUP[:TRAIN],
        "eval_rows": [{"groups": GROUP[:TRAIN]}, {"groups": GROUP[rest]}],
    }
    quiet = {"verbose": False} if library == "xgboost" else {}
    fitted.fit(X[:TRAIN], Y[:TRAIN], **given, **quiet)
    history = fitted.estimator_.evals_result_
    last = list(history.values())[1]["huber+mean_bias_penalty"][-1]
    table = biased().with_rows(Y, groups=GROUP)
    raw = fitted.predict(X[rest])
    assert_allclose(last, float(table.metric(ROWS[rest], raw)), rtol=1e-5)
    by_hand = ObjectiveRegressor(model(library), biased(slice(0, TRAIN))).fit(X[:TRAIN], Y[:TRAIN])
    assert_allclose(fitted.predict(X), by_hand.predict(X), atol=1e-6)
    with pytest.raises(ValueError, match="groups: none of evaluation set 1; needed"):
        fitted.fit(X[:TRAIN], Y[:TRAIN], **{**given, "eval_rows": [given["eval_rows"][0], None]})
    with pytest.raises(ValueError, match="eval_rows: 1 for 2 evaluation sets"):
        fitted.fit(X[:TRAIN], Y[:TRAIN], **{**given, "eval_rows": [{}]})


def test_groups_are_routed():
    """Without routing scikit-learn gives groups to the splitter alone."""
    with sklearn.config_context(enable_metadata_routing=True):
        fitted = ObjectiveRegressor(model("xgboost"), biased()).set_fit_request(groups=True)
        search = GridSearchCV(fitted, {"objective__penalty": [20.0]}, cv=3)
        search.fit(X, Y, groups=GROUP)
    objective = huber() + mean_bias_error(20.0, groups=GROUP)
    wanted = ObjectiveRegressor(model("xgboost"), objective).fit(X, Y)
    assert_allclose(search.predict(X), wanted.predict(X), atol=1e-6)


@libraries
def test_plain_doors(library):
    """The libraries' own functions and estimators, which know nothing of tables."""
    table = costly().with_rows(Y, over=OVER, under=UNDER)
    by_hand = costly(ROWS)
    found = []
    for objective, y in ((table, ROWS), (by_hand, Y)):
        if library == "xgboost":
            params = {**XGB, "base_score": 0.0}
            booster = xgb.train(params, xgb.DMatrix(X, y, weight=W), 8, obj=objective)
            fitted = xgb.XGBRegressor(objective=objective, n_estimators=8, base_score=0.0, n_jobs=1)
        else:
            params = {**LGB, "objective": objective}
            booster = lgb.train(params, lgb.Dataset(X, y, weight=W), 8)
            fitted = lgb.LGBMRegressor(objective=objective, n_estimators=8, n_jobs=1, verbosity=-1)
        fitted.fit(X, y, sample_weight=W)
        found.append((predict(library, booster), fitted.predict(X)))
    for one, other in zip(*found, strict=True):
        assert_allclose(one, other, rtol=1e-6, atol=1e-6)


@libraries
def test_exposure(library):
    """A Poisson rate by exposure is the rate y/e with weight e; the intercept is known, and the metric is of counts."""
    exposure = RNG.uniform(0.2, 5, N)
    counts = RNG.poisson(exposure * np.exp(0.5 * X[:, 0])).astype(float)
    objective = poisson().with_rows(counts, exposure=exposure)
    assert_allclose(objective.intercept(ROWS), np.log(counts.sum() / exposure.sum()), rtol=1e-6)
    fitted = ObjectiveRegressor(model(library), poisson()).fit(X, counts, exposure=exposure)
    rates = ObjectiveRegressor(model(library), poisson()).fit(
        X, counts / exposure, sample_weight=exposure
    )
    assert_allclose(fitted.predict(X), rates.predict(X), rtol=1e-3)
    amounts = exposure * fitted.predict(X)
    r2 = 1 - ((counts - amounts) ** 2).sum() / ((counts - counts.mean()) ** 2).sum()
    assert_allclose(fitted.score(X, counts, exposure=exposure), r2)
    raw = fitted.raw_prediction(X)
    wanted = metrics.poisson_deviance()(counts, exposure * np.exp(raw))
    (bound,) = gbm_objectives._training.metrics.bound([metrics.poisson_deviance()], objective)
    assert_allclose(float(bound(ROWS, raw)), float(wanted), rtol=1e-5)
    assert_allclose(
        float(objective.metric(ROWS, raw)),
        float(poisson().metric(counts, raw + np.log(exposure))),
        rtol=1e-5,
    )


@libraries
def test_labels_in_the_place_of_row_numbers(library):
    """Class codes are row numbers of any table: the model would be of a few rows."""
    table = huber().with_rows(np.round(np.abs(Y)))
    with pytest.warns(
        TrainingWarning, match=r"180 rows have \d different ones. Are they the labels"
    ):
        train(library, table, np.round(np.abs(Y)), rounds=1)


ONE = costly().with_rows(Y, over=OVER, under=UNDER)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: costly()(Y, Y), "over, under: nothing, where costly uses it; needed: a value for each row. Write"),
        (lambda: costly().with_rows(Y, over=OVER)(ROWS, Y), "under: nothing"),
        (lambda: costly().with_rows(Y, over=OVER[1:]), "over, under: 239 rows beside 240 of targets"),
        (lambda: costly().with_rows(Y, over=OVER[1:], under=UNDER), "columns: over of 239 rows, under of 240"),
        (lambda: costly().with_rows(Y, over=np.where(ROWS == 7, np.nan, OVER)), "over: NaN or inf in 1 of 240"),
        (lambda: costly().with_rows(Y, groups=GROUP), "groups: a column that costly has no use for; needed: one of"),
        (lambda: huber().with_rows(Y, cost=OVER), "cost: a column that huber has no use for; needed: no columns"),
        (lambda: huber().with_rows(Y, exposure=OVER), "exposure: a column for huber, whose link is no logarithm"),
        (lambda: poisson().with_rows(ROWS, exposure=-OVER), "exposure: a number that is not above 0 in 240 of"),
        (lambda: poisson().with_rows(ROWS, exposure=OVER[1:]), "exposure: shape"),
        (lambda: huber().with_rows(np.where(ROWS == 3, np.nan, Y)), r"targets: no label \(NaN\) in 1 of 240 rows, first"),
        (lambda: huber().with_rows(np.where(ROWS == 3, np.inf, Y)), "targets: inf in 1 of"),
        (lambda: huber().with_rows([[[1.0]]]), "targets: shape"),
        (lambda: huber().with_rows(np.broadcast_to(np.float32(0), (1 << 24) + 1)), "at most 16777216"),
        (lambda: biased().with_rows(Y, groups=np.where(ROWS == 3, None, GROUP)), "labels that NumPy can't sort"),
        (lambda: ONE([0, 0.5, 2], Y[:3]), "a label that is no row number in 1 of 3"),
        (lambda: ONE([0, N, np.nan], Y[:3]), "a label that is no row number in 2 of 3"),
        (lambda: ONE([-1, 1, 2], Y[:3]), "row numbers of targets, 0..239"),
        (lambda: ONE + huber().with_rows(Y + 1), "two tables in a sum"),
        (lambda: ObjectiveRegressor(model("xgboost"), ONE).fit(X, ROWS, over=OVER), "beside an objective with a table"),
        (lambda: ObjectiveRegressor(model("xgboost"), costly()).fit(X, Y, over=OVER[1:], under=UNDER), "over: shape"),
        (lambda: ObjectiveRegressor(model("xgboost"), huber()).fit(X, Y, cost=OVER), "cost: a column that huber"),
        (lambda: ObjectiveRegressor(model("xgboost"), biased()).fit(X, Y, eval_rows=[{}]), "eval_rows: rows of"),
    ],
)  # fmt: skip
def test_refused(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()
