"""Candidates that LightGBM trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from gbm_objectives import metrics
from gbm_objectives._core.validation import Array
from gbm_objectives.compare.candidates.boosted import Boosted, Training, proportions, response_of
from gbm_objectives.compare.candidates.functions import Plain
from gbm_objectives.compare.candidates.staged import Staged, link_of
from gbm_objectives.objective import Objective


class LightGBM(Boosted):
    """Trees of LightGBM, the same for every objective: its defaults but for ``trees``."""

    __slots__ = ()
    trees: ClassVar = {"learning_rate": 0.1, "num_leaves": 15}

    @override
    def train(self, job: Training) -> tuple[Callable[[int], Array], int]:
        import lightgbm

        params, settings, stop, valid = job.params, job.settings, job.stop, job.valid

        def clock(_: Any) -> None:
            job.times.append(perf_counter() - started)

        started = perf_counter()
        params |= {
            "num_threads": settings.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
            "metric": "None",
        }
        data = lightgbm.Dataset(job.x, job.y, categorical_feature=list(job.categorical))
        sets = [data]
        arguments: dict[str, Any] = {"callbacks": [clock]}
        if valid is not None and stop.patience is not None:
            sets.append(lightgbm.Dataset(*valid, reference=data))
            arguments["valid_sets"] = sets[1:]
            arguments["feval"] = stop.with_direction
            arguments["callbacks"].append(lightgbm.early_stopping(stop.patience, verbose=False))
        ours, start = self.objective, np.zeros(1)
        if isinstance(ours, Objective):
            from gbm_objectives.lightgbm import train as train_ours

            booster = train_ours(
                params,
                data,
                settings.rounds,
                objective=ours,
                leaves=settings.leaves,
                **arguments,
            )
        elif isinstance(ours, Plain):
            callback, start = ours.begun(job.y, params.get("num_class", 0), "lightgbm")
            data.set_init_score(np.repeat(start, len(job.y)))
            if valid is not None:
                sets[-1].set_init_score(np.repeat(start, len(valid[1])))
            params["objective"] = lambda preds, data: callback(data.get_label(), preds)
            booster = lightgbm.train(params, data, settings.rounds, **arguments)
        else:
            booster = lightgbm.train(
                params | {"objective": ours}, data, settings.rounds, **arguments
            )
        rounds = booster.best_iteration if valid is not None else booster.current_iteration()
        staged = Staged(booster, job.x_test, start, settings.threads)
        trained = Staged(booster, job.x, start, settings.threads)

        def predict(trees: int) -> Array:
            if isinstance(ours, str):
                return proportions(link_of(ours).inverse(staged(trees)))
            return response_of(ours, staged(trees), lambda: (job.y, trained(trees)))

        rounds = rounds or settings.rounds
        if isinstance(ours, Plain):
            callback.warn(predict(rounds))
        return predict, rounds


class LightGBMLevels(LightGBM):
    """LightGBM's own quantile objective has one level: a model for each of several."""

    __slots__ = ()

    @override
    def train(self, job: Training) -> tuple[Callable[[int], Array], int]:
        found, clocks = [], []
        for tau in job.params["alpha"]:
            stop = replace(job.stop, maximize=False, value=metrics.pinball(tau).evaluate)
            times: list[float] = []
            one = replace(job, params={**job.params, "alpha": tau}, stop=stop, times=times)
            found.append(LightGBM.train(self, one))
            clocks.append(times)
        if len(set(map(len, clocks))) == 1:
            job.times.extend(np.sum(clocks, axis=0).tolist())

        def predict(trees: int) -> Array:
            return np.column_stack([own(min(trees, rounds)) for own, rounds in found])

        return predict, max(rounds for _, rounds in found)
