"""Writes efficientnet_lite0.json and resnet50.json: what geffnet and torchvision compute of two invented pictures.

    pip install torch torchvision geffnet
    python vision.py path/to/efficientnet-lite0-57934424.pth

The weights of EfficientNet-Lite0 are real. Those of ResNet-50 are invented by the rule of `invented`, which vision_test.go
follows too. Of each picture: five rows (the mean of the last map of features, then adaptive_avg_pool2d of it to 2 x 2 in
reading order), and of each row its first 16 numbers, its length and its sum weighted by cos(0, 1, 2, ...).
"""
import json
import sys

import geffnet
import numpy as np
import torch
import torchvision
from torch.nn.functional import adaptive_avg_pool2d

from invented import uniform

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def picture(p):
    """Levels 0 to 255, [3, 224, 224]: waves, and a pattern of products on them."""
    c, y, x = np.meshgrid(np.arange(3), np.arange(224), np.arange(224), indexing="ij")
    return (x * (3 + p) + y * (5 - 2 * p) + 41 * c + (x * y // 7) % 64) % 256


def invented(name, shape):
    u = uniform(name, np.prod(shape, dtype=int))
    if len(shape) == 4:  # variance 2 / fan-in
        v = (2 * u - 1) * np.sqrt(6 / np.prod(shape[1:]))
    elif name.endswith((".weight", ".running_var")):
        v = 0.5 + u
    else:
        v = 0.4 * u - 0.2
    return torch.from_numpy(v.astype(np.float32).reshape(shape))


def describe(maps):
    rows = torch.cat([maps.mean((2, 3))[:, None], adaptive_avg_pool2d(maps, 2).flatten(2).transpose(1, 2)], 1).double()
    cosine = torch.cos(torch.arange(rows.shape[2], dtype=torch.float64))
    return [[{"first": r[:16].tolist(), "length": r.norm().item(), "weighted": (r * cosine).sum().item()} for r in p] for p in rows]


def efficientnet(path, levels):
    # The file is a conversion from TensorFlow, in the order of geffnet's layers under other names.
    net = geffnet.tf_efficientnet_lite0(pretrained=False).eval()
    theirs, ours = torch.load(path, map_location="cpu"), net.state_dict()
    assert [v.shape for v in theirs.values()] == [v.shape for v in ours.values()]
    net.load_state_dict(dict(zip(ours, theirs.values())))
    return {"pictures": describe(net.features(torch.from_numpy((levels - 127) / 128).float()))}


def resnet(levels):
    net = torchvision.models.resnet50(weights=None).eval()
    state = {k: v if v.ndim == 0 else invented(k, tuple(v.shape)) for k, v in net.state_dict().items()}
    net.load_state_dict(state)
    body = torch.nn.Sequential(*list(net.children())[:-2])
    x = torch.from_numpy((levels / 255 - MEAN[:, None, None]) / DEVIATION[:, None, None]).float()
    return {"shapes": {k: list(v.shape) for k, v in state.items()}, "pictures": describe(body(x))}


if __name__ == "__main__":
    levels = np.stack([picture(p) for p in range(2)])
    with torch.no_grad():
        for name, value in ("efficientnet_lite0", efficientnet(sys.argv[1], levels)), ("resnet50", resnet(levels)):
            with open(name + ".json", "w") as f:
                json.dump(value, f)
                f.write("\n")
