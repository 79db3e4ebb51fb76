"""Writes randomisation.json: the exact p of the randomisation on predictions, and
the exact distribution of the hierarchical bootstrap, both by trying everything.
F1 is seqeval's, on the tags themselves.

    pip install numpy seqeval && python randomisation.py > randomisation.json
"""

import itertools
import json
import sys

import numpy as np
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities

rng = np.random.default_rng(8)
TAGS = ["O", "O", "B-PER", "I-PER", "B-LOC"]


def predict(gold, wrong):
    return [[str(rng.choice(TAGS)) if rng.random() < wrong else t for t in s] for s in gold]


def counts(gold, pred):
    g, p = set(get_entities(gold)), set(get_entities(pred))
    return [len(g & p), len(p), len(g)]


def score(gold, pred):
    return 100 * f1_score(gold, pred, zero_division=0)


cases = []
for seeds, sentences, wrong_a, wrong_b in ((1, 8, 0.1, 0.4), (3, 8, 0.15, 0.3), (3, 9, 0.25, 0.25)):
    gold = [[str(t) for t in rng.choice(TAGS, 6)] for _ in range(sentences)]
    a, b = [predict(gold, wrong_a) for _ in range(seeds)], [predict(gold, wrong_b) for _ in range(seeds)]

    def difference(swap):
        total = 0.0
        for x, y in zip(a, b):
            total += score(gold, [t if s else u for s, t, u in zip(swap, y, x)]) - score(gold, [u if s else t for s, t, u in zip(swap, y, x)])
        return total / seeds

    observed = difference([0] * sentences)
    hits = [abs(difference(s)) >= abs(observed) - 1e-9 for s in itertools.product((0, 1), repeat=sentences)]
    cases.append({
        "a": [[counts(g, p) for g, p in zip(gold, x)] for x in a],
        "b": [[counts(g, p) for g, p in zip(gold, x)] for x in b],
        "difference": observed, "p": float(np.mean(hits)),
    })

# Three seeds, five sentences: 3^2 draws of seeds by 5^5 draws of sentences.
boots = []
for seeds in (1, 3):
    gold = [[str(t) for t in rng.choice(TAGS, 8)] for _ in range(5)]
    a, b = [predict(gold, 0.15) for _ in range(seeds)], [predict(gold, 0.35) for _ in range(seeds)]
    picked = {}
    for u in itertools.product(range(5), repeat=5):
        key = tuple(sorted(u))
        if key not in picked:
            picked[key] = [score([gold[i] for i in u], [x[i] for i in u]) - score([gold[i] for i in u], [y[i] for i in u]) for x, y in zip(a, b)]
    outcomes = []
    for u in itertools.product(range(5), repeat=5):
        d = picked[tuple(sorted(u))]
        for s in itertools.product(range(seeds), repeat=max(1, seeds - 1)):
            outcomes.append(np.mean([d[i] for i in s]))
    outcomes = np.array(outcomes)
    boots.append({
        "a": [[counts(g, p) for g, p in zip(gold, x)] for x in a],
        "b": [[counts(g, p) for g, p in zip(gold, x)] for x in b],
        "value": float(np.mean([score(gold, x) - score(gold, y) for x, y in zip(a, b)])),
        # The ends of intervals that lie a hundredth of probability to either side.
        "low": [float(np.quantile(outcomes, q)) for q in (0.015, 0.035)],
        "high": [float(np.quantile(outcomes, q)) for q in (0.965, 0.985)],
    })

json.dump({"randomisation": cases, "bootstrap": boots}, sys.stdout, separators=(",", ":"))
print()
