"""Writes mmib_TASK_PRESET.safetensors: MMIB in plain PyTorch, from its description.

Each file holds a small model's parameters (param.*), a batch with its noise
(in.*), what the model computes (out.*), the gradient of every parameter (grad.*),
the losses of ten optimiser steps (out.ten_losses) and the parameters after them
(after.*), dropout off. double.* and rounded.* are outputs and gradients again,
computed in float64, the latter rounded. drop.* is the same pass with dropout by
`keep`. The metadata list the optimiser's groups and the sites of dropout in the
order in which they are met. Parameters are random, or in
mmib_TASK_PRESET_trained.safetensors what 200 steps of training made of them. The
program shares no code with model/: it is the independent source of the parity tests.

    pip install torch==2.11.0 safetensors numpy && python3 mmib.py [FOLDER]
"""
import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from invented import uniform

D, HEADS, LAYERS, VOCAB, POSITIONS, B, L, M, E = 8, 2, 1, 14, 10, 4, 7, 3, 5
LENGTHS = [7, 5, 3, 6]
TYPES = ["PER", "LOC", "ORG", "MISC"]
RELATIONS = ["None", "/per/loc/from", "/per/org/member", "/per/per/peer"]


class Dropout:
    """Which elements stay is decided by the site's number and the element's place, not drawn."""

    def __init__(self, rate):
        self.rate, self.sites = rate, []

    def __call__(self, site, x):
        if self.rate == 0:
            return x
        u = torch.from_numpy(uniform(f"dropout {len(self.sites)}", x.numel())).reshape(x.shape)
        self.sites.append([site, list(x.shape)])
        return x * ((u >= self.rate) / (1 - self.rate)).to(x.dtype)


