"""Writes ids.json: run ids by the rule of docs/reference/identity.md, without our code.

An id is the first 12 hex digits of SHA-256 over compact JSON with sorted keys
inside spec, data and weights. Run: python3 testdata/ids.py
"""
import hashlib
import json
import pathlib

INPUTS = {"data": {"dev.txt": "bb", "train.txt": "aa"}, "weights": {"model.safetensors": "cc"}}
SPECS = [
    {"benchmark": "mini-twitter2017", "model.name": "text"},
    {"benchmark": "twitter2015", "model.name": "mmib", "encoder.name": "minilm", "evidence.kind": "captions",
     "ib.beta_text": 0.01, "seed": 3},
    {"benchmark": "mnre", "model.name": "mmib", "encoder.name": "minilm", "evidence.kind": "captions",
     "evidence.pictures": "shuffled", "model.key_mask": False, "train.lr": 0.0005, "train.epochs": 3, "seed": 12},
]


def digest(spec, revision):
    blob = json.dumps({"spec": dict(sorted(spec.items())), "inputs": INPUTS, "revision": revision},
                      separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(blob.encode()).hexdigest()[:12]


cases = [{"spec": s, "inputs": INPUTS, "revision": r, "id": digest(s, r),
          "arm": digest({k: v for k, v in s.items() if k != "seed"}, r)}
         for s in SPECS for r in ([1, 1], [2, 1])]
pathlib.Path(__file__).with_name("ids.json").write_text(json.dumps(cases, indent=1) + "\n")
