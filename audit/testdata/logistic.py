"""Writes logistic.json: what scikit-learn makes of small tables. Run: python logistic.py"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

rng = np.random.default_rng(20)
cases = []
for classes, penalty in ((2, 1.0), (3, 2.0), (4, 0.25)):
    x = rng.integers(0, 2, size=(80, 6))
    logits = x @ rng.normal(size=(6, classes)) * 1.5
    y = np.array([rng.choice(classes, p=np.exp(r) / np.exp(r).sum()) for r in logits])
    model = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10000)
    if classes == 2:  # scikit-learn fits one vector then; two that sum to zero are penalised half as much
        model.C *= 2
    p = model.fit(x, y).predict_proba(x)
    guess = p.argmax(axis=1)
    cases.append({
        "classes": classes, "penalty": penalty, "rows": x.tolist(), "labels": y.tolist(),
        "probabilities": p.round(9).tolist(), "guesses": guess.tolist(),
        "macro_f1": 100 * f1_score(y, guess, average="macro"), "accuracy": 100 * accuracy_score(y, guess),
    })
with open("logistic.json", "w") as f:
    json.dump({"scikit-learn": sklearn.__version__, "cases": cases}, f)
    f.write("\n")
