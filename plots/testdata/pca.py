"""Writes pca.json: points and what scikit-learn's PCA says of them.

python pca.py > pca.json        scikit-learn 1.9, NumPy
"""

import json

import numpy as np
from sklearn.decomposition import PCA

rng = np.random.default_rng(15)
cases = []
for n, width in [(40, 6), (9, 2), (5, 12)]:  # the last has more numbers than points
    points = rng.normal(size=(n, width)) * np.linspace(3, 0.3, width) + rng.normal(size=width)
    pca = PCA(n_components=2, svd_solver="full")
    at = pca.fit_transform(points)
    cases.append({"points": points.tolist(), "at": at.tolist(), "share": pca.explained_variance_ratio_.tolist()})
print(json.dumps(cases))