def heads(x):
    return x.view(x.shape[0], x.shape[1], HEADS, D // HEADS).transpose(1, 2)


def attention(q, k, v, hidden, drop, site):
    scores = heads(q) @ heads(k).transpose(-2, -1) / math.sqrt(D // HEADS)
    if hidden is not None:
        scores = scores.masked_fill(hidden, -1e9)
    mixed = drop(site, scores.softmax(-1)) @ heads(v)
    return mixed.transpose(1, 2).reshape(q.shape)


def bert(p, ids, real, drop):
    w = lambda name: p["bert." + name]
    dense = lambda name, x: F.linear(x, w(name + ".weight"), w(name + ".bias"))
    norm = lambda name, x: F.layer_norm(x, (D,), w(name + ".weight"), w(name + ".bias"), 1e-12)
    h = F.embedding(ids, w("embeddings.word_embeddings.weight"), padding_idx=0)  # not trained, as in BertModel
    h = h + w("embeddings.position_embeddings.weight")[: ids.shape[1]] + w("embeddings.token_type_embeddings.weight")[0]
    h = drop("bert embeddings", norm("embeddings.LayerNorm", h))
    hidden = ~real[:, None, None, :]
    for i in range(LAYERS):
        at = f"encoder.layer.{i}."
        a = attention(dense(at + "attention.self.query", h), dense(at + "attention.self.key", h),
                      dense(at + "attention.self.value", h), hidden, drop, f"bert layer {i}, attention weights")
        a = drop(f"bert layer {i}, attention output", dense(at + "attention.output.dense", a))
        h = norm(at + "attention.output.LayerNorm", a + h)
        up = F.gelu(dense(at + "intermediate.dense", h))
        h = norm(at + "output.LayerNorm", drop(f"bert layer {i}, output", dense(at + "output.dense", up)) + h)
    return h


def block(p, name, q, kv, hidden, drop):
    w = lambda part: p[name + "." + part]
    a = attention(F.linear(q, w("cross_attn.linears.0.weight")), F.linear(kv, w("cross_attn.linears.1.weight")),
                  F.linear(kv, w("cross_attn.linears.2.weight")), hidden, drop, name + ", attention weights")
    a = F.linear(a, w("cross_attn.last_linear.weight"), w("cross_attn.last_linear.bias"))
    x = F.layer_norm(q + a, (D,), w("ln1.weight"), w("ln1.bias"), 1e-5)
    return F.layer_norm(x + F.linear(x, w("dense.weight"), w("dense.bias")), (D,), w("ln2.weight"), w("ln2.bias"), 1e-5)


def crf_nll(p, emissions, tags, mask):
    """-log p of each sequence, one sequence and one step at a time."""
    start, end, pair = p["crf.start_transitions"], p["crf.end_transitions"], p["crf.transitions"]
    out = []
    for e, y, m in zip(emissions, tags, mask):
        n = int(m.sum())
        gold = start[y[0]] + e[0, y[0]]
        alpha = start + e[0]
        for t in range(1, n):
            gold = gold + pair[y[t - 1], y[t]] + e[t, y[t]]
            alpha = torch.logsumexp(alpha[:, None] + pair, 0) + e[t]
        out.append(torch.logsumexp(alpha + end, 0) - gold - end[y[n - 1]])
    return torch.stack(out)


def kl(mean, logvar, real, cfg):
    per = -0.5 * (1 + logvar - mean ** 2 - logvar.exp())
    if cfg["official"]:
        return per.mean()
    return per.sum(-1)[real].mean()


def align(p, ct, cv, pictures, cfg):
    if cfg["official"]:
        score = lambda v: F.linear(torch.cat([ct, v], -1), p["discrimonator.weight"], p["discrimonator.bias"])
        pos, neg = score(cv), score(cv.roll(1, 0))
        return (F.binary_cross_entropy(pos.sigmoid(), torch.ones_like(pos))
                + F.binary_cross_entropy(neg.sigmoid(), torch.zeros_like(neg)))
    logits = F.normalize(ct, dim=-1) @ F.normalize(cv, dim=-1).T / cfg["tau"]
    same = (pictures[:, None] == pictures[None, :]) & ~torch.eye(len(pictures), dtype=torch.bool)
    logits = logits.masked_fill(same, float("-inf"))
    own = torch.arange(len(pictures))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def variational(cfg):
    """The blocks' names: text mean, text log variance, picture mean, picture log variance."""
    mid = "encoding_" if cfg["task"] == "mre" else ""
    return [f"{s}_{mid}{k}" for s in ("txt", "img") for k in ("mean", "logstd")]


def masks_of(x, cfg):
    if cfg["official"]:  # padded query rows become uniform, padded keys are attended to
        queries = ~x["real"][:, None, :, None]
        return dict(text=queries, image=None, i2t=None, t2i=queries)
    keys, rows = ~x["real"][:, None, None, :], ~x["rows"][:, None, None, :]
    return dict(text=keys, image=rows, i2t=keys, t2i=rows)


def forward(p, x, cfg, drop=Dropout(0)):
    mre, official = cfg["task"] == "mre", cfg["official"]
    n, masks = variational(cfg), masks_of(x, cfg)
    h = bert(p, x["ids"], x["real"], drop)
    if not mre:
        h = drop("text states", h)
    v = F.linear(x["evidence"], p["linear.weight"], p["linear.bias"])
    out = {}
    for side, hidden, mean, logvar, eps in (("text", h, n[0], n[1], "eps_text"), ("image", v, n[2], n[3], "eps_image")):
        m, s = (block(p, name, hidden, hidden, masks[side], drop) for name in (mean, logvar))
        if not official:
            m = F.linear(m, p[mean + "_head.weight"], p[mean + "_head.bias"])
            s = F.linear(s, p[logvar + "_head.weight"], p[logvar + "_head.bias"])
        out["mean_" + side], out["logvar_" + side] = m, s
        out["z_" + side] = m + x[eps] * (0.5 * s).exp()
    zt, zv = out["z_text"], out["z_image"]
    wide = (lambda z: z) if official else (lambda z: F.linear(z, p["expand.weight"], p["expand.bias"]))
    hv = block(p, "img2txt_cross", wide(zv), wide(zt), masks["i2t"], drop)
    out["fused"] = f = block(p, "txt2img_cross", wide(zt), hv, masks["t2i"], drop)
    if mre:
        rows = torch.arange(len(f))
        pair = torch.cat([f[rows, x["marks"][:, 0]], f[rows, x["marks"][:, 1]]], -1)
        out["logits"] = F.linear(pair, p["classifier.weight"], p["classifier.bias"])
        task = F.cross_entropy(out["logits"], x["relations"], reduction="sum" if official else "mean")
    else:
        emissions = F.linear(f, p["fc.weight"], p["fc.bias"])
        out["emissions"] = torch.stack([e[q] for e, q in zip(emissions, x["positions"])])
        task = crf_nll(p, out["emissions"], x["tags"], x["tagged"]).mean()
    out["loss_task"] = task
    out["loss_align"] = align(p, zt[:, 0], zv[:, 0], x["pictures"], cfg)
    out["kl_text"] = kl(out["mean_text"], out["logvar_text"], x["real"], cfg)
    out["kl_image"] = kl(out["mean_image"], out["logvar_image"], x["rows"], cfg)
    out["loss"] = task + cfg["weight"] * out["loss_align"] + cfg["bt"] * out["kl_text"] + cfg["bi"] * out["kl_image"]
    return out


def shapes_of(cfg):
    """The shape of each parameter, by name."""
    z = D if cfg["official"] else cfg["size"]
    shapes = {
        "bert.embeddings.word_embeddings.weight": (VOCAB, D),
        "bert.embeddings.position_embeddings.weight": (POSITIONS, D),
        "bert.embeddings.token_type_embeddings.weight": (2, D),
        "bert.embeddings.LayerNorm.weight": (D,), "bert.embeddings.LayerNorm.bias": (D,),
        "linear.weight": (D, E), "linear.bias": (D,),
    }
    for i in range(LAYERS):
        at = f"bert.encoder.layer.{i}."
        for name, (o, n) in {"attention.self.query": (D, D), "attention.self.key": (D, D), "attention.self.value": (D, D),
                             "attention.output.dense": (D, D), "intermediate.dense": (2 * D, D),
                             "output.dense": (D, 2 * D)}.items():
            shapes[at + name + ".weight"], shapes[at + name + ".bias"] = (o, n), (o,)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[at + name + ".weight"], shapes[at + name + ".bias"] = (D,), (D,)
    for name in variational(cfg) + ["img2txt_cross", "txt2img_cross"]:
        for i in range(3):
            shapes[f"{name}.cross_attn.linears.{i}.weight"] = (D, D)
        for part in ("cross_attn.last_linear", "dense"):
            shapes[f"{name}.{part}.weight"], shapes[f"{name}.{part}.bias"] = (D, D), (D,)
        for part in ("ln1", "ln2"):
            shapes[f"{name}.{part}.weight"], shapes[f"{name}.{part}.bias"] = (D,), (D,)
    if cfg["official"]:
        shapes["discrimonator.weight"], shapes["discrimonator.bias"] = (D, 2 * D), (D,)
    else:
        for name in variational(cfg):
            shapes[name + "_head.weight"], shapes[name + "_head.bias"] = (z, D), (z,)
        shapes["expand.weight"], shapes["expand.bias"] = (D, z), (D,)
    if cfg["task"] == "mre":
        k = len(RELATIONS)
        shapes["classifier.weight"], shapes["classifier.bias"] = (k, 2 * D), (k,)
    else:
        k = 13 if cfg["official"] else 1 + 2 * len(TYPES)
        shapes["fc.weight"], shapes["fc.bias"] = (k, D), (k,)
        shapes["crf.start_transitions"], shapes["crf.end_transitions"], shapes["crf.transitions"] = (k,), (k,), (k, k)
    return shapes


def is_norm(name):
    return any(s in name for s in ("LayerNorm.weight", "ln1.weight", "ln2.weight"))


def parameters(cfg, g):
    """Random parameters, away from where training starts them: no bias is 0 and no norm 1."""
    p = {}
    for name, shape in shapes_of(cfg).items():
        value = 0.4 * torch.randn(shape, generator=g)
        p[name] = (1 + 0.3 * value if is_norm(name) else value).requires_grad_()
    return p


def batch(cfg, g):
    z = D if cfg["official"] else cfg["size"]
    x = {"real": torch.arange(L)[None] < torch.tensor(LENGTHS)[:, None]}
    x["ids"] = torch.randint(1, VOCAB, (B, L), generator=g) * x["real"]
    x["evidence"] = torch.randn((B, M, E), generator=g)
    x["rows"] = torch.ones((B, M), dtype=torch.bool)
    x["rows"][1, 2] = x["rows"][2, 1] = x["rows"][2, 2] = False
    x["pictures"] = torch.tensor([0, 1, 0, 2])
    x["eps_text"], x["eps_image"] = torch.randn((B, L, z), generator=g), torch.randn((B, M, z), generator=g)
    if cfg["task"] == "mre":
        x["marks"] = torch.tensor([[1, 4], [3, 1], [0, 2], [5, 2]])
        x["relations"] = torch.tensor([0, 3, 1, 2])
        return x
    k = 13 if cfg["official"] else 1 + 2 * len(TYPES)
    if cfg["official"]:  # every piece carries a tag
        x["positions"], x["tagged"] = torch.arange(L).repeat(B, 1), x["real"].clone()
    else:  # first pieces only; the rest of a row is padding
        x["positions"] = torch.tensor([[1, 2, 4, 5], [1, 3, 0, 0], [1, 0, 0, 0], [1, 2, 3, 0]])
        x["tagged"] = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]]).bool()
    x["tags"] = torch.randint(0, k, x["positions"].shape, generator=g) * x["tagged"]
    return x


