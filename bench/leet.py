"""The terminal UI beside `wandb leet`: bench/leet.sh calls it.

    python leet.py MMIBX OURS [--runs 1 500] [--starts 10]

For each number of runs both get so many, of 10 parameters and 20 points each (W&B's are offline). Then each program is
started in a pseudo-terminal of 160x48, in turns: mmibx, `wandb leet`, and the Go program that it runs. The first paint is
when 200 characters that can be printed have come out; memory is what all processes of the program hold two seconds later
(PSS, so that shared pages count once). Medians over the starts.
"""
import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

SEQUENCE = re.compile(rb"\x1b(\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[()][A-Z0-9]|[A-Za-z0-9=>])|[\x00-\x20]")


def offline_runs(folder, n):
    """Writes offline runs by wandb itself, in a process of its own."""
    code = f"""
import wandb
for seed in range({n}):
    run = wandb.init(project="s", mode="offline", config={{"seed": seed, **{{f"p{{i}}": seed / i for i in range(1, 10)}}}}, settings=wandb.Settings(silent=True))
    for i in range(20):
        run.log({{"loss": 1 / (i + 3)}})
    run.finish()
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "wandb")


def processes(root):
    """A process with all that came from it."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    parent = int(f.read().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended
            children.setdefault(parent, []).append(int(name))
    found, open_ = [], [root]
    while open_:
        pid = open_.pop()
        found.append(pid)
        open_ += children.get(pid, [])
    return found


def memory(root):
    """MiB that a process and all that came from it hold."""
    total = 0
    for pid in processes(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M)[1]) / 1024
        except OSError:
            pass  # it ended
    return total


def start(command, folder):
    """Seconds to the first paint, and MiB."""
    began = time.monotonic()
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(folder)
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false"}
        env.pop("TMUX", None)
        os.execvpe(command[0], command, env)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 48, 160, 0, 0))
    text, painted, late = b"", None, began + 60
    while painted is None or time.monotonic() < painted + 2:
        if time.monotonic() > late:
            sys.exit(f"{command[0]} painted nothing in a minute: {text[-300:]!r}")
        if not select.select([fd], [], [], 0.05)[0]:
            continue
        try:
            text += os.read(fd, 1 << 16)
        except OSError:
            sys.exit(f"{command[0]} ended: {text[-300:]!r}")
        if painted is None and len(SEQUENCE.sub(b"", text)) >= 200:
            painted = time.monotonic()
    held = memory(pid)
    for p in reversed(processes(pid)):
        os.kill(p, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)
    return painted - began, held


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("mmibx")
    p.add_argument("ours")
    p.add_argument("--runs", type=int, nargs="+", default=[1, 500])
    p.add_argument("--starts", type=int, default=10)
    a = p.parse_args()
    from wandb.util import get_core_path

    print(f"| first paint, ms; memory, MiB | {' | '.join(f'{n} runs' for n in a.runs)} |\n|---{'|---' * len(a.runs)}|")
    lines = {"mmibx": [], "`wandb leet`": [], "its Go program": []}
    for n in a.runs:
        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, "store")
            subprocess.run([a.ours, "runs", str(n), store], check=True, stdout=subprocess.DEVNULL)
            theirs = offline_runs(folder, n)
            programs = {
                "mmibx": [a.mmibx, "--store", store],
                "`wandb leet`": [os.path.join(os.path.dirname(sys.executable), "wandb"), "leet", theirs],
                "its Go program": [get_core_path(), "leet", "run", "--no-observability", theirs],
            }
            found = {name: [] for name in programs}
            for _ in range(a.starts):
                for name, command in programs.items():
                    found[name].append(start(command, folder))
            for name, all_ in found.items():
                took, held = (statistics.median(x) for x in zip(*all_))
                lines[name].append(f"{1000 * took:.0f}; {held:.0f}")
    for name, cells in lines.items():
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
