"""Writes hvpnet_{mner,mre}.safetensors and mega_mre.safetensors: the fixtures of model/rivals_test.go.

Each is one model of tiny size written down a second time, in plain PyTorch, from its description in
docs/reference/models.md: random parameters (param.*), a batch (in.*), what the model computes (out.*), the gradient of
every parameter (grad.*) and the losses of ten optimiser steps (out.ten_losses), dropout off. The program shares no code
with model/ and none with mmib.py.

Run: pip install torch==2.11.0 safetensors numpy && python3 model/testdata/hvpnet_mega.py [FOLDER]
"""
import pathlib
import sys

import torch
from torch.nn.functional import cross_entropy, gelu, layer_norm, leaky_relu, softmax
from rival_fixture import write

D, HEADS, LAYERS, VOCAB, POSITIONS, B, L, M, E, HIDDEN = 8, 2, 2, 14, 10, 4, 7, 3, 5, 6
LENGTHS = [7, 5, 3, 6]
TAGS = 9       # O, and B- and I- of four types
RELATIONS = 4
CASES = {
    "hvpnet_mner": dict(model="hvpnet", task="mner", rows=4, seed=21),  # one row fewer than it reads
    "hvpnet_mre": dict(model="hvpnet", task="mre", rows=2, seed=22),    # one row more
    "mega_mre": dict(model="mega", task="mre", seed=23),
}


def affine(p, name, x):
    return x @ p[name + ".weight"].T + p[name + ".bias"]


def one_attention(q, k, v, weighs):
    """softmax(q k' / sqrt(width)) v of one head of one sample; only keys that weigh count."""
    scores = q @ k.T / q.shape[-1] ** 0.5
    scores = torch.where(weighs[None], scores, torch.tensor(-torch.inf))
    return softmax(scores, -1) @ v


def bert(p, ids, real, prefixes):
    """One sample. prefixes[layer] is (keys, values, which of them weigh), or prefixes is None."""
    norm = lambda name, x: layer_norm(x, (D,), p[name + ".weight"], p[name + ".bias"], 1e-12)
    h = p["bert.embeddings.word_embeddings.weight"][ids] + p["bert.embeddings.position_embeddings.weight"][: len(ids)]
    h = norm("bert.embeddings.LayerNorm", h + p["bert.embeddings.token_type_embeddings.weight"][0])
    for i in range(LAYERS):
        at = f"bert.encoder.layer.{i}."
        q, k, v = (affine(p, at + "attention.self." + part, h) for part in ("query", "key", "value"))
        weighs = real
        if prefixes is not None:
            keys, values, seen = prefixes[i]
            k, v, weighs = torch.cat([keys, k]), torch.cat([values, v]), torch.cat([seen, real])
        width = D // HEADS
        parts = [one_attention(q[:, s:s + width], k[:, s:s + width], v[:, s:s + width], weighs) for s in range(0, D, width)]
        h = norm(at + "attention.output.LayerNorm", affine(p, at + "attention.output.dense", torch.cat(parts, -1)) + h)
        h = norm(at + "output.LayerNorm", affine(p, at + "output.dense", gelu(affine(p, at + "intermediate.dense", h))) + h)
    return h


