"""MMIB by the classes that its authors' code is built from: transformers' BertModel, torchcrf's CRF, torchvision's ResNet-50.

    pip install torch==2.11.0 torchvision transformers pytorch-crf safetensors
    python3 authors.py [FOLDER]                                     writes small checkpoints, batches and what they give
    python3 authors.py make FOLDER TASK PRESET WIDTH LAYERS L B     writes one of any size: weights.pt, batch.safetensors, theirs.safetensors,
                                                                    and exact.safetensors, which is theirs in float64
    python3 authors.py compare A B                                  prints the largest error of each kind of number

A checkpoint is the state_dict of a module whose parts have the names of the released code (github cuishiyao96/MMIB, commit
89be362). The module itself is written anew from the paper and from a description of that code; it shares nothing with model/.
"""
import pathlib
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from safetensors.torch import load_file, save_file
from torchcrf import CRF
from transformers import BertConfig, BertModel

from invented import uniform

TAGS = "PAD O B-MISC I-MISC B-PER I-PER B-ORG I-ORG B-LOC I-LOC X [CLS] [SEP]".split()
BIO = "O B-PER I-PER B-LOC I-LOC B-ORG I-ORG B-MISC I-MISC".split()


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads, self.linears = heads, nn.ModuleList(nn.Linear(d, d, bias=False) for _ in range(3))
        self.last_linear = nn.Linear(d, d)

    def forward(self, q, kv, shown):
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f, x in zip(self.linears, (q, kv, kv)))
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        if shown is not None:
            scores = scores.masked_fill(shown == 0, -1e9)
        return self.last_linear((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.cross_attn, self.dense = Attention(d, heads), nn.Linear(d, d)
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)

    def forward(self, q, kv, shown):
        p = self.ln1(q + self.cross_attn(q, kv, shown))
        return self.ln2(p + self.dense(p))


class VisEncoding(nn.Module):
    def __init__(self):
        super().__init__()
        self.resnet = torchvision.models.resnet50(weights=None)

    def forward(self, x):  # the pooled vector, before the classifier of ImageNet
        body = nn.Sequential(*list(self.resnet.children())[:-1])
        return body(x).flatten(1).detach()


class MMIB(nn.Module):
    def __init__(self, task, preset, config, evidence, size, resnet):
        super().__init__()
        d, heads = config.hidden_size, config.num_attention_heads
        self.task, self.official, z = task, preset == "official", size or d
        self.bert = BertModel(config)
        if resnet:
            self.vis_encoding = VisEncoding()
        self.linear = nn.Linear(evidence, d)
        mid = "encoding_" if task == "mre" else ""
        self.codes = [f"{side}_{mid}{what}" for side in ("txt", "img") for what in ("mean", "logstd")]
        for name in self.codes + ["img2txt_cross", "txt2img_cross"]:
            self.add_module(name, Block(d, heads))
        if size:
            for name in self.codes:
                self.add_module(name + "_head", nn.Linear(d, z))
            self.expand = nn.Linear(z, d)
        if self.official:
            self.discrimonator = nn.Linear(2 * z, z)
        if task == "mre":
            self.classifier = nn.Linear(2 * d, 5 if d < 100 else 23)
        else:
            tags = len(TAGS if self.official else BIO)
            self.fc, self.crf = nn.Linear(d, tags), CRF(tags, batch_first=True)

    def code(self, i, x, shown):
        out = []
        for name in self.codes[i : i + 2]:
            y = getattr(self, name)(x, x, shown)
            out.append(getattr(self, name + "_head")(y) if hasattr(self, "expand") else y)
        return out

    def forward(self, x):
        mask = x["attention_mask"]
        h = self.bert(input_ids=x["input_ids"], attention_mask=mask, token_type_ids=x["token_type_ids"]).last_hidden_state
        rows = x["image_features"] if "image_features" in x else self.vis_encoding(x["images"].flatten(0, 1)).unflatten(0, x["images"].shape[:2])
        v = self.linear(rows)
        if self.official:  # the mask of the released code hides queries, not keys
            text, key = mask[:, None, :, None], None
        else:
            text = key = mask[:, None, None, :]
        out, z = {}, {}
        for i, side, hidden, shown in ((0, "text", h, text), (2, "image", v, None)):
            mean, logvar = self.code(i, hidden, shown)
            out["mean_" + side], out["logvar_" + side] = mean, logvar
            eps = x.get("eps_" + side)
            z[side] = mean if eps is None else mean + eps * torch.exp(0.5 * logvar)
        wide = self.expand if hasattr(self, "expand") else nn.Identity()
        asked = self.img2txt_cross(wide(z["image"]), wide(z["text"]), key)
        fused = self.txt2img_cross(wide(z["text"]), asked, text if self.official else None)
        out["fused"] = fused
        out["loss_task"] = self.label(fused, x, out)
        out["loss_align"] = self.align(z["text"][:, 0], z["image"][:, 0])
        for side, real in (("text", mask.bool()), ("image", torch.ones(rows.shape[:2], dtype=torch.bool))):
            m, s = out["mean_" + side], out["logvar_" + side]
            kl = -0.5 * (1 + s - m**2 - s.exp())
            out["kl_" + side] = kl.mean() if self.official else kl.sum(-1)[real].mean()
        w, b = (1.0, 1.0) if self.official else (0.1, 1e-3)
        out["loss"] = out["loss_task"] + w * out["loss_align"] + b * (out["kl_text"] + out["kl_image"])
        return out

    def label(self, fused, x, out):
        if self.task == "mre":
            at = torch.arange(len(fused))
            out["logits"] = self.classifier(torch.cat([fused[at, x["head_pos"]], fused[at, x["tail_pos"]]], -1))
            return F.cross_entropy(out["logits"], x["labels"], reduction="sum" if self.official else "mean")
        out["emissions"] = e = self.fc(fused)
        if self.official:
            return -self.crf(e, x["labels"], mask=x["attention_mask"].bool(), reduction="mean")
        losses = []
        for scores, labels in zip(e, x["labels"]):  # a sentence at a time: the first pieces of its words
            first = [j for j, y in enumerate(labels.tolist()) if TAGS[y] in BIO]
            gold = torch.tensor([[BIO.index(TAGS[labels[j]]) for j in first]])
            losses.append(-self.crf(scores[first][None], gold, reduction="sum"))
        return torch.stack(losses).mean()

    def align(self, ct, cv):
        if not self.official:
            logits = F.cosine_similarity(ct[:, None], cv[None], dim=-1) / 0.1
            own = torch.arange(len(ct))
            return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
        score = lambda c: torch.sigmoid(self.discrimonator(torch.cat([ct, c], -1)))
        yes, no = score(cv), score(torch.roll(cv, 1, 0))
        return F.binary_cross_entropy(yes, torch.ones_like(yes)) + F.binary_cross_entropy(no, torch.zeros_like(no))


def invent(model, deviation):
    """Numbers for every tensor, by its name alone."""
    for name, t in model.state_dict().items():
        if t.dtype != torch.float32:
            continue
        u = torch.from_numpy(uniform(name, t.numel())).float().reshape(t.shape)
        vision = name.removeprefix("vis_encoding.resnet.")
        if vision != name:
            # The rule of vision.py, which vision_test.go follows too.
            bare = torch.from_numpy(uniform(vision, t.numel())).reshape(t.shape)
            if t.ndim == 4:
                v = (2 * bare - 1) * (6 / t[0].numel()) ** 0.5
            else:
                v = 0.5 + bare if name.endswith((".weight", ".running_var")) else 0.4 * bare - 0.2
            t.copy_(v)
        else:
            norm = name.endswith(("LayerNorm.weight", "ln1.weight", "ln2.weight"))
            t.copy_((2 * u - 1) * deviation * 3**0.5 + (1 if norm else 0))


def picture(p):
    """Picture p of vision.py: levels from 0 to 255, standardised for ImageNet."""
    c, y, x = torch.meshgrid(torch.arange(3), torch.arange(224), torch.arange(224), indexing="ij")
    levels = (x * (3 + p) + y * (5 - 2 * p) + 41 * c + (x * y // 7) % 64) % 256
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).double()[:, :, None, None]
    return (levels.double() / 255 - mean) / deviation


def batch(model, b, l, rows, vocab, size, g):
    d = model.bert.config.hidden_size
    lengths = torch.randint(max(4, l // 2), l + 1, (b,), generator=g)
    lengths[0] = l
    x = {"attention_mask": (torch.arange(l) < lengths[:, None]).long()}
    x["input_ids"] = torch.randint(1, vocab, (b, l), generator=g) * x["attention_mask"]
    x["token_type_ids"] = (torch.arange(l) >= lengths[:, None] // 2).long() * x["attention_mask"]
    x["image_features"] = torch.randn((b, rows, model.linear.in_features), generator=g)
    x["eps_text"] = torch.randn((b, l, size or d), generator=g)
    x["eps_image"] = torch.randn((b, rows, size or d), generator=g)
    if model.task == "mre":
        x["head_pos"], x["tail_pos"] = torch.randint(0, 4, (b,), generator=g), torch.randint(0, 4, (b,), generator=g)
        x["labels"] = torch.randint(0, model.classifier.out_features, (b,), generator=g)
        return x
    labels = torch.randint(1, 11, (b, l), generator=g)  # O, entities and X
    labels[:, 1] = torch.randint(1, 10, (b,), generator=g)
    labels = labels * x["attention_mask"]
    labels[:, 0] = TAGS.index("[CLS]")
    labels[torch.arange(b), lengths - 1] = TAGS.index("[SEP]")
    x["labels"] = labels
    return x


def compute(model, x):
    model.eval()
    out = model(x)
    model.zero_grad()
    out["loss"].backward()
    file = {k: v.detach().contiguous() for k, v in out.items()}
    file.update({"grad." + n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    return file


def build(task, preset, width, layers, heads, evidence, vocab, positions, size, deviation, resnet=False):
    config = BertConfig(vocab_size=vocab, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=2 * width if width < 100 else 4 * width,
                        max_position_embeddings=positions, attn_implementation="eager")
    model = MMIB(task, preset, config, evidence, size, resnet)
    with torch.no_grad():
        invent(model, deviation)
    return model


def fixtures(folder):
    torch.set_num_threads(1)
    for seed, (task, preset, form) in enumerate((("mner", "official", "pt"), ("mner", "default", "safetensors"), ("mre", "official", "safetensors"), ("mre", "default", "pt"))):
        size = 0 if preset == "official" else 5
        model = build(task, preset, 24, 1, 12, 10, 30, 12, size, 0.3)
        x = batch(model, 4, 9, 3, 30, size, torch.Generator().manual_seed(seed))
        if (task, preset) == ("mre", "default"):
            del x["eps_image"]  # means, then
        name = f"{folder}/authors_{task}_{preset}"
        state = {k: v.contiguous() for k, v in model.state_dict().items()}
        torch.save(state, name + ".pt") if form == "pt" else save_file(state, name + ".safetensors")
        save_file(x, name + "_batch.safetensors")
        theirs = compute(model, x)
        save_file(theirs, name + "_out.safetensors")
        print(name, theirs["loss"].item())
    # Pictures: the ResNet's numbers are invented in the same way by the test, and so are the pictures.
    model = build("mre", "official", 8, 1, 2, 2048, 30, 12, 0, 0.3, resnet=True)
    x = batch(model, 2, 9, 2, 30, 0, torch.Generator().manual_seed(9))
    del x["image_features"]
    theirs = compute(model, x | {"images": torch.stack([picture(p) for p in (0, 1, 1, 0)]).unflatten(0, (2, 2)).float()})
    state = {k: v.contiguous() for k, v in model.state_dict().items() if not k.startswith("vis_encoding.")}
    save_file(state, f"{folder}/authors_pictures.safetensors")
    save_file(x, f"{folder}/authors_pictures_batch.safetensors")
    save_file(theirs, f"{folder}/authors_pictures_out.safetensors")
    print("pictures", theirs["loss"].item())


def make(folder, task, preset, width, layers, l, b):
    size = 0 if preset == "official" else 64
    torch.manual_seed(0)
    model = build(task, preset, int(width), int(layers), 12, 2048, 30526 if int(width) > 100 else 100, 512, size, 0.04)
    x = batch(model, int(b), int(l), 5, model.bert.config.vocab_size, size, torch.Generator().manual_seed(1))
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), f"{folder}/weights.pt")
    save_file(x, f"{folder}/batch.safetensors")
    save_file(compute(model, x), f"{folder}/theirs.safetensors")
    exact = compute(model.double(), {k: v.double() if v.is_floating_point() else v for k, v in x.items()})
    save_file(exact, f"{folder}/exact.safetensors")


def compare(first, second):
    a, b = load_file(first), load_file(second)
    if a.keys() != b.keys():
        sys.exit(f"only the first: {sorted(a.keys() - b.keys())}, only the second: {sorted(b.keys() - a.keys())}")
    largest = max(v.abs().max().item() for k, v in a.items() if k.startswith("grad."))
    for name in a:
        if name.startswith("grad."):
            continue
        error = (a[name] - b[name]).abs().max().item() / a[name].abs().max().item()
        print(f"{name:14} {error:.1e}")
    worst = max(((a[n] - b[n]).abs().max().item() / max(a[n].abs().max().item(), 1e-2 * largest), n) for n in a if n.startswith("grad."))
    print(f"{'gradients':14} {worst[0]:.1e}  ({worst[1]})")


if __name__ == "__main__":
    if sys.argv[1:2] in (["make"], ["compare"]):
        {"make": make, "compare": compare}[sys.argv[1]](*sys.argv[2:])
    else:
        fixtures(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
