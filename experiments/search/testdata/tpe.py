"""Writes tpe.json: logarithms of Optuna's Parzen densities at random points.

    pip install optuna; python3 tpe.py
"""
import json
import os

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters

here = os.path.dirname(os.path.abspath(__file__))
parameters = _ParzenEstimatorParameters(
    prior_weight=1.0, consider_magic_clip=True, consider_endpoints=False, weights=lambda n: np.ones(n), multivariate=True)
rng = np.random.default_rng(7)
cases = []
for space in [[0], [3], [0, 0, 0], [0, 4, 0, 2]]:
    for n in [0, 1, 2, 5, 40]:
        distributions = {str(k): CategoricalDistribution(list(range(c))) if c else FloatDistribution(0, 1) for k, c in enumerate(space)}

        def points(m):  # coordinates of a category lie in the middle of its part
            return np.array([[(rng.integers(c) + 0.5) / c if c else rng.random() for c in space] for _ in range(m)]).reshape(m, len(space))

        def internal(x):
            return {str(k): np.floor(x[:, k] * c) if c else x[:, k] for k, c in enumerate(space)}

        seen, asked = points(n), points(6)
        density = _ParzenEstimator(internal(seen), distributions, parameters).log_pdf(internal(asked))
        cases.append({"space": space, "seen": seen.tolist(), "asked": asked.tolist(), "log_density": density.tolist()})
with open(os.path.join(here, "tpe.json"), "w") as f:
    json.dump({"optuna": optuna.__version__, "cases": cases}, f)