def schedule(step, warmup, total):
    return step / max(1, warmup) if step < warmup else max(0.0, (total - step) / max(1, total - warmup))


def groups(p, cfg):
    """Name, peak rate and weight decay of every parameter.

    The released code lets MNER decay all names without "bias" or "LayerNorm", which the blocks' ln1 and ln2 are; MRE has
    one group. By default nothing that is a bias or a norm decays.
    """
    rows = []
    for n in sorted(p):
        rate, decay = cfg["lr"] if n.startswith("bert.") else cfg["head_lr"], 0.01
        if cfg["official"]:
            if cfg["task"] == "mner" and ("bias" in n or "LayerNorm" in n):
                decay = 0.0
        elif n.endswith("bias") or any(s in n for s in ("LayerNorm", ".ln1.", ".ln2.")):
            decay = 0.0
        rows.append([n, rate, decay])
    return rows


def train(p, cfg, batches, total, warmup):
    """AdamW, clipped, with warm-up; one step per batch. Returns the losses."""
    optimizer = torch.optim.AdamW([{"params": [p[n]], "lr": lr, "peak": lr, "weight_decay": d} for n, lr, d in groups(p, cfg)],
                                  betas=(0.9, 0.999), eps=1e-8)
    losses = []
    for step, x in enumerate(batches):
        loss = forward(p, x, cfg)["loss"]
        losses.append(loss.item())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if cfg["clip"]:
            torch.nn.utils.clip_grad_norm_(list(p.values()), cfg["clip"])
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * schedule(step, warmup, total)
        optimizer.step()
    return losses


