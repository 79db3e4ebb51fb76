"""Writes tests.json: what SciPy, statsmodels, rliable and deep-significance say
of the numbers that stats must agree with.

    pip install scipy statsmodels rliable deepsig && python tests.py > tests.json

Where no package has the statistic it is worked out here from its definition, by
enumeration where that is possible; "source" says which.
"""

import itertools
import json
import math
import sys
from math import comb

import numpy as np
import scipy
import statsmodels
from deepsig.aso import aso, compute_violation_ratio
from rliable import metrics
from scipy import optimize, stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

import pandas

rng = np.random.default_rng(5)


def floats(xs):
    return [float(x) for x in xs]


PAIRS = [
    ([83.4, 84.1, 82.9], [82.8, 83.5, 83.0]),
    ([92.31, 91.87, 93.02, 92.65, 92.11], [91.9, 91.2, 92.5, 92.6, 92.4]),
    ([70.0, 71.0, 72.5, 69.5, 73.0, 74.0, 70.5], [69.0, 71.0, 71.5, 70.5, 71.0, 72.0, 70.0]),  # ties and a zero
    ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 3.0, 1.0, 6.0, 2.0, 9.0]),
    (floats(rng.normal(75, 1, 12).round(2)), floats(rng.normal(74.2, 1.5, 12).round(2))),
    (floats(rng.normal(0, 1, 15)), floats(rng.normal(1, 0.1, 15))),
]


def cliff(a, b, level):
    d = np.sign(np.subtract.outer(np.array(a), np.array(b)))
    n, m = d.shape
    delta = d.mean()
    assert abs(delta - (2 * stats.mannwhitneyu(a, b).statistic / (n * m) - 1)) < 1e-12
    rows, columns = ((d.mean(1) - delta) ** 2).sum(), ((d.mean(0) - delta) ** 2).sum()
    v = (m**2 * rows + n**2 * columns - ((d - delta) ** 2).sum()) / (n * m * (n - 1) * (m - 1))
    v = max(v, (1 - delta**2) / (n * m - 1))
    t = stats.t.ppf(0.5 + level / 2, n + m - 2)
    ends = [(delta - delta**3 + s * t * math.sqrt(v) * math.sqrt((1 - delta**2) ** 2 + t * t * v)) / (1 - delta**2 + t * t * v) for s in (-1, 1)]
    return {"value": float(delta), "low": ends[0], "high": ends[1]}


def ncp_interval(t, df, scale, level):
    def cdf(d):  # SciPy gives NaN in the far tails
        v = stats.nct.cdf(t, df, d)
        return v if math.isfinite(v) else float(d < t)

    def solve(p):
        return optimize.brentq(lambda d: cdf(d) - p, t - 12, t + 12, xtol=1e-13, rtol=1e-13) / scale

    return solve((1 + level) / 2), solve((1 - level) / 2)


def cohen(a, b, level):
    n, m = len(a), len(b)
    pooled = math.sqrt(((n - 1) * np.var(a, ddof=1) + (m - 1) * np.var(b, ddof=1)) / (n + m - 2))
    d, scale = (np.mean(a) - np.mean(b)) / pooled, math.sqrt(n * m / (n + m))
    assert abs(d * scale - stats.ttest_ind(a, b).statistic) < 1e-9
    low, high = ncp_interval(d * scale, n + m - 2, scale, level)
    return {"value": float(d), "low": low, "high": high}


def cohen_z(a, b, level):
    t, n = stats.ttest_rel(a, b).statistic, len(a)
    low, high = ncp_interval(t, n - 1, math.sqrt(n), level)
    return {"value": float(t / math.sqrt(n)), "low": low, "high": high}


def exact_signed(a, b, statistic):
    r = stats.permutation_test((np.array(a), np.array(b)), statistic, permutation_type="samples", n_resamples=np.inf, alternative="two-sided")
    return float(r.pvalue)


pairs = []
for a, b in PAIRS:
    t, w = stats.ttest_rel(a, b), stats.ttest_ind(a, b, equal_var=False)
    case = {
        "a": a, "b": b,
        "paired": {"statistic": float(t.statistic), "df": float(t.df), "p": float(t.pvalue)},
        "welch": {"statistic": float(w.statistic), "df": float(w.df), "p": float(w.pvalue)},
        "cohen": cohen(a, b, 0.95), "cohen_z": cohen_z(a, b, 0.95),
        "correlation": float(stats.pearsonr(a, b).statistic),
        "violation": float(compute_violation_ratio(np.array(a), np.array(b), dt=1e-4)),
        "epsilon": float(aso(a, b, confidence_level=0.95, num_bootstrap_iterations=500, dt=0.01, seed=3, show_progress=False)),
    }
    if abs(2 * stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)) - 1) < 1:
        case["cliff"] = cliff(a, b, 0.95)
    if len(a) >= 6:
        case["permutation"] = exact_signed(a, b, lambda x, y, axis=-1: np.mean(x - y, axis=axis))
        d = np.array([x - y for x, y in zip(a, b) if x != y])
        if len(d) >= 6:
            ranks = stats.rankdata(abs(d))
            # Exact given the ranks, ties and all: every sign is tried.
            totals = np.array([np.dot(ranks, s) for s in itertools.product((0, 1), repeat=len(d))])
            small = min(ranks[d > 0].sum(), ranks[d < 0].sum())
            case["wilcoxon"] = {"statistic": float(small), "p": min(1.0, float(2 * (totals <= small + 1e-9).mean()))}
            if len(set(abs(d))) == len(d):
                r = stats.wilcoxon(a, b, method="exact")
                assert abs(r.pvalue - case["wilcoxon"]["p"]) < 1e-12 and r.statistic == small
    pairs.append(case)

