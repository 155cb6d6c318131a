#!/usr/bin/env python3
"""Writes normalization.json: ids and offsets of Hugging Face's BertWordPieceTokenizer for every combination of lower-casing and
stripping accents, offsets of its ByteLevelBPETokenizer, and digests of what each half of the normalization makes of every scalar.

Needs tokenizers.json beside it. Special tokens are not added, so that their names are plain text.
"""
import json
import pathlib
import sys

sys.path.pop(0)  # this folder, where tokenizers.py has the name of the library
import tokenizers
from tokenizers import BertWordPieceTokenizer, ByteLevelBPETokenizer, normalizers, pre_tokenizers

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from digest import Digest

here = pathlib.Path(__file__).parent
saved = json.loads((here / "tokenizers.json").read_text())
strings = [
    "Unaffable CATS sat", "naïve café Crème BRÛLÉE", "cafe\u0301 E\u0301\u0323 \u0301alone", "अपने पोस्ट में भर्ती", "Привет мир, Йод ёж",
    "ΣΊΣΥΦΟΣ ς Αθήνα", "İstanbul ıl ẞ ß", "Việt Nam Đà Nẵng", "مُحَمَّد", "ไม่มี", "한국어 각", "我爱NBA和iPhone", "ガギグ が", "ﬁne Ⅷ Å Ω",
    "a\u0000b\u200bc\ufffdd \u00a0e", "👍🏽 👨‍👩‍👧 x", "don't  stop!? (x)", " lead and trail ", "x" * 101 + " y", "Հայաստան ՔԱՂԱՔ", "საქართველო ႠႡ", "𐐀𐐨 Ǆ ǅ",
    "unknown 🙂 word", "\u0344 \u0958 豈",
]
specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def digest(**settings):
    normalizer, splitter, result = normalizers.BertNormalizer(**settings), pre_tokenizers.BertPreTokenizer(), Digest()
    for code in [*range(0xD800), *range(0xE000, 0x33480), *range(0xE0000, 0xE0200)]:
        c = chr(code)
        words = [w for w, _ in splitter.pre_tokenize_str(normalizer.normalize_str(f"aZ{c}1{c} {c}!{c}"))]
        result.add(("\n".join(words) + "\n").encode())
    return str(result)


def edged(encoding, edge):
    return [2] + encoding.ids + [3], ["[CLS]"] + encoding.tokens + ["[SEP]"], [[0, 0]] + [list(o) for o in encoding.offsets] + [[0, 0]]


combinations = []
for lowercase, strip in [(True, True), (True, False), (False, True), (False, False), (True, None), (False, None)]:
    trained = BertWordPieceTokenizer(lowercase=lowercase, strip_accents=strip)
    trained.train_from_iterator(strings[:-2], vocab_size=420, min_frequency=1, show_progress=False, special_tokens=specials)
    pieces = [t for t, _ in sorted(trained.get_vocab().items(), key=lambda x: x[1])]
    plain = tokenizers.Tokenizer(tokenizers.models.WordPiece({t: i for i, t in enumerate(pieces)}, unk_token="[UNK]"))
    plain.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=strip)
    plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    results = [edged(plain.encode(s), None) for s in strings]
    combinations.append(dict(
        lowercase=lowercase, strip_accents=strip, vocabulary=pieces, ids=[r[0] for r in results], tokens=[r[1] for r in results],
        offsets=[r[2] for r in results]))

vocab = {t: i for i, t in enumerate(saved["bpe"]["vocabulary"])}
bpe = tokenizers.Tokenizer(tokenizers.models.BPE(vocab, [tuple(m.split(" ")) for m in saved["bpe"]["merges"]]))
bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
encodings = [bpe.encode(s) for s in strings]
(here / "normalization.json").write_text(json.dumps(dict(
    tokenizers=tokenizers.__version__, strings=strings, combinations=combinations,
    bpe=dict(ids=[e.ids for e in encodings], offsets=[[list(o) for o in e.offsets] for e in encodings]),
    digests=dict(lowercase=digest(lowercase=True, strip_accents=False), unaccented=digest(lowercase=False, strip_accents=True)),
)) + "\n")