def in_doubles(p, x, cfg):
    """The outputs, and the gradient of every parameter, computed in float64."""
    p = {n: t.detach().double().requires_grad_() for n, t in p.items()}
    x = {n: t.double() if t.is_floating_point() else t for n, t in x.items()}
    out = forward(p, x, cfg)
    out["loss"].backward()
    return out, {n: t.grad for n, t in p.items()}


def numbers(t):
    return t.detach().clone().reshape(t.shape if t.dim() else (1,)).contiguous()


def write(path, p, x, cfg):
    file = {"param." + n: numbers(t) for n, t in p.items()}
    file.update({"in." + n: t.long() if t.dtype == torch.bool else t for n, t in x.items()})
    out = forward(p, x, cfg)
    out["loss"].backward()
    file.update({"grad." + n: t.grad.clone() for n, t in p.items()})
    doubles, gradients = in_doubles(p, x, cfg)
    file.update({"double." + n: numbers(t) for n, t in doubles.items()})
    file.update({"rounded." + n: t.float() for n, t in gradients.items()})
    file.update({"out." + n: numbers(t) for n, t in out.items()})
    dropout = Dropout(0.1)
    dropped = forward(p, x, cfg, dropout)
    file.update({"drop." + n: numbers(dropped[n]) for n in ("fused", "z_text", "z_image", "loss")})
    file["out.ten_losses"] = torch.tensor(train(p, cfg, [x] * 10, 10, 2))
    file.update({"after." + n: numbers(t) for n, t in p.items()})
    save_file(file, str(path), metadata={"groups": json.dumps(groups(p, cfg)), "dropout": json.dumps(dropout.sites)})
    print(path.name, file["out.loss"].item(), file["out.ten_losses"][-1].item())


def configuration(task, preset):
    official = preset == "official"
    return dict(task=task, official=official, size=3, tau=0.1, clip=0.0 if official else 1.0, weight=1.0 if official else 0.1,
                bt=1.0 if official else 0.05, bi=1.0 if official else 0.02,
                lr=3e-4, head_lr=3e-4 if official else 1e-3)


def main(folder):
    torch.set_num_threads(1)
    for task in ("mner", "mre"):
        for preset in ("default", "official"):
            cfg = configuration(task, preset)
            g = torch.Generator().manual_seed({"mner": 1, "mre": 2}[task] + 10 * cfg["official"])
            p, x = parameters(cfg, g), batch(cfg, g)
            start = {n: t.detach().clone().requires_grad_() for n, t in p.items()}
            write(folder / f"mmib_{task}_{preset}.safetensors", p, x, cfg)
            train(start, {**cfg, "lr": 5e-3, "head_lr": 5e-3, "clip": 1.0}, [batch(cfg, g) for _ in range(200)], 200, 20)
            for t in start.values():
                t.grad = None
            write(folder / f"mmib_{task}_{preset}_trained.safetensors", start, batch(cfg, g), cfg)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
