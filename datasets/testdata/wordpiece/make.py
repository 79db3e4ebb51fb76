"""Writes what Hugging Face's tokenizers does, for wordpiece_test.go:

    pip install tokenizers==0.23.3 && python make.py [DATA MODEL]

- vocab.txt, uncased.json and cased.json: a made-up vocabulary and the tokenizer
  files for it; nasty.json: the ids of nasty strings under each.
- ../../classes.go: which characters it drops, strips or splits on.
- With the folder of the three benchmarks and a folder that holds the vocab.txt
  of BERT: real.json, the digest of the ids of every sentence. No text of the
  benchmarks is kept.
"""

import ast
import hashlib
import json
import pathlib
import random
import sys

from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

here = pathlib.Path(__file__).parent
rng = random.Random(5)
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

NASTY = [
    "", " ", "\t", "a b", "\u00a0", "x\u00a0y", "\ufe0f", "\ufe0e", "❤\ufe0f", "☀\ufe0fsun", "\u200d", "\u200b", "\ufeff", "\u00ad", "soft\u00adhyphen",
    "👩\u200d👩\u200d👧\u200d👦", "👍🏽", "🇩🇪", "#\ufe0f\u20e3", "1\ufe0f\u20e3", "e\u0301", "é", "É", "naïve", "Å", "A\u030a", "ệ", "Z\u0351\u0327\u0318a\u0334l\u030dg\u0321o\u0337",
    "a" + "\u0301" * 40 + "b", "\u0301", "\u0301\u0302", "नमस्ते", "किताब", "สวัสดี", "ประเทศไทย", "မြန်မာ", "اَلْعَرَبِيَّةُ", "שָׁלוֹם", "\u202eabc\u202c", "\u200fשלום\u200e", "فارسی\u200cها",
    "\x00", "a\x00b", "a\x01b", "\x7f", "\x85", "a\x85b", "\u2028", "a\u2029b", "\ufffd", "a\ufffdb", "\ue000", "\U000f0000x", "\ufdd0", "\uffff", "\U0010ffff",
    "中文", "日本語テスト", "漢字かな交じり", "한국어", "각", "ㄱㅏ", "\u3400", "\u4dbf", "\u4dc0", "\u9fff", "\ua000", "\uf900", "\U00020000", "\U0002a6df", "\U0002b81f", "\U0002b820", "\U0002b91f", "\U0002b920", "\U0002ceaf", "\U0002f800", "\U00030000", "a中b文c", "々", "〇", "ー",
    "İstanbul", "ıIiİ", "DİYARBAKIR", "ß", "ẞ", "Straße", "STRASSE", "ﬁne", "ﬃ", "ﬀ", "ǅ", "Ǆ", "ŉ", "ΣΊΣΥΦΟΣ", "ὈΔΥΣΣΕΎΣ", "ς", "Ⅷ", "ⓐⒶ", "Ａｂｃ", "１２３", "½", "²", "ª", "ſ", "K", "Ω", "Å", "ꙁ", "ა", "Ა", "Ꭰ", "ꭰ",
    "a" * 99, "a" * 100, "a" * 101, "b" * 100 + ".", "." * 150, "é" * 100, "e\u0301" * 60, "e\u0301" * 101, "😀" * 100, "x" + "\u200b" * 200 + "y", "ab" * 50 + "中" + "ab" * 50,
    "[SEP]", "[CLS]", "[PAD]", "[UNK]", "[MASK]", "[sep]", "a[SEP]b", "[SEP][CLS]", "[[SEP]]", "[SEP", "[ SEP ]", "[MASKED]", "##", "##a", "a##b", "#a", "<s>", "</s>", "<o>",
    "@user_name", "#HashTag", "http://t.co/AbC123", "don't", "don’t", "it's", "U.S.A.", "a-b", "a–b", "a—b", "a−b", "…", "...", "$5", "€5", "£5", "5%", "5‰", "a/b", "a\\b", "a|b", "a~b", "a^b", "a`b", "`", "´", "¨", "^", "<3", "=", "+", "©", "®", "™", "°", "§", "¶", "·", "•", "¿Qué?", "¡Sí!", "«a»", "„a“", "‹›", "、。「」", "！？", "﷽", "؟", "،", "।", "\u061d", "\u166d", "\U000111c9", "\u1734", "\u0898", "\u180e", "\u180f", "\u2e43",
    "\u1160", "\u3164", "\u115f", "\u17b4", "\u034f", "a\u034fb", "\u20dd", "a\u20ddb", "\u0488", "\u0903", "\U0001d165", "\U0001d400", "\U00010400", "\U0001f468\U0001f3fd", "\U000e0061", "\U0001f3f4\U000e0067\U000e007f", "\u1d7a",
    "ɐ", "ʼn", "œuvre", "Œ", "æ", "Æ", "ø", "đ", "ł", "þ", "ð", "ñ", "ç", "ő", "ű", "ț", "ơ", "ư", "йод", "Ёлка", "їжак", "ґ", "žluťoučký", "ŽLUŤOUČKÝ", "ﻻ", "ﬡ", "Ⴀ", "\u2c2f", "ǰ", "ΐ", "ᾳ", "ᾼ",
]


