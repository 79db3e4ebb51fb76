"""Writes sobol.json, points of SciPy's unscrambled Sobol sequence, and joe-kuo.txt,
the direction numbers that it takes from S. Joe and F. Y. Kuo (new-joe-kuo-6.21201):
a line per dimension, the primitive polynomial's bits as a number, then m_1, m_2, ...

    python3 sobol.py
"""
import json
import os

import numpy as np
import scipy
from scipy.stats import qmc

here = os.path.dirname(os.path.abspath(__file__))
DIMENSIONS = 64

known = np.load(os.path.join(os.path.dirname(scipy.__file__), "stats", "_sobol_direction_numbers.npz"))
with open(os.path.join(here, "..", "joe-kuo.txt"), "w") as f:
    for poly, m in list(zip(known["poly"], known["vinit"]))[1:DIMENSIONS]:  # the first is the van der Corput sequence
        degree = int(poly).bit_length() - 1
        f.write(" ".join(str(int(x)) for x in [poly, *m[:degree]]) + "\n")

points = qmc.Sobol(DIMENSIONS, scramble=False).random(1024)
chosen = [0, 1, 2, 3, 4, 5, 6, 7, 31, 32, 100, 511, 512, 777, 1022, 1023]
with open(os.path.join(here, "sobol.json"), "w") as f:
    json.dump({"scipy": scipy.__version__, "index": chosen, "points": points[chosen].tolist()}, f)
