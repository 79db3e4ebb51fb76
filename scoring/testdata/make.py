"""Writes scores.json: what seqeval and scikit-learn say about random and
adversarial tags and relations.

    pip install seqeval==1.2.2 scikit-learn && python make.py

One letter stands for one tag ("tags") or relation ("relations") of the list.
"""

import json
import pathlib
import random
import warnings

from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as lenient
from seqeval.metrics.v1 import precision_recall_fscore_support as v1
from seqeval.scheme import IOB2
from sklearn.metrics import accuracy_score
from sklearn.metrics import precision_recall_fscore_support as relations

warnings.filterwarnings("ignore")
rng = random.Random(7)

PLAIN = ["O"] + [p + "-" + t for t in ("PER", "LOC", "ORG", "MISC") for p in "BI"]
SCHEMES = ["E-PER", "S-PER", "E-LOC", "S-LOC", "B", "I", "B-", "B-a-b", "I-a-b", "I-b"]
ODD = ["X", "PAD", "[CLS]", "[SEP]", "O-PER", "PER", "Ünder"]  # never in gold
TAGS = PLAIN + SCHEMES + ODD
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"
RELATIONS = ["None"] + ["/per/org/member_of", "/per/per/peer", "/loc/loc/contain", "/per/misc/race", "/org/org/subsidiary"]


def sequence(tags, length):
    """Half of the time a walk that likes to go on with what it has."""
    if rng.random() < 0.5:
        return [rng.choice(tags) for _ in range(length)]
    out = []
    for _ in range(length):
        last = out[-1] if out else "O"
        stay = last.replace("B-", "I-") if rng.random() < 0.8 else last
        out.append(stay if rng.random() < 0.5 and stay in tags else rng.choice(tags))
    return out


def noisy(gold, tags, noise):
    return [rng.choice(tags) if rng.random() < noise else t for t in gold]


def summary(score, gold, pred, **how):
    """[[correct, predicted, gold], [precision, recall, f1]] of all and of each type."""
    p, r, f, _ = score(gold, pred, average="micro", **how)
    return [float(p), float(r), float(f)]


def by_type(score, gold, pred, names, **how):
    p, r, f, support = score(gold, pred, average=None, **how)
    return {n: [float(a), float(b), float(c), int(s)] for n, a, b, c, s in zip(names, p, r, f, support)}


def names_of(gold, pred):
    from seqeval.metrics.sequence_labeling import get_entities

    return sorted({e[0] for e in get_entities(gold)} | {e[0] for e in get_entities(pred)})


def entity_case(gold, pred, strict):
    # A first sequence of one O puts a bare X at the start of the first tweet
    # on the same footing as one at the start of any other.
    g, p = [["O"]] + gold, [["O"]] + pred
    case = {
        "gold": [encode(s) for s in gold],
        "pred": [encode(s) for s in pred],
        "lenient": summary(lenient, g, p),
        "types": by_type(lenient, g, p, names_of(g, p)),
        "concatenated": summary(lenient, [sum(g, [])], [sum(p, [])]),
    }
    if strict:
        case["strict"] = summary(v1, g, p, mode="strict", scheme=IOB2)
    return case


def encode(tags):
    return "".join(LETTERS[TAGS.index(t)] for t in tags)


def entities():
    cases = []
    for n in range(204):
        kind = n % 4
        gold_tags = PLAIN if kind < 3 else PLAIN + SCHEMES
        pred_tags = [PLAIN, PLAIN, TAGS, PLAIN + SCHEMES][kind]
        gold, pred = [], []
        for _ in range(10):
            g = sequence(gold_tags, rng.choice([0, 1, 1, 2, 3, 5, 8, 13, 21]))
            gold.append(g)
            pred.append(noisy(g, pred_tags, rng.choice([0, 0.1, 0.3, 1])))
        if n == 0:  # 0/0 everywhere
            gold = pred = [["O"] * 3, [], ["O"]]
        if n == 1:  # nothing predicted
            pred = [["O"] * len(g) for g in gold]
        if n == 4:  # nothing to be found
            gold = [["O"] * len(p) for p in pred]
        cases.append(entity_case(gold, pred, strict=kind < 2))
    return cases


def relation_cases():
    cases = []
    labels = RELATIONS[1:]
    for n in range(60):
        rows = rng.choice([0, 1, 2, 10, 60])
        gold = [rng.choice(RELATIONS[:1] * 4 + RELATIONS[: rng.choice([1, 2, 6])]) for _ in range(rows)]
        pred = noisy(gold, RELATIONS, rng.choice([0, 0.2, 1]))
        if n % 7 == 0:
            pred = ["None"] * rows
        if rows == 0:
            continue  # scikit-learn refuses it
        cases.append({
            "gold": "".join(LETTERS[RELATIONS.index(t)] for t in gold),
            "pred": "".join(LETTERS[RELATIONS.index(t)] for t in pred),
            "micro": summary(relations, gold, pred, labels=labels, zero_division=0),
            "types": by_type(relations, gold, pred, labels, labels=labels, zero_division=0),
            "accuracy": float(accuracy_score(gold, pred)),
        })
    return cases


out = {"letters": LETTERS, "tags": TAGS, "relations": RELATIONS, "entities": entities(), "pairs": relation_cases()}
path = pathlib.Path(__file__).with_name("scores.json")
path.write_text(json.dumps(out, ensure_ascii=False, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(path.stat().st_size, "bytes", sum(len(c["gold"]) for c in out["entities"]), "sequences")