def random_strings(n):
    pools = [
        "abcdeABCDE", "aäÄeéÉoöÖiİıI", "a.,!?-_'#@", "ab\u0301\u0302\u0327\u200d\ufe0f", "漢字ab c", "😀❤\ufe0f\u200d👩a",
        "אבגַּab", "\x00\x01\t\n\r \u00a0\u2003\u3000ab", "ßẞſﬁﬂKÅab", "[SEP]CLa",
    ]
    return ["".join(rng.choice(rng.choice(pools)) for _ in range(rng.randrange(1, 14))) for _ in range(n)]


def vocabulary(strings):
    """Pieces made of what the normalizers leave of the strings, four fifths of
    the single characters and some longer ones."""
    pieces = set()
    for lowercase in (True, False):
        n = BertNormalizer(lowercase=lowercase)
        for s in strings:
            for word in n.normalize_str(s).split():
                for i in range(len(word)):
                    for size in (1, 2, 3, 5):
                        if rng.random() < (0.8 if size == 1 else 0.06):
                            pieces.add(("##" if i and rng.random() < 0.9 else "") + word[i : i + size])
                        if i and size == 1 and rng.random() < 0.5:
                            pieces.add(word[i])
    pieces = {p for p in pieces if p.isprintable() and p.strip() == p and p not in SPECIALS}
    return SPECIALS[:1] + ["[unused0]"] + SPECIALS[1:] + sorted(pieces)


def tokenizer(vocab, lowercase):
    t = Tokenizer(WordPiece({p: i for i, p in enumerate(vocab)}, unk_token="[UNK]", max_input_chars_per_word=100))
    t.normalizer = BertNormalizer(lowercase=lowercase)
    t.pre_tokenizer = BertPreTokenizer()
    t.add_special_tokens([AddedToken(s, normalized=False, special=True) for s in SPECIALS])
    return t


def ids_by_word(t, words):
    """The ids of each word of a text that is already split (is_split_into_words)."""
    e = t.encode(words, is_pretokenized=True, add_special_tokens=False)
    out = [[] for _ in words]
    for i, w in zip(e.ids, e.word_ids):
        out[w].append(i)
    return out


def nasty():
    strings = NASTY + random_strings(300)
    vocab = vocabulary(strings)
    (here / "vocab.txt").write_text("\n".join(vocab) + "\n", encoding="utf-8", newline="")
    out = {"strings": strings}
    for name, lowercase in (("uncased", True), ("cased", False)):
        t = tokenizer(vocab, lowercase)
        (here / (name + ".json")).write_text(t.to_str(pretty=False))
        out[name] = [ids_by_word(t, [s])[0] for s in strings]
        whole = ids_by_word(t, strings)
        assert whole == out[name], "words depend on their neighbours"
    (here / "nasty.json").write_text(json.dumps(out, separators=(",", ":")).replace("],[", "],\n["))


