"""Writes fixture.safetensors with the format's own library, and fixture.json,
what it holds.

    pip install safetensors==0.8.0 numpy && python make.py
"""

import json
import pathlib

import numpy as np
import safetensors

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(3)
EDGES = [0.0, -0.0, 1.0, -1.5, 65504.0, 6e-8, -6.1e-5, float("inf"), -float("inf"), float("nan"), 1e-4, 3.14159]


def bfloat16(values):
    return (np.array(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)


arrays = {
    "f32": ("float32", np.array(EDGES, np.float32).reshape(3, 4)),
    "f64": ("float64", np.array([1 / 3, 1e300], np.float64)),
    "f16": ("float16", np.array(EDGES, np.float16).reshape(2, 6)),
    "bf16": ("bfloat16", bfloat16(EDGES)),
    "i64": ("int64", np.array([-(2**63), 2**63 - 1, 0, -1], np.int64).reshape(2, 2)),
    "i32": ("int32", np.array([[-(2**31), 2**31 - 1]], np.int32)),
    "i16": ("int16", np.array([-5, 5], np.int16)),
    "i8": ("int8", np.array([-128, 127], np.int8)),
    "u8": ("uint8", np.array([0, 255], np.uint8)),
    "bool": ("bool", np.array([True, False, True])),
    "scalar": ("float32", np.array(2.5, np.float32)),
    "empty": ("float32", np.zeros((0, 3), np.float32)),
    "name with \"quotes\" <é>": ("float32", rng.standard_normal(5).astype(np.float32)),
}
data = safetensors.serialize(
    {n: safetensors.TensorSpec(dtype=d, shape=a.shape, data_ptr=a.ctypes.data, data_len=a.nbytes) for n, (d, a) in arrays.items()},
    metadata={"format": "pt"},
)
(here / "fixture.safetensors").write_bytes(data)


def numbers(dtype, a):
    if dtype == "bfloat16":
        a = (a.astype(np.uint32) << 16).view(np.float32)
    if a.dtype.kind == "f":
        return [repr(float(v)) for v in a.astype(np.float32).ravel()]
    return [str(int(v)) for v in a.ravel()]


expected = {n: {"shape": list(a.shape), "values": numbers(d, a)} for n, (d, a) in arrays.items()}
(here / "fixture.json").write_text(json.dumps(expected, indent=1) + "\n")
