"""Writes pruners.json: what Optuna's median and successive-halving pruners decide of
runs that report in turn.

    pip install optuna; python3 pruners.py
"""
import json
import os
import random

import optuna
from optuna.pruners import MedianPruner, SuccessiveHalvingPruner
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.ERROR)
here = os.path.dirname(os.path.abspath(__file__))
rng = random.Random(5)
EPOCHS = 12


def story(pruner, settings, lanes):
    """Reports of `lanes` runs at once: (run, value, pruned), until 30 runs have begun; a run ends pruned or after EPOCHS."""
    study = optuna.create_study(direction="maximize", pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
    reports, live, begun = [], [], 0
    while live or begun < 30:
        if len(live) < lanes and begun < 30:
            live.append((study.ask(), rng.uniform(20, 80)))
            begun += 1
            continue
        at = rng.randrange(len(live))
        trial, level = live[at]
        step = len(trial._cached_frozen_trial.intermediate_values) + 1
        value = round(level * (1 - 0.7 ** step) + rng.uniform(-4, 4), 3)
        trial.report(value, step)
        pruned = trial.should_prune()
        reports.append({"run": trial.number, "value": value, "pruned": bool(pruned)})
        if pruned:
            study.tell(trial, state=TrialState.PRUNED)
        elif step == EPOCHS:
            study.tell(trial, value)
        if pruned or step == EPOCHS:
            del live[at]
    return {"pruner": settings, "epochs": EPOCHS, "reports": reports}


stories = []
for lanes in [1, 4]:
    for after, runs in [(1, 1), (3, 5)]:
        stories.append(story(MedianPruner(n_startup_trials=runs, n_warmup_steps=after), {"name": "median", "after": after, "runs": runs}, lanes))
    for after, factor in [(1, 3), (2, 2), (1, 4)]:
        stories.append(story(SuccessiveHalvingPruner(min_resource=after, reduction_factor=factor), {"name": "asha", "after": after, "factor": factor}, lanes))
with open(os.path.join(here, "pruners.json"), "w") as f:
    json.dump({"optuna": optuna.__version__, "stories": stories}, f, separators=(",", ":"))
print([sum(r["pruned"] for r in s["reports"]) for s in stories])