def hvpnet_prefixes(p, evidence, seen, rows):
    """The keys and values of one sample for every layer."""
    quarter = -(-E // 4)
    pieces = []  # of each row read: 4 positions, each with 4 pieces of 2 D
    for row in evidence[:rows]:
        filled = torch.cat([row, torch.zeros(4 * quarter - E)])
        positions = [filled[i * quarter:(i + 1) * quarter] for i in range(4)]
        positions = [affine(p, "encoder_conv.2", torch.tanh(affine(p, "encoder_conv.0", x))) for x in positions]
        pieces.append([x.split(2 * D) for x in positions])
    out = []
    for layer in range(LAYERS):
        keys, values = [], []
        for row in pieces:
            mean = torch.cat([sum(position) / 4 for position in row])
            gate = softmax(leaky_relu(affine(p, f"gates.{layer}", mean)), -1)
            for position in row:
                mixed = sum(g * piece for g, piece in zip(gate, position))
                keys.append(mixed[:D])
                values.append(mixed[D:])
        out.append((torch.stack(keys), torch.stack(values), seen[:rows].repeat_interleave(4)))
    return out


def hvpnet(p, x, i, rows):
    return bert(p, x["ids"][i], x["real"][i], hvpnet_prefixes(p, x["evidence"][i], x["rows"][i], rows))


def mega_pair(p, h, x, i):
    """The vector of one pair of entities."""
    real, seen = x["real"][i], x["rows"][i]
    words = affine(p, "linear_hidden", h)
    objects = affine(p, "linear_pic", x["evidence"][i])
    gathered = one_attention(affine(p, "linear_q", objects), affine(p, "linear_k", words), affine(p, "linear_v", words), real)
    alignment = real / real.sum()  # in place of the weights from two graphs
    structural = (alignment @ words).expand(M, -1)
    merged = affine(p, "linear_final1", torch.cat([torch.sigmoid(gathered), structural], -1))
    picture = merged[seen].sum(0)
    head, tail = x["marks"][i]
    return affine(p, "linear_final", torch.cat([h[head], h[tail], picture]))


def crf_loss(p, e, y):
    """-log p(y) of one sequence, by the sum over all of its paths."""
    start, end, pair = p["crf.start_transitions"], p["crf.end_transitions"], p["crf.transitions"]
    score = start[y[0]] + e[0, y[0]] + end[y[-1]]
    alpha = start + e[0]
    for t in range(1, len(y)):
        score = score + pair[y[t - 1], y[t]] + e[t, y[t]]
        alpha = torch.stack([torch.logsumexp(alpha + pair[:, k], 0) for k in range(TAGS)]) + e[t]
    return torch.logsumexp(alpha + end, 0) - score


def forward(p, x, case):
    states, scores, losses = [], [], []
    for i in range(B):
        h = hvpnet(p, x, i, case["rows"]) if case["model"] == "hvpnet" else bert(p, x["ids"][i], x["real"][i], None)
        states.append(h)
        if case["task"] == "mner":
            e = affine(p, "fc", h)[x["positions"][i]]
            n = int(x["tagged"][i].sum())
            scores.append(e)
            losses.append(crf_loss(p, e[:n], x["tags"][i, :n]))
            continue
        head, tail = x["marks"][i]
        pair = mega_pair(p, h, x, i) if case["model"] == "mega" else torch.cat([h[head], h[tail]])
        scores.append(affine(p, "classifier", pair))
        losses.append(cross_entropy(scores[-1][None], x["relations"][i:i + 1]))
    return dict(states=torch.stack(states), scores=torch.stack(scores), loss=torch.stack(losses).mean())


def shapes(case):
    out = {
        "bert.embeddings.word_embeddings.weight": (VOCAB, D), "bert.embeddings.position_embeddings.weight": (POSITIONS, D),
        "bert.embeddings.token_type_embeddings.weight": (2, D),
        "bert.embeddings.LayerNorm.weight": (D,), "bert.embeddings.LayerNorm.bias": (D,),
    }

    def linear(name, n, m):
        out[name + ".weight"], out[name + ".bias"] = (m, n), (m,)

    for i in range(LAYERS):
        at = f"bert.encoder.layer.{i}."
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear(at + "attention." + part, D, D)
        linear(at + "intermediate.dense", D, 2 * D)
        linear(at + "output.dense", 2 * D, D)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            out[at + name + ".weight"], out[at + name + ".bias"] = (D,), (D,)
    if case["model"] == "hvpnet":
        linear("encoder_conv.0", -(-E // 4), HIDDEN)
        linear("encoder_conv.2", HIDDEN, 4 * 2 * D)
        for i in range(LAYERS):
            linear(f"gates.{i}", 4 * 2 * D, 4)
    else:
        linear("linear_pic", E, 2 * D)
        linear("linear_hidden", D, 2 * D)
        for part in "qkv":
            linear("linear_" + part, 2 * D, 2 * D)
        linear("linear_final1", 4 * D, 2 * D)
        linear("linear_final", 4 * D, 2 * D)
    if case["task"] == "mre":
        linear("classifier", 2 * D, RELATIONS)
    else:
        linear("fc", D, TAGS)
        out["crf.start_transitions"], out["crf.end_transitions"], out["crf.transitions"] = (TAGS,), (TAGS,), (TAGS, TAGS)
    return out


def parameters(case, g):
    p = {}
    for name, shape in shapes(case).items():
        value = 0.4 * torch.randn(shape, generator=g)
        p[name] = (1 + 0.3 * value if name.endswith("LayerNorm.weight") else value).requires_grad_()
    return p


def batch(case, g):
    x = {"real": torch.arange(L)[None] < torch.tensor(LENGTHS)[:, None]}
    x["ids"] = torch.randint(1, VOCAB, (B, L), generator=g) * x["real"]
    x["evidence"] = torch.randn((B, M, E), generator=g)
    x["rows"] = torch.ones((B, M), dtype=torch.bool)
    x["rows"][1, 2] = x["rows"][2, 1] = x["rows"][2, 2] = False
    x["pictures"] = torch.tensor([0, 1, 0, 2])
    if case["task"] == "mre":
        x["marks"], x["relations"] = torch.tensor([[1, 4], [3, 1], [0, 2], [5, 2]]), torch.tensor([0, 3, 1, 2])
        return x
    x["positions"] = torch.tensor([[1, 2, 4, 5], [1, 3, 0, 0], [1, 0, 0, 0], [1, 2, 3, 0]])
    x["tagged"] = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]]).bool()
    x["tags"] = torch.randint(0, TAGS, x["positions"].shape, generator=g) * x["tagged"]
    return x


def main(folder):
    torch.set_num_threads(1)
    for name, case in CASES.items():
        g = torch.Generator().manual_seed(case["seed"])
        p, x = parameters(case, g), batch(case, g)
        write(str(pathlib.Path(folder) / (name + ".safetensors")), p, x, lambda: forward(p, x, case))


main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