def ranges(chars):
    out = []
    for c in sorted(chars):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def classes():
    """The characters of each class, by what becomes of x, a character, x."""
    clean = BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    chinese = BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
    strip = BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    split = BertPreTokenizer()
    sets = {"dropped": [], "accents": [], "chinese": [], "spaces": [], "punctuation": []}
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000:
            continue
        s = "x" + chr(c) + "x"
        if clean.normalize_str(s) == "xx":
            sets["dropped"].append(c)
        if chinese.normalize_str(s) != s:
            sets["chinese"].append(c)
        if strip.normalize_str(s) == "xx":
            sets["accents"].append(c)
        parts = len(split.pre_tokenize_str(s))
        if parts > 1:
            sets["spaces" if parts == 2 else "punctuation"].append(c)
    return sets


DOCS = {
    "dropped": "dropped is what cleaning removes: control, format and private characters.",
    "accents": "accents are the nonspacing marks, which an uncased vocabulary strips.",
    "chinese": "chinese are the characters that are words of their own.",
    "spaces": "spaces separate words.",
    "punctuation": "punctuation is ASCII's symbols and Unicode's punctuation; each is a word of its own.",
}


def write_classes(sets):
    lines = [
        "// Written by testdata/wordpiece/make.py; do not edit.", "", "package datasets", "", 'import "unicode"', "",
        "// The classes of characters that Hugging Face's tokenizers tells apart, as it",
        "// does: by Unicode 8. To it later marks and punctuation are letters.",
    ]
    for name, chars in sets.items():
        lines += ["", "// " + DOCS[name], f"var {name} = &unicode.RangeTable{{"]
        for kind, part in (("16", [r for r in ranges(chars) if r[1] < 0x10000]), ("32", [r for r in ranges(chars) if r[1] >= 0x10000])):
            cells = [f"{{0x{a:04X}, 0x{b:04X}, 1}}," for a, b in part]
            if cells:
                lines.append(f"\tR{kind}: []unicode.Range{kind}{{")
                lines += ["\t\t" + " ".join(cells[i : i + 7]) for i in range(0, len(cells), 7)]
                lines.append("\t},")
        latin = sum(r[1] < 0x100 for r in ranges(chars))
        lines += [f"\tLatinOffset: {latin},"] * (latin > 0) + ["}"]
    (here / "../../classes.go").write_text("\n".join(lines) + "\n")


def sentences(data):
    for name in ("twitter2015", "twitter2017"):
        for split in ("train", "valid", "test"):
            words = []
            for line in (data / name / (split + ".txt")).read_text(encoding="utf-8").split("\n") + [""]:
                if not line and words:
                    yield words
                    words = []
                elif line and not (line.startswith("IMGID:") and "\t" not in line):
                    words.append(line.split("\t")[0])
    for split in ("train", "val", "test"):
        for line in (data / "mnre" / f"mnre_{split}.txt").read_text(encoding="utf-8").split("\n"):
            if line:
                yield ast.literal_eval(line)["token"]


def real(data, model):
    vocab = (model / "vocab.txt").read_text(encoding="utf-8").split("\n")
    vocab.pop()
    out = {"vocab": hashlib.sha256((model / "vocab.txt").read_bytes()).hexdigest()}
    for name, lowercase in (("uncased", True), ("cased", False)):
        t, h, n, pieces = tokenizer(vocab, lowercase), hashlib.sha256(), 0, 0
        for words in sentences(data):
            of = ids_by_word(t, words)
            h.update(("|".join(" ".join(map(str, w)) for w in of) + "\n").encode())
            n += 1
            pieces += sum(map(len, of))
        out[name] = {"sentences": n, "pieces": pieces, "sha256": h.hexdigest()}
    (here / "real.json").write_text(json.dumps(out, indent=1) + "\n")


nasty()
write_classes(classes())
if len(sys.argv) > 1:
    real(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
