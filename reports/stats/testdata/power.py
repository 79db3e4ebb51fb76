"""Writes power.json: what SciPy says of the power over seeds and sentences, how often
simulated experiments find the difference, and the exact p of permutations that stats
only samples.

    pip install numpy scipy && python power.py > power.json

The test takes seeds and sentences for samples. A difference d over S seeds and U
sentences has mean squares of seeds, sentences and the rest; with MS(S) of seeds and
C = max(0, MS(U) - MS(rest)), its error is sqrt((MS(S) + C) / (SU)) and its degrees of
freedom are (MS(S) + C)^2 / (MS(S)^2 / (S - 1)), at most U - 1 (Hillis 2007).
"""

import json
import math
import sys

import numpy as np
from scipy import stats

rng = np.random.default_rng(12)


def test(ms_seed, ms_rest, c, seeds, units):
    """Standard error and degrees of freedom, by mean squares."""
    ms_seed = np.maximum(ms_seed, ms_rest)  # a component below zero is zero
    df = np.minimum(units - 1, (ms_seed + c) ** 2 / (ms_seed**2 / (seeds - 1))) if seeds > 1 else np.full_like(ms_seed, units - 1)
    return np.sqrt((ms_seed + c) / (seeds * units)), df


def power(seed, unit, rest, difference, alpha, seeds, units):
    error, df = test(np.float64(units * seed + rest), np.float64(rest), np.float64(seeds * unit), seeds, units)
    t, nc = stats.t.ppf(1 - alpha / 2, df), difference / error
    lower = stats.nct.cdf(-t, df, nc)
    return float(stats.nct.sf(t, df, nc) + (lower if math.isfinite(lower) else 0))  # SciPy gives NaN in the far tail


def simulated(seed, unit, rest, difference, alpha, seeds, units, times=20000):
    found = 0
    for _ in range(times // 500):
        d = difference + np.sqrt(seed) * rng.normal(size=(500, seeds, 1)) + np.sqrt(unit) * rng.normal(size=(500, 1, units)) + np.sqrt(rest) * rng.normal(size=(500, seeds, units))
        grand, of_seed, of_unit = d.mean((1, 2), keepdims=True), d.mean(2, keepdims=True), d.mean(1, keepdims=True)
        ms_seed = units * ((of_seed - grand) ** 2).sum((1, 2)) / (seeds - 1)
        ms_unit = seeds * ((of_unit - grand) ** 2).sum((1, 2)) / (units - 1)
        ms_rest = ((d - of_seed - of_unit + grand) ** 2).sum((1, 2)) / ((seeds - 1) * (units - 1))
        error, df = test(ms_seed, ms_rest, np.maximum(0, ms_unit - ms_rest), seeds, units)
        found += (2 * stats.t.sf(abs(grand[:, 0, 0]) / error, df) <= alpha).sum()
    return float(found / (times // 500 * 500))


def needed(reaches, steps):
    return next((n for n in steps if reaches(n)), 0)


cases = []
for seed, unit, rest, difference, alpha, seeds, units in (
    (0.4, 300, 200, 2, 0.05, 5, 400), (0, 500, 300, 1.5, 0.05, 3, 900), (2, 100, 400, 3, 0.05, 6, 200), (1, 0, 250, 1, 0.01, 10, 150), (0.05, 800, 900, 1, 0.05, 5, 3000),
):
    parts = (seed, unit, rest)
    cases.append({
        "seed": seed, "unit": unit, "residual": rest, "difference": difference, "alpha": alpha, "seeds": seeds, "units": units,
        "power": power(*parts, difference, alpha, seeds, units), "simulated": simulated(*parts, difference, alpha, seeds, units),
        "p": float(2 * stats.t.sf(*(lambda error, df: (difference / error, df))(*test(np.float64(units * seed + rest), np.float64(rest), np.float64(seeds * unit), seeds, units)))),
        "seeds_needed": needed(lambda n: power(*parts, difference, alpha, n, units) >= 0.8, range(2, 2000)),
        "units_needed": needed(lambda n: power(*parts, difference, alpha, seeds, n) >= 0.8, (max(2, math.ceil(k * units / 100)) for k in range(1, 10001))),
    })

permutations = []
for n, shift in ((21, 0.3), (22, 0.6)):
    a, b = rng.normal(75 + shift, 1, n).round(2), rng.normal(75, 1, n).round(2)
    d, hits = a - b, 0
    for start in range(0, 2**n, 2**16):
        signs = 1 - 2 * ((np.arange(start, start + 2**16)[:, None] >> np.arange(n)) & 1)
        hits += (abs(signs @ d) >= abs(d.sum()) - 1e-9).sum()
    permutations.append({"a": a.tolist(), "b": b.tolist(), "p": float(hits / 2**n)})

json.dump({"power": cases, "permutations": permutations}, sys.stdout, separators=(",", ":"))
print()
