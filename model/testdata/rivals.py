"""Writes coattention_mner, umt_mner, umt_mner_official and umgf_mner .safetensors: fixtures of model/rivals_test.go.

Each is one model of tiny size in plain PyTorch, from its description in docs/reference/models.md, one sample and where it
matters one pair at a time: random parameters (param.*), a batch (in.*), what the model computes (out.*), the gradient of
every parameter (grad.*) and the losses of ten optimiser steps (out.ten_losses), dropout off. Numbers are float32
and what is computed from them float64. The program shares no code with model/ and none with mmib.py.

Run: pip install torch==2.11.0 safetensors numpy && python3 model/testdata/rivals.py [FOLDER]
"""
import pathlib
import sys

import torch
from rival_fixture import write
from torch import nn

D, HEADS, LAYERS, VOCAB, POSITIONS, B, L, M, E = 8, 2, 2, 14, 10, 4, 7, 3, 5
GRAPH, HIDDEN, GRAPH_HEADS, GRAPH_LAYERS = 8, 2, 8, 6  # two thirds and a third of D, the former a multiple of 8
LENGTHS = [7, 5, 3, 6]
ROWS = [3, 2, 1, 3]  # of evidence that are real, the first ones
TYPES = ["PER", "LOC", "ORG", "MISC"]
OFFICIAL = ["PAD", "O", "B-MISC", "I-MISC", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "X", "[CLS]", "[SEP]"]
OFFICIAL_SPANS = ["PAD", "O", "B", "I", "X", "[CLS]", "[SEP]"]
BIO = ["O"] + [prefix + kind for kind in TYPES for prefix in ("B-", "I-")]
CASES = {
    "coattention_mner": dict(model="coattention", tags=BIO, seed=31),
    "umt_mner": dict(model="umt", tags=BIO, spans=["O", "B", "I"], seed=32),
    "umt_mner_official": dict(model="umt", tags=OFFICIAL, spans=OFFICIAL_SPANS, seed=33),
    "umgf_mner": dict(model="umgf", tags=BIO, seed=34),
}


class Attention(nn.Module):
    """softmax(q k' / sqrt(width of a head)) v over real memory; which of the four maps there are differs."""

    def __init__(self, names, width, heads):
        super().__init__()
        self.names, self.heads = names, heads
        for name in names.values():
            if name:
                self.add_module(name, nn.Linear(width, width))

    def part(self, role, x):
        return getattr(self, self.names[role])(x) if self.names[role] else x

    def forward(self, x, memory):
        q, k, v = self.part("q", x), self.part("k", memory), self.part("v", memory)
        width = q.shape[-1] // self.heads
        out = []
        for i in range(0, q.shape[-1], width):
            scores = q[:, i:i + width] @ k[:, i:i + width].T / width ** 0.5
            out.append(scores.softmax(-1) @ v[:, i:i + width])
        return self.part("o", torch.cat(out, -1))


class BertLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.Module()
        self.attention.self = Attention(dict(q="query", k="key", v="value", o=None), D, HEADS)
        self.attention.output = nn.ModuleDict(dict(dense=nn.Linear(D, D), LayerNorm=nn.LayerNorm(D, 1e-12)))
        self.intermediate = nn.ModuleDict(dict(dense=nn.Linear(D, 2 * D)))
        self.output = nn.ModuleDict(dict(dense=nn.Linear(2 * D, D), LayerNorm=nn.LayerNorm(D, 1e-12)))

    def forward(self, x, memory):
        a, o = self.attention.output, self.output
        x = a["LayerNorm"](x + a["dense"](self.attention.self(x, memory)))
        return o["LayerNorm"](x + o["dense"](nn.functional.gelu(self.intermediate["dense"](x))))


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.ModuleDict(dict(
            word_embeddings=nn.Embedding(VOCAB, D), position_embeddings=nn.Embedding(POSITIONS, D),
            token_type_embeddings=nn.Embedding(2, D), LayerNorm=nn.LayerNorm(D, 1e-12)))
        self.encoder = nn.ModuleDict(dict(layer=nn.ModuleList(BertLayer() for _ in range(LAYERS))))

    def forward(self, ids):
        e, at = self.embeddings, torch.arange(len(ids))
        x = e["word_embeddings"](ids) + e["position_embeddings"](at) + e["token_type_embeddings"](torch.zeros_like(ids))
        x = e["LayerNorm"](x)
        for layer in self.encoder["layer"]:
            x = layer(x, x)
        return x


