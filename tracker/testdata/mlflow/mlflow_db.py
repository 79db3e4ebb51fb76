"""Writes mlflow.db.gz: a store of MLflow 3.17 as its own client writes it.

    pip install mlflow && python mlflow_db.py mlflow.db && gzip -9 mlflow.db

Four runs: finished with metrics of all four states, failed, still running, deleted.
"""
import math
import os
import sys

import mlflow

path = os.path.abspath(sys.argv[1])
mlflow.set_tracking_uri("sqlite:///" + path)
client = mlflow.MlflowClient()
sweep = client.create_experiment("lr-sweep")
other = client.create_experiment("baselines")


def run(experiment, name, start, params, tags=None):
    r = client.create_run(experiment, start_time=start, run_name=name, tags=tags)
    for k, v in params.items():
        client.log_param(r.info.run_id, k, v)
    return r.info.run_id


a = run(sweep, "lr 0.1", 1767225600000, {"lr": 0.1, "layers": 3, "optimizer": "adam", "nesterov": True, "seed": 7, "dataset": "läufe, 'all'", "none": "nan"},
        {"mlflow.note.content": "first try", "mlflow.user": "ann", "team": "north"})
for step, v in enumerate([2.5, math.nan, math.inf, -math.inf, 0.1]):
    client.log_metric(a, "loss", v, timestamp=1767225600000 + 1000 * step, step=step)
client.log_metric(a, "loss", 9.0, timestamp=1767225700000, step=4)  # the step again, later
client.log_metric(a, "loss", 1.75, timestamp=1767225690000, step=2**40)
client.log_metric(a, "val/f1", 61.25, timestamp=1767225609000, step=-3)
client.set_terminated(a, "FINISHED", end_time=1767225710000)

b = run(sweep, "lr 10", 1767225800000, {"lr": "10", "seed": 8})
client.log_metric(b, "loss", math.nan, timestamp=1767225801000, step=0)
client.set_terminated(b, "FAILED", end_time=1767225802000)

c = run(other, "running", 1767225900000, {})
client.log_metric(c, "loss", 0.5, timestamp=1767225901000, step=1)

d = run(other, "deleted", 1767225950000, {"lr": 1})
client.set_terminated(d, "KILLED", end_time=1767225951000)
client.delete_run(d)