bca = []
for values in (PAIRS[1][0], PAIRS[4][0], [0.0, 0.0, 1.0, 9.0, 3.0, 4.0, 30.0]):
    for name, f in (("mean", np.mean), ("iqm", lambda x, axis=-1: stats.trim_mean(x, 0.25, axis=axis))):
        r = stats.bootstrap((np.array(values),), f, n_resamples=999, method="BCa", confidence_level=0.95, rng=np.random.default_rng(2))
        many = stats.bootstrap((np.array(values),), f, n_resamples=20000, method="BCa", confidence_level=0.95, rng=np.random.default_rng(3))
        bca.append({
            "values": values, "statistic": name, "level": 0.95, "boot": floats(r.bootstrap_distribution),
            "low": float(r.confidence_interval.low), "high": float(r.confidence_interval.high),
            "many_low": float(many.confidence_interval.low), "many_high": float(many.confidence_interval.high),
        })

iqm = [{"values": floats(v), "iqm": float(metrics.aggregate_iqm(np.array(v).reshape(-1, 1)))} for v in ([7.0], [1, 9], [1, 5, 100], [3, 1, 2, 50], rng.normal(70, 5, 5), rng.normal(70, 5, 30))]

holm = [{"p": p, "adjusted": floats(multipletests(p, method="holm")[1])} for p in ([0.01], [0.04, 0.01, 0.03], [0.5, 0.9, 0.02, 0.02], floats(rng.uniform(size=9) ** 3))]

mc = [{"only_a": b, "only_b": c, "p": float(mcnemar([[5, b], [c, 7]], exact=True).pvalue)} for b, c in ((0, 1), (3, 3), (2, 9), (0, 12), (40, 71), (400, 471))]

power = []
for diff, sd, n, alpha in ((1, 0.8, 5, 0.05), (0.5, 0.8, 10, 0.05), (1, 2, 30, 0.01), (2, 0.5, 3, 0.05), (0.1, 1, 200, 0.05)):
    power.append({
        "difference": diff, "sd": sd, "n": n, "alpha": alpha,
        "power": float(TTestPower().power(diff / sd, n, alpha, alternative="two-sided")),
        "seeds": next(k for k in range(2, 10000) if TTestPower().power(diff / sd, k, alpha, alternative="two-sided") >= 0.8),
    })

nct = [{"t": t, "df": df, "ncp": d, "p": float(stats.nct.cdf(t, df, d))} for t, df, d in ((2.1, 4, 1.5), (-1, 1, 0.5), (2.776, 4, 0), (0.3, 29, -2), (12, 8, 10), (2, 500, 1.2), (2.2, 2.5, 3))]

best = [{"values": v, "expected": [float(np.mean([max(c) for c in itertools.combinations(v, k)])) for k in range(1, len(v) + 1)]} for v in ([3.0], [1.0, 2.0], floats(rng.normal(70, 4, 9).round(2)), [5.0, 5.0, 1.0, 7.0])]


def layout(seeds, units):
    """Counts of two systems, with an effect of the seed, of the sentence and of neither."""
    gold = rng.integers(0, 4, units)
    sides = []
    for skill in (0.75, 0.65):
        side = []
        for s in range(seeds):
            correct = rng.binomial(gold, min(0.95, skill + 0.08 * rng.normal()))
            side.append([[int(c), int(c + e), int(g)] for c, e, g in zip(correct, rng.integers(0, 2, units), gold)])
        sides.append(side)
    return sides


def f1(counts):
    c, p, g = np.array(counts).sum(0)
    return 200 * c / (p + g) if p + g else 0.0


def influence(side):
    """Parts of F1 by the numerical derivative of F1 to the weight of a sentence."""
    out, n, h = [], len(side), 1e-6
    for i in range(n):
        up, down = np.array(side, float), np.array(side, float)
        up[i] *= 1 + h
        down[i] *= 1 - h
        out.append(f1(side) + n * (f1(up) - f1(down)) / (2 * h))
    return out


components = []
for seeds, units in ((3, 8), (5, 40)):
    a, b = layout(seeds, units)
    frame = pandas.DataFrame([
        {"seed": s, "unit": u, "d": x - y}
        for s in range(seeds) for u, (x, y) in enumerate(zip(influence(a[s]), influence(b[s])))
    ])
    table = anova_lm(ols("d ~ C(seed) + C(unit)", frame).fit())
    ms = table["sum_sq"] / table["df"]
    components.append({
        "a": a, "b": b,
        "seed": float(max(0, (ms["C(seed)"] - ms["Residual"]) / units)), "unit": float(max(0, (ms["C(unit)"] - ms["Residual"]) / seeds)), "residual": float(ms["Residual"]),
    })

json.dump({
    "versions": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
    "pairs": pairs, "bca": bca, "iqm": iqm, "holm": holm, "mcnemar": mc, "power": power, "noncentral": nct, "best": best, "components": components,
}, sys.stdout, separators=(",", ":"))
print()
