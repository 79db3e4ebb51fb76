"""Writes summary.json: what SciPy says of samples that stats must agree with.

    pip install scipy && python summary.py > summary.json
"""

import json
import math
import sys

import numpy
import scipy
from scipy import stats

SAMPLES = [
    [83.41, 84.12],
    [83.4, 84.1, 82.9],
    [71.0, 71.0, 71.0],
    [0.0, 100.0],
    [92.31, 91.87, 93.02, 92.65, 92.11],
    [1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4],
    [1e-12, 3e-12, 2e-12],
    [-5.5, 12.25, 3.0, 8.125, -1.0, 0.5, 19.75],
    [float(x) for x in numpy.random.default_rng(11).normal(75, 2, 30)],
]

cases = []
for values in SAMPLES:
    for level in (0.5, 0.9, 0.95, 0.99):
        mean, error = numpy.mean(values), stats.sem(values)
        low, high = (mean, mean) if error == 0 else stats.t.interval(level, len(values) - 1, loc=mean, scale=error)
        case = {
            "values": values,
            "level": level,
            "mean": float(mean),
            "sd": float(numpy.std(values, ddof=1)),
            "se": float(error),
            "low": float(low),
            "high": float(high),
        }
        assert all(math.isfinite(case[k]) for k in ("mean", "sd", "se", "low", "high"))
        cases.append(case)

json.dump({"scipy": scipy.__version__, "cases": cases}, sys.stdout, indent=1)
print()
