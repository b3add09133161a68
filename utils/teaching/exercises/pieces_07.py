"""An exercise of chapter 07: one merge of byte-pair encoding."""

from __future__ import annotations

from utils.teaching.exercises.model import Case, Exercise, Wrong


def merge_once(words):
    """A list of (pieces, times) -> the pair that stands side by side most often, and each word's pieces afterwards."""
    counts: dict = {}
    for pieces, times in words:
        for k in range(len(pieces) - 1):
            pair = (pieces[k], pieces[k + 1])
            counts[pair] = counts.get(pair, 0) + times
    best = max(counts, key=lambda pair: counts[pair])
    merged = []
    for pieces, _ in words:
        new, k = [], 0
        while k < len(pieces):
            step = 2 if tuple(pieces[k : k + 2]) == best else 1
            new.append("".join(pieces[k : k + step]))
            k += step
        merged.append(new)
    return best, merged


def _joined(words, best):
    return merge_once([([*best], 10**9), *words])[1][1:]


def _once_a_word(words):
    best = merge_once([(pieces, 1) for pieces, _ in words])[0]
    return best, _joined(words, best)


def _first_place_only(words):
    best, made = merge_once(words)[0], []
    for pieces, _ in words:
        k = next((k for k in range(len(pieces)) if tuple(pieces[k : k + 2]) == best), None)
        made.append([*pieces] if k is None else [*pieces[:k], "".join(best), *pieces[k + 2 :]])
    return best, made


def _overlapping(words):
    best, made = merge_once(words)[0], []
    for pieces, _ in words:
        new = []
        for k, piece in enumerate(pieces):
            if tuple(pieces[k : k + 2]) == best:
                new.append("".join(best))
            elif k == 0 or tuple(pieces[k - 1 : k + 1]) != best:
                new.append(piece)
        made.append(new)
    return best, made


def _across_words(words):
    text = [piece for pieces, times in words for _ in range(times) for piece in pieces]
    best = merge_once([(text, 1)])[0]
    return best, _joined(words, best)


def _only_the_pair(words):
    return merge_once(words)[0], [[*pieces] for pieces, _ in words]


def _split(text):
    return [(list(word), int(times)) for word, times in (entry.split(":") for entry in text.split())]


MERGE = Exercise(
    id="7.1",
    title="One merge",
    task="""
Byte-pair encoding begins with letters and joins pairs. Write one merge, `merge_once`: count for each pair of
neighbouring pieces how often it stands side by side, in all words, each word as many `times` as it occurs in the text.
Return the most frequent pair (the hidden cases have no tie) and the list of all words' pieces with that pair joined,
going from left to right. A pair is a tuple: `[(["a", "a", "a"], 1)]` gives `(("a", "a"), [["aa", "a"]])`.
""",
    difficulty=2,
    minutes=12,
    solution=merge_once,
    cases=(
        Case("low, lower, newest, widest and stone", lambda: (_split("low:5 lower:2 newest:6 widest:3 stone:2"),)),
        Case("a pair in many rare words", lambda: (_split("abz:1 abq:1 abx:1 zc:7"),)),
        Case("banana, where the pair comes twice", lambda: (_split("banana:3 ant:2 nap:1"),)),
        Case("aaaa and aaab, where a pair overlaps itself", lambda: (_split("aaaa:1 aaab:2"),)),
        Case("words that begin and end alike", lambda: (_split("sin:3 son:3 sip:1"),)),
    ),
    hints=(
        "The pairs of one word are `(pieces[k], pieces[k + 1])` for every k but the last; add `times` for each.",
        "`max(counts, key=lambda pair: counts[pair])` is the pair with the highest count.",
        "To join, walk with a place k: if the pair stands at k, append both as one and go on by 2, else by 1.",
    ),
    wrong=(
        Wrong(_once_a_word, "you count every word once; a word that occurs six times counts six times"),
        Wrong(_first_place_only, "you join only the first occurrence in each word; a word may hold the pair twice"),
        Wrong(_overlapping, "a piece was used twice: after joining two pieces go on *behind* them"),
        Wrong(_across_words, "you count pairs across the end of a word; pieces never reach from word to word"),
        Wrong(_only_the_pair, "the pair is right, but the words are returned unjoined"),
    ),
    explanation="""
Do this some thousands of times, and the list of pairs, in order, is the whole tokeniser. `utils.data.pieces` does just
this; the library `tokenizers` does it faster, since it corrects the counts after each merge instead of counting anew.
""",
)
