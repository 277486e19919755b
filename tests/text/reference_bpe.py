"""GPT-2's byte-level BPE without regular expressions: an independent reference for tests/text.

reference_bpe.py FOLDER TEXTS: FOLDER holds vocab.json and merges.txt, TEXTS is a JSON list of texts. Prints the tokens of
each text in a line."""
import json
import sys
import unicodedata

SPACES = {*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
ENDINGS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")


def kind(character):
    if ord(character) in SPACES:
        return "space"
    category = unicodedata.category(character)[0]
    return category if category in "LN" else "other"


def end_of_run(text, start, wanted):
    end = start
    while end < len(text) and kind(text[end]) == wanted:
        end += 1
    return end


def words(text):
    at = 0
    while at < len(text):
        end = next((at + len(ending) for ending in ENDINGS if text.startswith(ending, at)), None)
        if end is None:
            start = at + 1 if text[at] == " " and at + 1 < len(text) else at
            if kind(text[start]) != "space":
                end = end_of_run(text, start, kind(text[start]))
            else:
                end = end_of_run(text, at, "space")
                if end < len(text) and end - at > 1:
                    end -= 1
        yield text[at:end]
        at = end


def alphabet():
    """byte -> its symbol"""
    printable = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or 174 <= b]
    others = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}


def merge(symbols, ranks):
    while True:
        pairs = [(ranks[pair], pair) for pair in zip(symbols, symbols[1:]) if pair in ranks]
        if not pairs:
            return symbols
        best = min(pairs)[1]
        out, i = [], 0
        while i < len(symbols):
            here = tuple(symbols[i:i + 2]) == best
            out.append("".join(best) if here else symbols[i])
            i += 2 if here else 1
        symbols = out


def main():
    folder, texts = sys.argv[1:]
    vocabulary = json.load(open(folder + "/vocab.json", encoding="utf-8"))
    lines = open(folder + "/merges.txt", encoding="utf-8").read().split("\n")[1:]
    ranks = {tuple(line.split(" ")): i for i, line in enumerate(lines) if line}
    symbols = alphabet()
    for text in json.load(open(texts, encoding="utf-8")):
        tokens = []
        for word in words(text):
            tokens += [vocabulary[s] for s in merge([symbols[b] for b in word.encode("utf-8")], ranks)]
        print(*tokens)


main()
