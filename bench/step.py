"""One optimiser step, or an epoch, of text-only and MMIB in PyTorch eager, as people write it: transformers' BertModel,
pytorch-crf, nn.Module blocks, torch.optim.AdamW (fused with --best). Shapes as in model/bench_test.go.

Prints "NAME/PRECISION SECONDS MiB": the median over steps, and the peak memory of the process. bench/speed.sh runs it
beside our own.
Needs: pip install torch transformers pytorch-crf
"""
import argparse
import random
import resource
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn
from torchcrf import CRF
from transformers import BertConfig, BertModel

B, WORDS, ROWS, D, HEADS, Z, TAGS = 16, 30, 16, 384, 12, 64, 9


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(D, D, bias=False) for _ in range(3))
        self.out, self.dense = nn.Linear(D, D), nn.Linear(D, D)
        self.ln1, self.ln2, self.drop = nn.LayerNorm(D), nn.LayerNorm(D), nn.Dropout(0.1)

    def forward(self, q, kv, keep):
        split = lambda x: x.view(x.shape[0], x.shape[1], HEADS, D // HEADS).transpose(1, 2)
        scores = split(self.q(q)) @ split(self.k(kv)).transpose(-2, -1) / (D // HEADS) ** 0.5
        weights = self.drop(scores.masked_fill(~keep[:, None, None, :], -1e9).softmax(-1))
        x = self.ln1(q + self.out((weights @ split(self.v(kv))).transpose(1, 2).reshape(q.shape)))
        return self.ln2(x + self.dense(x))


class Tagger(nn.Module):
    def __init__(self, mmib):
        super().__init__()
        self.bert = BertModel(BertConfig(hidden_size=D, num_hidden_layers=6, num_attention_heads=HEADS, intermediate_size=1536,
                                         attn_implementation="eager"), add_pooling_layer=False)
        self.drop, self.fc, self.crf, self.mmib = nn.Dropout(0.1), nn.Linear(D, TAGS), CRF(TAGS, batch_first=True), mmib
        if mmib:
            self.picture, self.expand = nn.Linear(D, D), nn.Linear(Z, D)
            self.blocks = nn.ModuleList(Block() for _ in range(6))
            self.heads = nn.ModuleList(nn.Linear(D, Z) for _ in range(4))

    def forward(self, ids, real, evidence, rows, tags):
        h = self.drop(self.bert(ids, attention_mask=real.long()).last_hidden_state)
        extra = 0.0
        if self.mmib:
            v, kls, zs = self.picture(evidence), [], []
            for i, (x, keep) in enumerate(((h, real), (v, rows))):
                mean = self.heads[2 * i](self.blocks[2 * i](x, x, keep))
                logvar = self.heads[2 * i + 1](self.blocks[2 * i + 1](x, x, keep)) - 4
                kl = 0.5 * (mean ** 2 + logvar.exp() - logvar - 1).sum(-1)
                kls.append((kl * keep).sum() / keep.sum())
                zs.append(mean + torch.randn_like(mean) * (0.5 * logvar).exp())
            logits = F.normalize(zs[0][:, 0].float(), dim=-1) @ F.normalize(zs[1][:, 0].float(), dim=-1).T / 0.1
            own = torch.arange(B)
            extra = 0.05 * (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) + 1e-3 * (kls[0] + kls[1])
            zt, zv = self.expand(zs[0]), self.expand(zs[1])
            h = self.blocks[5](zt, self.blocks[4](zv, zt, real), rows)
        emissions = self.fc(h)[:, 1:-1].float()
        return -self.crf(emissions, tags, reduction="mean") + extra


def batches(epoch):
    """Words of each batch: of one step, or of an epoch as in BenchmarkEpoch, sorted by length in pools of 16 batches."""
    if not epoch:
        while True:
            yield WORDS
    words = [6 + i * 37 % 45 for i in range(3373)]
    random.Random(0).shuffle(words)
    words += words[: -len(words) % B]
    longest = []
    for pool in range(0, len(words), 16 * B):
        ordered = sorted(words[pool : pool + 16 * B])
        longest += [max(ordered[i : i + B]) for i in range(0, len(ordered), B)]
    random.Random(1).shuffle(longest)
    yield from longest


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--only", required=True, help="NAME/PRECISION, such as mmib/bfloat16")
    args.add_argument("--epoch", action="store_true", help="one epoch, not one step")
    args.add_argument("--steps", type=int, default=10)
    args.add_argument("--best", action="store_true", help="fused AdamW")
    args = args.parse_args()
    name, precision = args.only.split("/")
    model = Tagger(name == "mmib").train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=args.best or None)
    rows, evidence = torch.ones(B, ROWS, dtype=torch.bool), torch.randn(B, ROWS, D)
    times = []
    for words in batches(args.epoch):
        ids = torch.randint(1000, 30000, (B, words + 2))
        real, tags = torch.ones(B, words + 2, dtype=torch.bool), torch.tensor([0, 1, 0, 3] * 13)[:words].repeat(B, 1)
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            loss = model(ids, real, evidence, rows, tags)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        loss.item()
        times.append(time.perf_counter() - start)
        if not args.epoch and len(times) == args.steps + 2:
            break
    seconds = sum(times) if args.epoch else statistics.median(times[2:])
    print(f"{args.only} {seconds:.4f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}", flush=True)


main()
