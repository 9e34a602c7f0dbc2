"""Candidates that XGBoost trains."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from gbm_objectives._core.validation import Array
from gbm_objectives.compare.candidates.boosted import Boosted, Training, response_of
from gbm_objectives.compare.candidates.functions import Plain
from gbm_objectives.links import LOGIT, SOFTMAX, Columns, Cumulative, Sorted
from gbm_objectives.objective import Objective


class XGBoost(Boosted):
    """Trees of XGBoost, the same for every objective: its defaults but for ``trees``."""

    __slots__ = ()
    trees: ClassVar = {"eta": 0.1, "max_depth": 4}

    @override
    def train(self, job: Training) -> tuple[Callable[[int], Array], int]:
        import xgboost

        params, settings, stop, valid = job.params, job.settings, job.stop, job.valid
        types = ["c" if i in job.categorical else "q" for i in range(job.x.shape[1])]

        class Clock(xgboost.callback.TrainingCallback):
            def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
                job.times.append(perf_counter() - started)
                return False

        def matrix(x: Array, y: Array | None = None) -> xgboost.DMatrix:
            return xgboost.DMatrix(
                x, y, nthread=settings.threads, feature_types=types, enable_categorical=True
            )

        started = perf_counter()
        params["nthread"] = settings.threads
        arguments: dict[str, Any] = {"callbacks": [Clock()], "verbose_eval": False}
        data, test = matrix(job.x, job.y), matrix(job.x_test)
        matrices = [data, test]
        if valid is not None:
            matrices.append(matrix(*valid))
            params["disable_default_eval_metric"] = True
            arguments["evals"] = [(matrices[-1], "valid")]
            arguments["custom_metric"] = stop.of
            early = xgboost.callback.EarlyStopping(
                rounds=stop.patience, metric_name="stop", data_name="valid", maximize=stop.maximize
            )
            arguments["callbacks"].append(early)
        ours = self.objective
        if isinstance(ours, Objective):
            from gbm_objectives.xgboost import train as train_ours

            booster = train_ours(
                params,
                data,
                settings.rounds,
                objective=ours,
                leaves=settings.leaves,
                **arguments,
            )
        elif isinstance(ours, Plain):
            callback, start = ours.begun(job.y, params.get("num_class", 0), "xgboost")
            for one in matrices:
                one.set_base_margin(np.tile(start, (one.num_row(), 1)))
            arguments["obj"] = lambda preds, data: callback(data.get_label(), preds)
            booster = xgboost.train(params, data, settings.rounds, **arguments)
        else:
            booster = xgboost.train(
                params | {"objective": ours}, data, settings.rounds, **arguments
            )
        rounds = booster.num_boosted_rounds() if valid is None else booster.best_iteration + 1

        def scores(rows: xgboost.DMatrix, limit: tuple[int, int]) -> Array:
            raw: Array = booster.predict(rows, output_margin=True, iteration_range=limit)
            return raw

        def predict(trees: int) -> Array:
            # Of the same matrix and more trees than before XGBoost adds the new ones only.
            limit = (0, trees)
            if isinstance(ours, Plain) or (
                isinstance(ours, Objective)
                and (
                    ours.link in (LOGIT, SOFTMAX)
                    or isinstance(ours.link, (Sorted, Cumulative, Columns))
                )
            ):
                raw = scores(test, limit)
                return response_of(ours, raw, lambda: (job.y, scores(data, limit)))
            found: Array = booster.predict(test, iteration_range=limit)
            return found

        if isinstance(ours, Plain):
            callback.warn(predict(rounds))
        return predict, rounds