class CRF(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.start_transitions, self.end_transitions = nn.Parameter(torch.empty(k)), nn.Parameter(torch.empty(k))
        self.transitions = nn.Parameter(torch.empty(k, k))

    def nll(self, emissions, tags):
        gold, alpha = self.start_transitions[tags[0]] + emissions[0, tags[0]], self.start_transitions + emissions[0]
        for t in range(1, len(tags)):
            gold = gold + self.transitions[tags[t - 1], tags[t]] + emissions[t, tags[t]]
            alpha = (alpha[:, None] + self.transitions).logsumexp(0) + emissions[t]
        return (alpha + self.end_transitions).logsumexp(0) - gold - self.end_transitions[tags[-1]]


class CoAttention(nn.Module):
    width = 2 * D

    def __init__(self, case):
        super().__init__()
        self.bert, self.picture = Bert(), nn.Linear(E, D)
        self.word_to_picture = Attention(dict(q="query", k="key", v=None, o=None), D, 1)
        self.picture_to_word = Attention(dict(q="query", k="key", v=None, o=None), D, 1)
        self.gate = nn.ModuleDict(dict(picture=nn.Linear(D, D), text=nn.Linear(D, D), gate=nn.Linear(2 * D, 1)))
        self.filter = nn.ModuleDict(dict(gate=nn.Linear(2 * D, 1), kept=nn.Linear(D, D)))

    def forward(self, ids, rows):
        h = self.bert(ids)
        saw = self.word_to_picture(h, self.picture(rows))
        read = self.picture_to_word(saw, h)
        out = []
        for t in range(len(h)):
            u, r = self.gate["picture"](saw[t]).tanh(), self.gate["text"](read[t]).tanh()
            g = self.gate["gate"](torch.cat([u, r])).sigmoid()
            m = g * u + (1 - g) * r
            s = self.filter["gate"](torch.cat([h[t], m])).sigmoid()
            out.append(torch.cat([h[t], s * self.filter["kept"](m).tanh()]))
        return torch.stack(out), None


class UMT(nn.Module):
    width = 2 * D

    def __init__(self, case):
        super().__init__()
        self.bert = Bert()
        encoder = lambda: nn.ModuleDict(dict(layer=nn.ModuleList([BertLayer()])))
        self.self_attention, self.self_attention_v2 = encoder(), encoder()
        self.vismap2text, self.vismap2text_v2 = nn.Linear(E, D), nn.Linear(E, D)
        self.txt2img_attention, self.img2txt_attention, self.txt2txt_attention = encoder(), encoder(), encoder()
        self.gate = nn.Linear(2 * D, D)
        self.aux_classifier, self.aux_crf = nn.Linear(D, len(case["spans"])), CRF(len(case["spans"]))

    def forward(self, ids, rows):
        h = self.bert(ids)
        run = lambda encoder, x, memory: encoder["layer"][0](x, memory)
        spans, text = run(self.self_attention, h, h), run(self.self_attention_v2, h, h)
        saw = run(self.txt2img_attention, text, self.vismap2text(rows))
        seen = run(self.img2txt_attention, self.vismap2text_v2(rows), text)
        final = run(self.txt2txt_attention, text, seen)
        gate = self.gate(torch.cat([final, saw], -1)).sigmoid()
        return torch.cat([final, gate * saw], -1), self.aux_classifier(spans)


class UMGFNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.LayerNorm = nn.LayerNorm(GRAPH)

    def forward(self, x, y):
        return self.LayerNorm(x + y)


class UMGF(nn.Module):
    width = D + GRAPH

    def __init__(self, case):
        super().__init__()
        self.bert, self.trans_txt = Bert(), nn.Linear(D, GRAPH)
        self.trans_obj = nn.Sequential(nn.Linear(E, GRAPH), nn.ReLU(), nn.Dropout(0), nn.Linear(GRAPH, GRAPH), nn.ReLU())
        every = lambda make, n=GRAPH_LAYERS: nn.ModuleList(make() for _ in range(n))
        for name, makes in dict(mhatt_x=lambda: maps(4), mhatt_o=lambda: maps(2)).items():
            self.add_module(name, every(makes))
        pair, feed = lambda: nn.Linear(2 * GRAPH, GRAPH), lambda: nn.ModuleDict(dict(w_1=nn.Linear(GRAPH, HIDDEN), w_2=nn.Linear(HIDDEN, GRAPH)))
        self.mhatt_x2o, self.ffn_x = every(pair), every(feed)
        self.res4mes_x, self.xgate, self.res4ffn_x, self.res4mes_o = (every(UMGFNorm) for _ in range(4))
        # No output depends on what the last layer does with the rows after the words saw them.
        self.mhatt_o2x, self.ffn_o = every(pair, GRAPH_LAYERS - 1), every(feed, GRAPH_LAYERS - 1)
        self.ogate, self.res4ffn_o = every(UMGFNorm, GRAPH_LAYERS - 1), every(UMGFNorm, GRAPH_LAYERS - 1)

    def forward(self, ids, rows):
        h = self.bert(ids)
        x, o = self.trans_txt(h), self.trans_obj(rows)
        for i in range(GRAPH_LAYERS):
            a, b = self.mhatt_x[i].linears, self.mhatt_o[i].linears
            x = self.res4mes_x[i](x, a[3](attend(a[0](x), a[1](x), a[2](x))))
            o = self.res4mes_o[i](o, attend(b[0](o), b[1](o), o))
            gathered = [sum(self.mhatt_x2o[i](torch.cat([w, r])).sigmoid() * r for r in o) for w in x]
            words = self.xgate[i](x, torch.stack(gathered))
            words = self.res4ffn_x[i](words, self.ffn_x[i]["w_2"](self.ffn_x[i]["w_1"](words).relu()))
            if i < GRAPH_LAYERS - 1:
                gathered = [sum(self.mhatt_o2x[i](torch.cat([w, r])).sigmoid() * w for w in x) for r in o]
                o = self.ogate[i](o, torch.stack(gathered))
                o = self.res4ffn_o[i](o, self.ffn_o[i]["w_2"](self.ffn_o[i]["w_1"](o).relu()))
            x = words
        return torch.cat([h, x], -1), None


def maps(n):
    return nn.ModuleDict(dict(linears=nn.ModuleList(nn.Linear(GRAPH, GRAPH) for _ in range(n))))


def attend(q, k, v):
    width = GRAPH // GRAPH_HEADS
    cut = lambda t, i: t[:, i:i + width]
    parts = [(cut(q, i) @ cut(k, i).T / width ** 0.5).softmax(-1) @ cut(v, i) for i in range(0, GRAPH, width)]
    return torch.cat(parts, -1)


def build(case, g):
    model = dict(coattention=CoAttention, umt=UMT, umgf=UMGF)[case["model"]](case)
    model.fc, model.crf = nn.Linear(model.width, len(case["tags"])), CRF(len(case["tags"]))
    for name, p in model.named_parameters():
        value = 0.4 * torch.randn(p.shape, generator=g, dtype=torch.float32)
        p.data = (1 + 0.3 * value if name.endswith("LayerNorm.weight") else value).double()
    return model


def conversion(case):
    """From span tags to tags: 1, or a quarter for each of the four types."""
    matrix = torch.zeros(len(case["spans"]), len(case["tags"]))
    for k, tag in enumerate(case["tags"]):
        bare, share = (tag[0], 0.25) if tag[1:2] == "-" else (tag, 1.0)
        matrix[case["spans"].index(bare), k] = share
    return matrix


def forward(model, x, case):
    """Every sample by itself, without its padding."""
    out = dict(states=torch.zeros(B, L, model.width), scores=torch.zeros(B, x["tags"].shape[1], len(case["tags"])))
    losses = []
    for i in range(B):
        states, spans = model(x["ids"][i, :LENGTHS[i]], x["evidence"][i, :ROWS[i]])
        n = int(x["tagged"][i].sum())
        at, tags = x["positions"][i, :n], x["tags"][i, :n]
        scores = model.fc(states)[at]
        loss = 0
        if spans is not None:
            spans = spans[at]
            scores = 0.5 * scores + 0.5 * (spans @ conversion(case))
            bare = torch.tensor([case["spans"].index(t[0] if t[1:2] == "-" else t) for t in (case["tags"][k] for k in tags)])
            loss = 0.5 * model.aux_crf.nll(spans, bare)
        losses.append(loss + model.crf.nll(scores, tags))
        out["states"][i, :LENGTHS[i]], out["scores"][i, :n] = states, scores
    out["loss"] = torch.stack(losses).mean()
    return out


def batch(case, g):
    x = {"real": torch.arange(L)[None] < torch.tensor(LENGTHS)[:, None], "rows": torch.arange(M)[None] < torch.tensor(ROWS)[:, None]}
    x["ids"] = torch.randint(1, VOCAB, (B, L), generator=g) * x["real"]
    x["evidence"] = torch.randn((B, M, E), generator=g, dtype=torch.float32).double()
    x["pictures"] = torch.tensor([0, 1, 0, 2])
    if case["tags"] is OFFICIAL:  # every piece carries a tag
        x["positions"], x["tagged"] = torch.arange(L).repeat(B, 1), x["real"].clone()
    else:
        x["positions"] = torch.tensor([[1, 2, 4, 5], [1, 3, 0, 0], [1, 0, 0, 0], [1, 2, 3, 0]])
        x["tagged"] = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]]).bool()
    x["tags"] = torch.randint(0, len(case["tags"]), x["positions"].shape, generator=g) * x["tagged"]
    return x


def main(folder):
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    for name, case in CASES.items():
        g = torch.Generator().manual_seed(case["seed"])
        model, x = build(case, g), batch(case, g)
        write(str(pathlib.Path(folder) / (name + ".safetensors")), dict(model.named_parameters()), x, lambda: forward(model, x, case))


main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
