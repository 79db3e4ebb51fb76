"""The store beside other trackers, in the same run: bench/rivals.sh calls it.

    python rivals.py OURS [--blocks 3] [--points 1000] [--runs 50] [--only NAME]

Each block has every tracker make, in a process of its own and a new folder: one run of so many points, one call each; empty
runs with 20 parameters; so many runs of 10 parameters and 20 points, then a list of them all and the ten best; a writer of
1,000 points a second that is killed after three seconds, whose points are read by a new process. Medians over the blocks.
"""
import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.abspath(__file__)


def value(i):
    return 1 / (i + 3)


def params(seed, n):
    return {"seed": seed, **{f"p{i}": seed / i for i in range(1, n)}}


class Optuna:
    def __init__(self, folder, journal):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.optuna = optuna
        if journal:
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend

            self.storage = JournalStorage(JournalFileBackend(os.path.join(folder, "journal.log")))
        else:
            self.storage = optuna.storages.RDBStorage("sqlite:///" + os.path.join(folder, "optuna.db"))
        self.study = optuna.create_study(storage=self.storage, study_name="s", load_if_exists=True)

    def start(self, params):
        self.trial = self.study.ask()
        for k, v in params.items():
            self.trial.set_user_attr(k, v)
        self.last = 0.0

    def log(self, i):
        self.last = value(i)
        self.trial.report(self.last, i)

    def finish(self):
        self.study.tell(self.trial, self.last)

    def list(self):
        return len(self.study.get_trials(deepcopy=False))

    def top(self):
        return sorted((t for t in self.study.get_trials(deepcopy=False) if t.user_attrs["p1"] > 1), key=lambda t: t.value)[:10]

    def count(self):
        return len(self.study.get_trials()[0].intermediate_values)


class MLflow:
    def __init__(self, folder):
        import logging

        logging.disable(logging.INFO)
        import mlflow

        uri = "sqlite:///" + os.path.join(folder, "mlflow.db")
        mlflow.set_tracking_uri(uri)
        self.mlflow = mlflow
        self.client = mlflow.MlflowClient()
        self.experiment = self.client.get_experiment_by_name("s")
        self.experiment = self.experiment.experiment_id if self.experiment else self.client.create_experiment("s")

    def start(self, params):
        self.run = self.client.create_run(self.experiment).info.run_id
        if params:
            self.client.log_batch(self.run, params=[self.mlflow.entities.Param(k, str(v)) for k, v in params.items()])

    def log(self, i):
        self.client.log_metric(self.run, "loss", value(i), step=i)

    def finish(self):
        self.client.set_terminated(self.run)

    def list(self):
        n, token = 0, None
        while True:
            page = self.client.search_runs([self.experiment], max_results=1000, page_token=token)
            n, token = n + len(page), page.token
            if not token:
                return n

    def top(self):
        # It compares parameters as texts, so the filter is on the metric.
        return self.client.search_runs([self.experiment], "metrics.loss > 0", order_by=["metrics.loss ASC"], max_results=10)

    def count(self):
        run = self.client.search_runs([self.experiment])[0]
        return len(self.client.get_metric_history(run.info.run_id, "loss"))


class Trackio:
    def __init__(self, folder):
        os.environ.update(TRACKIO_DIR=folder, HF_HUB_OFFLINE="1")
        import trackio
        from trackio.sqlite_storage import SQLiteStorage

        self.trackio, self.storage, self.n = trackio, SQLiteStorage, 0

    def start(self, params):
        self.n += 1
        self.run = self.trackio.init(project="s", name=f"r{self.n}", config=params)

    def log(self, i):
        self.trackio.log({"loss": value(i)}, step=i)

    def finish(self):
        self.trackio.finish()

    def list(self):
        names = {r["id"]: r["name"] for r in self.storage.get_run_records("s")}
        self.configs = {names[id]: config for id, config in self.storage.get_all_run_configs("s").items()}
        return len(self.configs)

    def top(self):
        last = {r: self.storage.get_logs("s", r)[-1]["loss"] for r in self.storage.get_runs("s") if self.configs[r]["p1"] > 1}
        return sorted(last.items(), key=lambda kv: kv[1])[:10]

    def count(self):
        return len(self.storage.get_logs("s", "r1"))


