"""Writes adamw.safetensors: 100 steps of torch.optim.AdamW under transformers' linear schedules, clipped.

Gradients come from `uniform`: large and small ones, some steps without one for the last parameter. factor.WARMUP is the
schedule's share of the peak rate at each step; step.N.NAME are the parameters after N steps.

    pip install torch==2.11.0 transformers safetensors numpy && python3 adamw.py [FOLDER]
"""
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import get_linear_schedule_with_warmup

from invented import uniform

SHAPES = {"matrix": [6, 5], "row": [7], "sometimes": [3, 2]}
GROUPS = {"matrix": (1e-3, 0.01), "row": (1e-2, 0.0), "sometimes": (1e-2, 0.1)}  # peak rate, decay
STEPS, LIMIT = 100, 1.0


def numbers(name, shape, scale):
    n = torch.Size(shape).numel()
    return ((2 * torch.from_numpy(uniform(name, n)) - 1) * scale).float().reshape(shape)


def scale(step):
    """Above and below the limit of the clipping, and once next to nothing."""
    return [1.0, 1e-3, 0.1, 10.0, 1e-8][step % 5]


def main(folder):
    torch.set_num_threads(1)
    file = {}
    for warmup in (0, 6, 20):
        params = {n: numbers("start " + n, s, 1.0).requires_grad_() for n, s in SHAPES.items()}
        optimizer = torch.optim.AdamW([{"params": [params[n]], "lr": lr, "weight_decay": d} for n, (lr, d) in GROUPS.items()])
        schedule = get_linear_schedule_with_warmup(optimizer, warmup, STEPS)
        factors = []
        for step in range(STEPS):
            factors.append(schedule.get_last_lr()[0] / GROUPS["matrix"][0])
            for n, p in params.items():
                p.grad = None if n == "sometimes" and step % 3 == 0 else numbers(f"gradient {n} {step}", SHAPES[n], scale(step))
            torch.nn.utils.clip_grad_norm_(list(params.values()), LIMIT)
            optimizer.step()
            schedule.step()
            if step + 1 in (1, 2, 10, 50, 100):
                file.update({f"step.{warmup}.{step + 1}.{n}": p.detach().clone() for n, p in params.items()})
        file[f"factor.{warmup}"] = torch.tensor(factors, dtype=torch.float64)
    save_file(file, str(folder / "adamw.safetensors"))
    print(len(file), "tensors")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
