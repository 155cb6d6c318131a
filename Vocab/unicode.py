#!/usr/bin/env python3
"""Writes Vocab/unicode.txt, lowercase.txt and unaccented.txt: what the tokenizers ask of a Unicode scalar, as Hugging Face's `tokenizers`
answers it.

Asking the library itself, scalar by scalar, freezes the answers: ids then depend neither on its version nor on Swift's.
A line is a run of scalars with equal answers (the rest: words of BERT, neither letter nor number nor space, folded to themselves):

    FIRST[-LAST] FLAGS [FOLD]

FLAGS, `-` for none: BERT's cleaning drops (d) or turns to a space (s), BERT sets between spaces (c, CJK), BERT's pre-tokeniser isolates
(p, punctuation); GPT-2's pattern sees a letter (L), number (N) or space (S). FOLD, what remains after canonical decomposition, removal of
non-spacing marks and lower-casing: `=A+B` the scalars A B for each of the run, `=` nothing, `>A` A for the first, A + 1 for the second
and so on, `hangul` the arithmetic decomposition into jamo.

lowercase.txt and unaccented.txt have the same form without flags: FOLD is what lower-casing alone leaves, and decomposition with the removal
of non-spacing marks alone.
"""
import pathlib

import tokenizers
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, ByteLevel

off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
clean, cjk = BertNormalizer(**off | dict(clean_text=True)), BertNormalizer(**off | dict(handle_chinese_chars=True))
fold = BertNormalizer(**off | dict(strip_accents=True, lowercase=True))
lowercase, unaccented = BertNormalizer(**off | dict(lowercase=True)), BertNormalizer(**off | dict(strip_accents=True))
bert, gpt2 = BertPreTokenizer(), ByteLevel(add_prefix_space=False)


def flags(c: str) -> str:
    cleaned = clean.normalize_str(c)
    result = "d" if cleaned == "" else "s" if cleaned == " " else "c" if len(cjk.normalize_str(c)) == 3 else ""
    result += "p" if len(bert.pre_tokenize_str("a" + c + "a")) == 3 else ""
    one = [len(gpt2.pre_tokenize_str(x)) == 1 for x in ("a" + c + "a", "1" + c, "!" + c)]
    return result + ("L" if one[0] else "N" if one[1] else "" if one[2] else "S") or "-"


def hangul(s: int) -> str:
    s -= 0xAC00
    t = s % 28
    return chr(0x1100 + s // 588) + chr(0x1161 + s % 588 // 28) + (chr(0x11A7 + t) if t else "")


def write(name: str, flags, fold):
    runs = []  # [first, last, flags, fold of the first, kind]
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        c = chr(code)
        f, n = flags(c), fold.normalize_str(c)
        if 0xAC00 <= code < 0xD7A4 and n != c:
            assert n == hangul(code)
            n = "hangul"
        if runs and runs[-1][1] == code - 1 and runs[-1][2] == f:
            first, last, _, start, kind = run = runs[-1]
            same = n == start and start != chr(first)
            step = len(n) == len(start) == 1 and ord(n) - code == ord(start) - first
            if kind in (None, "=") and same or kind in (None, ">") and step:
                run[1], run[4] = code, "=" if same else ">"
                continue
        runs.append([code, code, f, n, None])

    lines = [f"# Made by unicode.py with tokenizers {tokenizers.__version__}; it explains the form."]
    for first, last, f, n, kind in runs:
        identity = n == chr(first) and kind != "="
        if f == "-" and identity:
            continue
        text = f"{first:X}" + (f"-{last:X}" if last > first else "") + " " + f
        if n == "hangul":
            text += " hangul"
        elif not identity:
            text += " " + (kind or "=") + "+".join(f"{ord(x):X}" for x in n)
        lines.append(text)
    pathlib.Path(__file__).with_name(name).write_text("\n".join(lines) + "\n")


write("unicode.txt", flags, fold)
write("lowercase.txt", lambda c: "-", lowercase)
write("unaccented.txt", lambda c: "-", unaccented)