class WandB:
    """Offline: what it has written is read from its files, as it has no list of runs without a server."""

    def __init__(self, folder):
        os.environ.update(WANDB_MODE="offline", WANDB_DIR=folder, WANDB_SILENT="true")
        import wandb

        self.wandb, self.folder = wandb, folder

    def start(self, params):
        self.run = self.wandb.init(project="s", config=params)

    def log(self, i):
        self.run.log({"loss": value(i)}, step=i)

    def finish(self):
        self.run.finish()

    def records(self, path):
        """Records of a .wandb file: LevelDB's log format behind a header of 7 bytes."""
        from wandb.proto import wandb_internal_pb2

        blob, at, held = open(path, "rb").read(), 7, b""
        while at + 7 <= len(blob):
            if 32768 - at % 32768 < 7:
                at += 32768 - at % 32768
                continue
            _, size, kind = struct.unpack("<IHB", blob[at : at + 7])
            if kind == 0 or at + 7 + size > len(blob):
                return
            held += blob[at + 7 : at + 7 + size]
            at += 7 + size
            if kind in (1, 4):  # whole, or the last part
                record = wandb_internal_pb2.Record()
                record.ParseFromString(held)
                held = b""
                yield record

    def runs(self):
        for folder, _, names in os.walk(self.folder):
            for name in names:
                if name.endswith(".wandb"):
                    config, losses = {}, []
                    for r in self.records(os.path.join(folder, name)):
                        for u in r.run.config.update:
                            config[u.key] = json.loads(u.value_json)
                        for item in r.history.item:
                            if item.key == "loss" or list(item.nested_key) == ["loss"]:
                                losses.append(json.loads(item.value_json))
                    yield config, losses

    def list(self):
        return len(list(self.runs()))

    def top(self):
        return sorted(losses[-1] for config, losses in self.runs() if config["p1"] > 1)[:10]

    def count(self):
        return sum(len(losses) for _, losses in self.runs())


def size_of(folder):
    return sum(os.path.getsize(os.path.join(d, n)) for d, _, names in os.walk(folder) for n in names)


def calls(t, folder, n):
    t.start({})
    took, began = [], time.perf_counter()
    for i in range(n):
        at = time.perf_counter()
        t.log(i)
        took.append(time.perf_counter() - at)
    t.finish()
    return {"call_us": statistics.median(took) * 1e6, "wall_s": time.perf_counter() - began}


def empty(t, folder, n):
    took = []
    for i in range(n):
        at = time.perf_counter()
        t.start(params(i, 20))
        t.finish()
        took.append(time.perf_counter() - at)
    return {"empty_ms": statistics.median(took) * 1e3}


def runs(t, folder, n):
    began = time.perf_counter()
    for seed in range(n):
        t.start(params(seed, 10))
        for i in range(20):
            t.log(i + seed)
        t.finish()
    found = {"per_run_ms": (time.perf_counter() - began) * 1e3 / n}
    for name, ask in {"list_ms": t.list, "top_ms": t.top}.items():
        at = time.perf_counter()
        got = ask()
        found[name] = (time.perf_counter() - at) * 1e3
        assert (got if isinstance(got, int) else len(got)) >= 10, (name, got)
    found["bytes_per_run"] = size_of(folder) / n
    return found


def write(t, folder, rate):
    t.start({})
    began = time.perf_counter()
    i = 0
    while True:
        t.log(i)
        print(i, flush=True, file=sys.__stdout__)
        i += 1
        time.sleep(max(0, began + i / rate - time.perf_counter()))


def count(t, folder, _):
    return {"points": t.count()}


TRACKERS = {
    "Optuna, SQLite": lambda folder: Optuna(folder, False),
    "Optuna, journal": lambda folder: Optuna(folder, True),
    "MLflow, SQLite": MLflow,
    "Trackio": Trackio,
    "W&B offline": WandB,
}
MEASURES = {"calls": calls, "empty": empty, "runs": runs, "write": write, "count": count}


