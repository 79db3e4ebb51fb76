"""Writes bfloat16.json: how far PyTorch's CPU autocast takes the model of mmib.py from its float32.

The model is 64 wide with two layers, on 32 batches; parameters and batches come from `uniform`, so that the test makes them
again. Of each output, loss term and gradient: the largest difference from float32 in a batch, averaged over the batches (a
loss term's is one number, and there the root of the mean square), over the largest size in float32. Autocast lowers F.linear and the matrix products; LayerNorm, softmax, GELU and sums keep
what they are given; the losses take float32 logits.

    pip install torch==2.11.0 safetensors numpy && python3 bfloat16.py [FOLDER]
"""
import json
import math
import pathlib
import sys

import torch

import mmib
from invented import uniform

mmib.D, mmib.HEADS, mmib.LAYERS, mmib.VOCAB, mmib.POSITIONS, mmib.B, mmib.L, mmib.M, mmib.E = 64, 4, 2, 50, 20, 8, 16, 5, 24
BATCHES = 32


def parameters(cfg):
    p = {}
    for name, shape in mmib.shapes_of(cfg).items():
        u = 2 * torch.from_numpy(uniform(name, math.prod(shape))) - 1
        if mmib.is_norm(name):
            value = 1 + 0.3 * u
        elif len(shape) == 2 and "embeddings" not in name:
            value = u * math.sqrt(3 / shape[1])
        else:
            value = 0.3 * u
        p[name] = value.float().reshape(shape).requires_grad_()
    return p


def batch(cfg, k):
    draw = lambda name, *shape: torch.from_numpy(uniform(f"{name} {k}", math.prod(shape))).reshape(shape)
    normal = lambda name, *shape: (math.sqrt(12) * (draw(name, *shape) - 0.5)).float()  # its variance, not its shape
    z = mmib.D if cfg["official"] else cfg["size"]
    lengths = 6 + (draw("lengths", mmib.B) * (mmib.L - 5)).long()
    x = {"real": torch.arange(mmib.L)[None] < lengths[:, None], "rows": torch.ones(mmib.B, mmib.M).bool()}
    x["ids"] = (1 + draw("ids", mmib.B, mmib.L) * (mmib.VOCAB - 1)).long() * x["real"]
    x["evidence"], x["pictures"] = normal("evidence", mmib.B, mmib.M, mmib.E), torch.arange(mmib.B)
    x["eps_text"], x["eps_image"] = normal("eps text", mmib.B, mmib.L, z), normal("eps image", mmib.B, mmib.M, z)
    if cfg["task"] == "mre":
        x["marks"] = (draw("marks", mmib.B, 2) * 6).long()
        x["relations"] = (draw("relations", mmib.B) * len(mmib.RELATIONS)).long()
        return x
    x["positions"], x["tagged"] = torch.arange(mmib.L).repeat(mmib.B, 1), x["real"]
    x["tags"] = (draw("tags", mmib.B, mmib.L) * (13 if cfg["official"] else 9)).long() * x["real"]
    return x


def measured(p, x, cfg, lowered):
    for t in p.values():
        t.grad = None
    with torch.autocast("cpu", torch.bfloat16, enabled=lowered):
        out = mmib.forward(p, x, cfg)
    out["loss"].backward()
    numbers = {n: t.detach().float() for n, t in out.items()}
    numbers.update({"grad." + n: t.grad.clone() for n, t in p.items() if not n.endswith("key.bias")})
    return numbers


def errors(p, cfg):
    runs = [(measured(p, x, cfg, False), measured(p, x, cfg, True)) for x in (batch(cfg, k) for k in range(BATCHES))]
    largest = max(t.abs().max().item() for full, _ in runs for n, t in full.items() if n.startswith("grad."))
    out = {}
    for n in runs[0][0]:
        size = max(full[n].abs().max().item() for full, _ in runs)
        if n.startswith("grad."):
            size = max(size, 1e-4 * largest)
        off = [(full[n] - low[n]).abs().max().item() for full, low in runs]
        scalar = runs[0][0][n].dim() == 0
        out[n] = (math.sqrt(sum(o * o for o in off) / len(off)) if scalar else sum(off) / len(off)) / size
    return out


def main(folder):
    torch.set_num_threads(1)
    out = {}
    for task in ("mner", "mre"):
        for preset in ("default", "official"):
            cfg = {**mmib.configuration(task, preset), "size": 16}
            out[f"{task}_{preset}"] = errors(parameters(cfg), cfg)
    path = folder / "bfloat16.json"
    path.write_text(json.dumps(out, indent=0) + "\n")
    for name, e in out.items():
        print(name, {n: f"{v:.2g}" for n, v in e.items() if not n.startswith("grad.")}, f"{max(v for n, v in e.items() if n.startswith('grad.')):.2g}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
