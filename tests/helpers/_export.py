"""What other tools predict from a model: onnxmltools with onnxruntime, treelite, lleaves."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def library_of(model: Any) -> str:
    """Of boosters and estimators alike."""
    return type(model).__module__.partition(".")[0]


def booster_of(model: Any) -> Any:
    """The booster of an estimator; a booster is its own."""
    if hasattr(model, "get_booster"):
        return model.get_booster()
    return getattr(model, "booster_", model)


def predicted(tool: str, model: Any, features: Any) -> Any:
    """The response, (n_samples,) or (n_samples, n_outputs), or the error of the tool."""
    return {"onnxmltools": _onnx, "treelite": _treelite, "lleaves": _lleaves}[tool](model, features)


def _onnx(model: Any, features: Any) -> Any:
    onnxmltools, runtime = pytest.importorskip("onnxmltools"), pytest.importorskip("onnxruntime")
    from onnxmltools.convert.common.data_types import FloatTensorType

    library = library_of(model)
    convert = getattr(onnxmltools, f"convert_{library}")
    options: dict[str, Any] = {"zipmap": False} if library == "lightgbm" else {}
    types = [("features", FloatTensorType([None, features.shape[1]]))]
    converted = convert(model, initial_types=types, **options)
    quiet = runtime.SessionOptions()
    quiet.log_severity_level = 4
    session = runtime.InferenceSession(
        converted.SerializeToString(), quiet, providers=["CPUExecutionProvider"]
    )
    response = session.run(None, {"features": features.astype(np.float32)})[-1]  # after the label
    two_classes = len(session.get_outputs()) == 2 and response.shape[1] == 2
    return response[:, 1] if two_classes else response.squeeze()


def _treelite(model: Any, features: Any) -> Any:
    treelite = pytest.importorskip("treelite")
    library = library_of(model)
    converted = getattr(treelite.frontend, f"from_{library}")(booster_of(model))
    kind = np.float32 if library == "xgboost" else np.float64
    return treelite.gtil.predict(converted, features.astype(kind), nthread=1).squeeze()


def _lleaves(model: Any, features: Any) -> Any:
    return compiled(booster_of(model).model_to_string(), features)


def compiled(text: str, features: Any, **options: Any) -> Any:
    """What lleaves predicts from the text of a model."""
    lleaves = pytest.importorskip("lleaves")
    if not hasattr(pytest.importorskip("llvmlite.binding"), "PassManagerBuilder"):
        pytest.skip("lleaves 1.3 needs an llvmlite before 0.45")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.txt"
        file.write_text(text)
        model = lleaves.Model(model_file=file)
        model.compile(**options)
        return model.predict(features.astype(np.float64), n_jobs=1)