def child(measure, name, n, folder):
    with contextlib.redirect_stdout(io.StringIO()):
        found = MEASURES[measure](TRACKERS[name](folder), folder, n)
    print("FOUND " + json.dumps(found), flush=True)
    os._exit(0)  # what a tracker does at exit is not measured


def command(ours, measure, name, n, folder):
    if name == "mmibx":
        return [ours, measure, str(n), folder]
    return [sys.executable, "-W", "ignore", HERE, "--child", measure, name, str(n), folder]


def ask(ours, measure, name, n, folder):
    out = subprocess.run(command(ours, measure, name, n, folder), capture_output=True, text=True, timeout=600)
    lines = [line for line in out.stdout.splitlines() if line.startswith(("FOUND {", "{"))]
    if out.returncode or not lines:
        raise SystemExit(f"{name}, {measure}: {out.returncode}\n{out.stdout[-500:]}\n{out.stderr[-2000:]}")
    return json.loads(lines[-1].removeprefix("FOUND "))


def killed(ours, name, seconds):
    """Points that calls returned for and that a new process does not find."""
    with tempfile.TemporaryDirectory() as folder:
        p = subprocess.Popen(command(ours, "write", name, 1000, folder), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        assert p.stdout.readline()  # it has started
        time.sleep(seconds)
        os.killpg(p.pid, signal.SIGKILL)
        written = 1 + len([line for line in p.stdout.read().split("\n")[:-1] if line])
        p.wait()
        found = ask(ours, "count", name, 0, folder)["points"]
    return {"written": written, "lost": max(0, written - found)}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("ours")
    a.add_argument("--blocks", type=int, default=3)
    a.add_argument("--points", type=int, default=1000)
    a.add_argument("--runs", type=int, default=50)
    a.add_argument("--only", action="append")
    a = a.parse_args()
    names = [n for n in ["mmibx", *TRACKERS] if not a.only or n in a.only]
    times = {n: {} for n in names}
    for block in range(a.blocks):
        for name in names:
            found = {}
            for measure, n in {"calls": a.points, "empty": 20, "runs": a.runs}.items():
                folder = tempfile.mkdtemp()
                found |= ask(a.ours, measure, name, n, folder)
                shutil.rmtree(folder)
            found |= killed(a.ours, name, 3)
            for key, v in found.items():
                times[name].setdefault(key, []).append(v)
            print(f"block {block + 1}: {name}: {json.dumps(found)}", file=sys.stderr)
    table(times)


COLUMNS = [
    ("call_us", "call us", 3), ("wall_s", "wall s", 3), ("empty_ms", "empty ms", 3), ("per_run_ms", "per run ms", 3),
    ("bytes_per_run", "bytes per run", 4), ("list_ms", "list ms", 3), ("top_ms", "top 10 ms", 3),
]


def short(v, digits):
    return f"{v:,.0f}" if v >= 10 ** (digits - 1) else f"{v:.{digits}g}"


def table(times):
    mid = {n: {k: statistics.median(v) for k, v in t.items()} for n, t in times.items()}
    print("| | " + " | ".join(title for _, title, _ in COLUMNS) + " | lost of written on kill -9 |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for name, t in mid.items():
        lost = ", ".join(f"{l} of {w}" for l, w in zip(times[name]["lost"], times[name]["written"]))
        print(f"| {name} | " + " | ".join(short(t[k], d) for k, _, d in COLUMNS) + f" | {lost} |")
    if "mmibx" not in mid:
        return
    print("\nTimes of mmibx:\n")
    print("| | " + " | ".join(title for _, title, _ in COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, t in mid.items():
        if name != "mmibx":
            print(f"| {name} | " + " | ".join(short(t[k] / mid["mmibx"][k], 2) for k, _, _ in COLUMNS) + " |")
    seen = statistics.median(times["mmibx"]["seen_ms"])
    print(f"\nA run of mmibx with 20 parameters and 20 points, synced and listed: {seen:.2f} ms")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
    else:
        main()
