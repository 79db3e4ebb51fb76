"""Writes crf.safetensors: pytorch-crf on 1,000 random batches with ragged masks, in float64.

Scores, tags and lengths come from `uniform`, so that the test makes them again; they are float32. Of each case in a row:
nll, -log p of each sequence; grad, the gradient of their sum (emissions, start, end, transitions); path, the best tags.

    pip install torch==2.11.0 pytorch-crf safetensors numpy && python3 crf.py [FOLDER]
"""
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torchcrf import CRF

from invented import uniform


def case(c):
    """K tags, batch of B, W positions; every fortieth case has the size of a real one."""
    shape = uniform(f"crf shape {c}", 20)
    if c % 40 == 0:
        k, b, w = 13 if c % 80 else 9, 2, 24
    else:
        k, b, w = 2 + int(4 * shape[0]), 1 + int(3 * shape[1]), 1 + int(6 * shape[2])
    lengths = torch.tensor([1 + int(w * u) for u in shape[3 : 3 + b]])
    scale = 2.0 if c % 40 == 0 else [0.5, 2.0, 6.0][c % 3]
    values = (2 * torch.from_numpy(uniform(f"crf scores {c}", b * w * k + 2 * k + k * k)) - 1) * scale
    values = values.float().double()
    tags = torch.from_numpy(uniform(f"crf tags {c}", b * w) * k).long().reshape(b, w)
    return k, b, w, lengths, values, tags


def main(folder):
    torch.set_num_threads(1)
    nll, grad, path = [], [], []
    for c in range(1000):
        k, b, w, lengths, values, tags = case(c)
        emissions, start, end, pair = values.split([b * w * k, k, k, k * k])
        crf = CRF(k, batch_first=True).double()
        with torch.no_grad():
            crf.start_transitions.copy_(start)
            crf.end_transitions.copy_(end)
            crf.transitions.copy_(pair.reshape(k, k))
        emissions = emissions.reshape(b, w, k).clone().requires_grad_()
        mask = torch.arange(w)[None] < lengths[:, None]
        loss = -crf(emissions, tags, mask=mask, reduction="none")
        loss.sum().backward()
        nll.append(loss.detach())
        for t in (emissions, crf.start_transitions, crf.end_transitions, crf.transitions):
            grad.append(torch.zeros(t.numel()) if t.grad is None else t.grad.flatten())  # one position has no transition
        path += [torch.tensor(p) for p in crf.decode(emissions, mask=mask)]
    file = {"nll": torch.cat(nll), "grad": torch.cat(grad).float(), "path": torch.cat(path).to(torch.uint8)}
    save_file(file, str(folder / "crf.safetensors"))
    print({n: len(t) for n, t in file.items()})


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
