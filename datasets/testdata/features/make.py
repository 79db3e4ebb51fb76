"""Writes half.safetensors by the example in docs/reference/evidence.md.

    pip install safetensors numpy && python make.py
"""

import json
import pathlib

import numpy as np
from safetensors.numpy import save_file

ids = ["a.jpg", "ü/2.png"]
features = np.arange(2 * 3 * 4, dtype=np.float16).reshape(2, 3, 4) / 8
padding = np.array([[False, False, True], [False, False, False]])
save_file(
    {"features": features, "padding": padding},
    pathlib.Path(__file__).parent / "half.safetensors",
    metadata={
        "mmibx.schema": "features/1",
        "mmibx.ids": json.dumps(ids),
        "mmibx.encoder": "ResNet-50, torchvision IMAGENET1K_V2, layer4",
        "mmibx.preprocessing": "Resize(256), CenterCrop(224)",
    },
)
