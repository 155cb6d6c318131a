#!/usr/bin/env python3
"""Writes tokenizers.json: what Hugging Face's `tokenizers` makes of tricky strings, and digests of what it makes of larger texts.

Usage: tokenizers.py SHARED_DATA_DIR
"""
import json
import pathlib
import sys

sys.path.pop(0)  # this folder, where this file has the name of the library
import tokenizers
from tokenizers import BertWordPieceTokenizer, ByteLevelBPETokenizer, normalizers, pre_tokenizers

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from digest import Digest

data = pathlib.Path(sys.argv[1])
here = pathlib.Path(__file__).parent
specials = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]

corpus = [
    "The quick brown fox jumps over the lazy dog; the dog doesn't mind, and the fox jumps again.",
    "She sells sea shells by the sea shore. The shells that she sells are sea shells, I'm sure!",
    "Unaffable, unbelievable and unforgettable: the naïve café's crème brûlée costs 12.50 € or 13,75 $.",
    "In 1984 the 1,234,567th visitor came; in 2024 the 7,654,321st. We've counted, they'll count, he'd count.",
    "机器学习 and машинное обучение and μηχανική μάθηση are machine learning, 機械学習 too.\n",
]
strings = [
    "", " ", "   ", "\n", "\t\ttabs\tand\nnew\r\nlines ", "the fox", " the fox ", "The FOX jumps!!", "she's we'll I'M don't 'tis ''s", "a  b   c",
    "naïve café crème brûlée", "cafe\u0301 e\u0301\u0323\u0302 \u0301alone", "ÀÉÎÕÜ ŁØÆŒß İıſ ẞ", "ΑΒΓ ΣΊΣΥΦΟΣ ς", "МАШИННОЕ обучение й ё",
    "机器学习很有趣", "日本語のテキスト、です。", "한국어 텍스트 각", "ﬁne ﬂour Ⅷ ² ½", "豈更 \u2f81a", "مرحبا بالعالم", "हिन्दी में", "ไทย",
    "👍🏽 👨‍👩‍👧‍👦 🇩🇪 ☕️", "a\u0000b\u0001c\u007fd\u0085e\u00ade\u200bf\u200df\ufefff\ufffdg", "x\u00a0y\u2003z\u3000w\u2028v\u1680u", "\ue000private\U000f0000 \U000e0020tag",
    "12.50€ 1,234,567 3.14e-10 0x1F Ⅷ ٣٤", "hello@example.com https://example.org/a?b=c&d=e#f", "“quotes” ‘single’ — dash – en … ¿qué? ¡no! «x»",
    "[CLS] the [MASK] fox [SEP] [mask] [PAD][UNK] [ MASK ]", "<s> the <mask> fox</s> <pad><unk> < mask > <S>", "$+<=>^`|~ ©®™°§¶ ≠ ∑",
    "x" * 99, "x" * 100, "x" * 101, "é" * 100, "é" * 101, "unaffableunbelievable" * 4, "unaffable" * 20, "ab" * 300, "a" * 1000, "the" * 50,
    "学" * 120, "!" * 80, " " * 50 + "x", "the\u0301the", "th\u200be fox", "a\u0300\u0301\u0302\u0303b", "Ångström K Ω",
    "\U0001d400\U0001d7d8 𝒳 𐐀𐐨", "\u0378\u0380 \U0003fffe", "x\u000by\u000cz\u001cw\u001f", "don't  stop 's 're 've 'll 'd 'm 't 'x", "  's", "1st 2nd a1b2",
]


def encodings(tokenizer):
    return [tokenizer.encode(s).ids for s in strings]


def file_digest(tokenizer, path, column=None):
    lines = (data / path).read_bytes().decode().split("\n")
    digest = Digest()
    for line in lines:
        digest.ids(tokenizer.encode(line if column is None else line.split("\t")[column] if line else "").ids)
    return str(digest)


def word_digest(words):
    """Of a few letters around every scalar that is not far outside of what is assigned."""
    digest = Digest()
    for code in [*range(0xD800), *range(0xE000, 0x33480), *range(0xE0000, 0xE0200)]:
        c = chr(code)
        digest.add(("\n".join(words(f"aZ{c}1{c} {c}!{c}")) + "\n").encode())
    return str(digest)


def bert_words(lowercase):
    normalizer, splitter = normalizers.BertNormalizer(lowercase=lowercase), pre_tokenizers.BertPreTokenizer()
    return lambda s: [w for w, _ in splitter.pre_tokenize_str(normalizer.normalize_str(s))]


small = BertWordPieceTokenizer()
small.train_from_iterator(corpus, vocab_size=300, show_progress=False)
pieces = [t for t, _ in sorted(small.get_vocab().items(), key=lambda x: x[1])]
uncased, cased = (BertWordPieceTokenizer(dict(small.get_vocab()), lowercase=lower) for lower in (True, False))

bpe = ByteLevelBPETokenizer()
bpe.train_from_iterator(corpus, vocab_size=400, show_progress=False, special_tokens=specials)
saved = json.loads(bpe.to_str())["model"]
gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)

english = ByteLevelBPETokenizer()
english.train([str(data / "wikitext2/valid.txt")], vocab_size=8192, show_progress=False, special_tokens=specials)
model = json.loads(english.to_str())["model"]
listing = [t for t, _ in sorted(model["vocab"].items(), key=lambda x: x[1])] + [" ".join(m) for m in model["merges"]]
bert = BertWordPieceTokenizer(str(data / "wikitext2/vocab.txt"))

result = {
    "tokenizers": tokenizers.__version__,
    "corpus": corpus,
    "strings": strings,
    "wordpiece": {
        "vocabulary": pieces,
        "uncased": encodings(uncased),
        "cased": encodings(cased),
        "decoded": [uncased.decode(x.ids) for x in map(uncased.encode, strings)],
    },
    "bpe": {
        "vocabulary": [t for t, _ in sorted(saved["vocab"].items(), key=lambda x: x[1])],
        "merges": [" ".join(m) for m in saved["merges"]],
        "ids": encodings(bpe),
        "cut": [bpe.decode([i], skip_special_tokens=True) for i in range(5, 40)],
    },
    "digests": {
        "uncased words": word_digest(bert_words(True)),
        "cased words": word_digest(bert_words(False)),
        "gpt2 words": word_digest(lambda s: [s[a:b] for _, (a, b) in gpt2.pre_tokenize_str(s)]),
        "english bpe": str(Digest().add("\n".join(listing).encode())),
        "wordpiece wikitext2/test.txt": file_digest(bert, "wikitext2/test.txt"),
        "wordpiece wikitext2/valid.txt": file_digest(bert, "wikitext2/valid.txt"),
        "wordpiece emoji/emoji.tsv": file_digest(BertWordPieceTokenizer(str(data / "emoji/vocab.txt")), "emoji/emoji.tsv", 1),
        "bpe wikitext2/test.txt": file_digest(english, "wikitext2/test.txt"),
        "bpe wikitext2/valid.txt": file_digest(english, "wikitext2/valid.txt"),
    },
}
path = here / "tokenizers.json"
path.write_text(json.dumps(result, indent=0) + "\n")
print(f"{path.name}: {len(strings)} strings, {path.stat().st_size} bytes")
