"""Writes mmib_TASK_PRESET.safetensors: MMIB in plain PyTorch, from its description.

Each file holds a small model's parameters (param.*), a batch with its noise
(in.*), what the model computes (out.*), the gradient of every parameter (grad.*)
and the losses of ten optimiser steps (out.ten_losses), dropout off. The program
shares no code with model/: it is the independent source of the parity tests.

Run: pip install torch==2.11.0 safetensors numpy && python3 model/testdata/mmib.py
"""
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

D, HEADS, LAYERS, VOCAB, POSITIONS, B, L, M, E = 8, 2, 1, 14, 10, 4, 7, 3, 5
LENGTHS = [7, 5, 3, 6]
TYPES = ["PER", "LOC", "ORG", "MISC"]
RELATIONS = ["None", "/per/loc/from", "/per/org/member", "/per/per/peer"]


def heads(x):
    return x.view(x.shape[0], x.shape[1], HEADS, D // HEADS).transpose(1, 2)


def attention(q, k, v, hidden):
    scores = heads(q) @ heads(k).transpose(-2, -1) / math.sqrt(D // HEADS)
    if hidden is not None:
        scores = scores.masked_fill(hidden, -1e9)
    mixed = scores.softmax(-1) @ heads(v)
    return mixed.transpose(1, 2).reshape(q.shape)


def bert(p, ids, real):
    w = lambda name: p["bert." + name]
    dense = lambda name, x: F.linear(x, w(name + ".weight"), w(name + ".bias"))
    norm = lambda name, x: F.layer_norm(x, (D,), w(name + ".weight"), w(name + ".bias"), 1e-12)
    h = F.embedding(ids, w("embeddings.word_embeddings.weight"))
    h = h + w("embeddings.position_embeddings.weight")[: ids.shape[1]] + w("embeddings.token_type_embeddings.weight")[0]
    h = norm("embeddings.LayerNorm", h)
    hidden = ~real[:, None, None, :]
    for i in range(LAYERS):
        at = f"encoder.layer.{i}."
        a = attention(dense(at + "attention.self.query", h), dense(at + "attention.self.key", h),
                      dense(at + "attention.self.value", h), hidden)
        h = norm(at + "attention.output.LayerNorm", dense(at + "attention.output.dense", a) + h)
        up = F.gelu(dense(at + "intermediate.dense", h))
        h = norm(at + "output.LayerNorm", dense(at + "output.dense", up) + h)
    return h


def block(p, name, q, kv, hidden):
    w = lambda part: p[name + "." + part]
    a = attention(F.linear(q, w("cross_attn.linears.0.weight")), F.linear(kv, w("cross_attn.linears.1.weight")),
                  F.linear(kv, w("cross_attn.linears.2.weight")), hidden)
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


def forward(p, x, cfg):
    mre, official = cfg["task"] == "mre", cfg["official"]
    n = ["txt_encoding_mean", "txt_encoding_logstd", "img_encoding_mean", "img_encoding_logstd"] if mre else \
        ["txt_mean", "txt_logstd", "img_mean", "img_logstd"]
    h = bert(p, x["ids"], x["real"])
    v = F.linear(x["evidence"], p["linear.weight"], p["linear.bias"])
    if official:  # padded query rows become uniform, padded keys are attended to
        queries = ~x["real"][:, None, :, None]
        masks = dict(text=queries, image=None, i2t=None, t2i=queries)
    else:
        keys, rows = ~x["real"][:, None, None, :], ~x["rows"][:, None, None, :]
        masks = dict(text=keys, image=rows, i2t=keys, t2i=rows)
    out = {}
    for side, hidden, mean, logvar, eps in (("text", h, n[0], n[1], "eps_text"), ("image", v, n[2], n[3], "eps_image")):
        m, s = block(p, mean, hidden, hidden, masks[side]), block(p, logvar, hidden, hidden, masks[side])
        if not official:
            m = F.linear(m, p[mean + "_head.weight"], p[mean + "_head.bias"])
            s = F.linear(s, p[logvar + "_head.weight"], p[logvar + "_head.bias"])
        out["mean_" + side], out["logvar_" + side] = m, s
        out["z_" + side] = m + x[eps] * (0.5 * s).exp()
    zt, zv = out["z_text"], out["z_image"]
    wide = (lambda z: z) if official else (lambda z: F.linear(z, p["expand.weight"], p["expand.bias"]))
    hv = block(p, "img2txt_cross", wide(zv), wide(zt), masks["i2t"])
    out["fused"] = f = block(p, "txt2img_cross", wide(zt), hv, masks["t2i"])
    if mre:
        pair = torch.cat([f[torch.arange(B), x["marks"][:, 0]], f[torch.arange(B), x["marks"][:, 1]]], -1)
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


def parameters(cfg, g):
    """Random parameters at the scale of trained ones, by name."""
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
    mid = "encoding_" if cfg["task"] == "mre" else ""
    variational = [f"{s}_{mid}{k}" for s in ("txt", "img") for k in ("mean", "logstd")]
    for name in variational + ["img2txt_cross", "txt2img_cross"]:
        for i in range(3):
            shapes[f"{name}.cross_attn.linears.{i}.weight"] = (D, D)
        for part in ("cross_attn.last_linear", "dense"):
            shapes[f"{name}.{part}.weight"], shapes[f"{name}.{part}.bias"] = (D, D), (D,)
        for part in ("ln1", "ln2"):
            shapes[f"{name}.{part}.weight"], shapes[f"{name}.{part}.bias"] = (D,), (D,)
    if cfg["official"]:
        shapes["discrimonator.weight"], shapes["discrimonator.bias"] = (D, 2 * D), (D,)
    else:
        for name in variational:
            shapes[name + "_head.weight"], shapes[name + "_head.bias"] = (z, D), (z,)
        shapes["expand.weight"], shapes["expand.bias"] = (D, z), (D,)
    if cfg["task"] == "mre":
        k = len(RELATIONS)
        shapes["classifier.weight"], shapes["classifier.bias"] = (k, 2 * D), (k,)
    else:
        k = 13 if cfg["official"] else 1 + 2 * len(TYPES)
        shapes["fc.weight"], shapes["fc.bias"] = (k, D), (k,)
        shapes["crf.start_transitions"], shapes["crf.end_transitions"], shapes["crf.transitions"] = (k,), (k,), (k, k)
    p = {}
    for name, shape in shapes.items():
        value = 0.4 * torch.randn(shape, generator=g)
        norm = any(s in name for s in ("LayerNorm.weight", "ln1.weight", "ln2.weight"))
        p[name] = (1 + 0.3 * value if norm else value).requires_grad_()
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


def ten_steps(p, x, cfg):
    """AdamW as the spec describes it: no decay on biases and norms, clipped, 2 of 10 steps of warm-up."""
    bare = [n for n in p if n.endswith("bias") or any(s in n for s in ("LayerNorm", ".ln1.", ".ln2."))]
    rate = lambda n: cfg["lr"] if n.startswith("bert.") else cfg["head_lr"]
    groups = [{"params": [p[n]], "lr": rate(n), "peak": rate(n), "weight_decay": 0.0 if n in bare else 0.01} for n in p]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8)
    losses = []
    for step in range(10):
        loss = forward(p, x, cfg)["loss"]
        losses.append(loss.item())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if cfg["clip"]:
            torch.nn.utils.clip_grad_norm_(list(p.values()), cfg["clip"])
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * schedule(step, 2, 10)
        optimizer.step()
    return torch.tensor(losses)


def main():
    torch.set_num_threads(1)
    for task in ("mner", "mre"):
        for preset in ("default", "official"):
            official = preset == "official"
            cfg = dict(task=task, official=official, size=3, tau=0.1, clip=0.0 if official else 1.0,
                       weight=1.0 if official else 0.1, bt=1.0 if official else 0.05, bi=1.0 if official else 0.02,
                       lr=3e-4 if official else 1e-3, head_lr=3e-4 if official else 1e-2)
            g = torch.Generator().manual_seed({"mner": 1, "mre": 2}[task] + 10 * official)
            p, x = parameters(cfg, g), batch(cfg, g)
            file = {"param." + n: t.detach().clone() for n, t in p.items()}
            file.update({"in." + n: t.long() if t.dtype == torch.bool else t for n, t in x.items()})
            out = forward(p, x, cfg)
            out["loss"].backward()
            file.update({"grad." + n: t.grad.clone() for n, t in p.items()})
            file.update({"out." + n: t.detach().reshape(t.shape if t.dim() else (1,)) for n, t in out.items()})
            file["out.ten_losses"] = ten_steps(p, x, cfg)
            save_file({k: v.contiguous() for k, v in file.items()},
                      str(pathlib.Path(__file__).with_name(f"mmib_{task}_{preset}.safetensors")))
            print(task, preset, file["out.loss"].item(), file["out.ten_losses"][-1].item())


main()
