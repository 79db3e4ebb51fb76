"""Writes torch2.pt and torch4.pt (pickle protocols 2 and 4) and legacy.pt (the
format before 1.6) with PyTorch, and torch.json, what they hold.

    python make_torch.py        # torch 2.11
"""

import collections
import json
import pathlib

import torch

here = pathlib.Path(__file__).parent
torch.manual_seed(4)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
layer = torch.nn.Linear(3, 2)
state = collections.OrderedDict(
    base=base,
    transposed=base.t(),
    window=base[1:3, 2:6:2],
    column=base[:, 5],
    permuted=torch.arange(24, dtype=torch.int16).reshape(2, 3, 4).permute(2, 0, 1),
    half=torch.tensor([1.5, -2.25, 65504.0], dtype=torch.float16),
    bfloat=torch.tensor([1.5, -3e38], dtype=torch.bfloat16),
    double=torch.tensor([0.5], dtype=torch.float64),
    long=torch.tensor([[-(2**62), 7]]),
    int=torch.tensor([-3], dtype=torch.int32),
    char=torch.tensor([-3], dtype=torch.int8),
    byte=torch.tensor([200], dtype=torch.uint8),
    bool=torch.tensor([True, False]),
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    parameter=torch.nn.Parameter(torch.ones(2)),
)
checkpoint = {
    "epoch": 3, "lr": 1e-4, "big": 2**40, "negative": -(2**40), "none": None, "flag": True, "pair": (1, "two"), "name": "é" * 300,
    "state_dict": state, "module": layer.state_dict(), "moments": [torch.tensor([1.0]), torch.tensor([2.0])], 7: torch.tensor([7.0]),
}
for protocol in (2, 4):
    torch.save(checkpoint, here / f"torch{protocol}.pt", pickle_protocol=protocol)
torch.save(checkpoint, here / "legacy.pt", _use_new_zipfile_serialization=False)

tensors = {f"state_dict.{k}": v for k, v in state.items()}
tensors |= {f"module.{k}": v for k, v in layer.state_dict().items()}
tensors |= {"moments.0": checkpoint["moments"][0], "moments.1": checkpoint["moments"][1], "7": checkpoint[7]}


def numbers(t):
    flat = t.detach().reshape(-1)
    return [repr(float(v)) for v in flat.float()] if t.is_floating_point() else [str(int(v)) for v in flat]


(here / "torch.json").write_text(json.dumps({n: {"shape": list(t.shape), "values": numbers(t)} for n, t in tensors.items()}, indent=1) + "\n")
