"""Two exercises of chapter 02 about a label for every word: reading both ways, and entities from tags."""

from __future__ import annotations

from utils.teaching.exercises.model import Case, Exercise, Wrong
from utils.teaching.exercises.props import Cell


def both_ways(forward, backward, words):
    """For each word the pair (state of the reader from the left, state of the reader from the right), both after it."""
    left, state = [], 0.0
    for word in words:
        state = forward(word, state)
        left.append(state)
    right, state = [], 0.0
    for word in reversed(words):
        state = backward(word, state)
        right.append(state)
    return list(zip(left, reversed(right), strict=True))


def _states(cell, words, state=0.0):
    found = []
    for word in words:
        state = cell(word, state)
        found.append(state)
    return found


def _not_turned_back(forward, backward, words):
    return list(zip(_states(forward, words), _states(backward, words[::-1]), strict=True))


def _both_from_the_left(forward, backward, words):
    return list(zip(_states(forward, words), _states(backward, words), strict=True))


def _goes_on(forward, backward, words):
    left = _states(forward, words)
    return list(zip(left, _states(backward, words[::-1], left[-1])[::-1], strict=True))


def _before_the_word(forward, backward, words):
    left, right = _states(forward, words), _states(backward, words[::-1])[::-1]
    return list(zip([0.0, *left[:-1]], [*right[1:], 0.0], strict=True))


def _one_cell(forward, backward, words):
    return both_ways(forward, forward, words)


def _cells(*words):
    return Cell(keep=0.5, take=1.0), Cell(keep=0.1, take=-1.0), list(words)


BOTH_WAYS = Exercise(
    id="2.5",
    title="Both ways by hand",
    task="""
A bidirectional network has two cells. One reads the words from left to right, the other from right to left, and each
starts from the state 0. For word t it uses two states: what the first cell knows after reading words 0 to t, and what
the second knows after reading from the last word back to word t. A cell is called as `cell(word, state)` and returns
the new state; here words and states are plain numbers. Write `both_ways`: a list with one pair (left, right) a word, in
the order of the words.
""",
    difficulty=2,
    minutes=8,
    solution=both_ways,
    cases=(
        Case("four words", lambda: _cells(1.0, 2.0, 3.0, 5.0)),
        Case("a single word", lambda: _cells(4.0)),
        Case("words that read the same from both ends", lambda: _cells(1.0, 7.0, 1.0)),
    ),
    hints=(
        "Run the first cell over the words and keep every state; then do the same with the second cell.",
        "The second cell reads the last word first, so the first state in its list belongs to the last word.",
        "Turn its list round before you pair the two: `list(zip(left, reversed(right)))`.",
    ),
    wrong=(
        Wrong(
            _not_turned_back,
            "you pair the first word with the state that the second cell had after the *last* one: turn its list round",
        ),
        Wrong(
            _both_from_the_left, "both cells read from the left, so no state knows anything of the words that follow"
        ),
        Wrong(_goes_on, "the second cell goes on from the end state of the first; it must start from 0 by itself"),
        Wrong(
            _before_the_word,
            "your states are those *before* each word is read; the word itself is then known to neither of the two",
        ),
        Wrong(_one_cell, "you use the first cell in both directions; the two have weights of their own"),
    ),
    explanation="""
`torch.nn.RNN(..., bidirectional=True)` does this, and lays the two states of a word side by side. In a padded batch the
second cell must begin at the last *real* word, which is why such a network has to be told the lengths.
""",
)


def spans(tags):
    """BIO tags of a sentence -> its entities in order, each (kind, begin, end), the end not included."""
    found, begin, kind = [], 0, ""
    for place, tag in enumerate([*tags, "O"]):
        goes_on = tag == f"I-{kind}"
        if kind and not goes_on:
            found.append((kind, begin, place))
            kind = ""
        if tag != "O" and not goes_on:
            begin, kind = place, tag[2:]
    return found


def _needs_an_end(tags):
    return [span for span in spans(tags) if span[2] < len(tags)]


def _ignores_b(tags):
    return spans([f"I-{tag[2:]}" if tag != "O" else tag for tag in tags])


def _end_included(tags):
    return [(kind, begin, end - 1) for kind, begin, end in spans(tags)]


def _each_word(tags):
    return [(tag[2:], place, place + 1) for place, tag in enumerate(tags) if tag != "O"]


def _ignores_kinds(tags):
    found: list[tuple[str, int, int]] = []
    for kind, begin, end in spans(tags):
        if found and found[-1][2] == begin and tags[begin].startswith("I-"):
            found[-1] = (found[-1][0], found[-1][1], end)
        else:
            found.append((kind, begin, end))
    return found


def _loses_orphans(tags):
    return [span for span in spans(tags) if tags[span[1]].startswith("B-")]


SPANS = Exercise(
    id="2.6",
    title="From tags to entities",
    task="""
In BIO tags `B-PER` begins the name of a person, `I-PER` goes on with it, and `O` stands outside of every name. Write
`spans`: a list of the entities in order, each as `(kind, begin, end)`, where `end` is the place after its last word.
`["B-PER", "I-PER", "O", "B-LOC"]` gives `[("PER", 0, 2), ("LOC", 3, 4)]`.

A network may also write what no annotator would: an `I-LOC` that nothing of its kind comes before. As in the CoNLL
shared tasks, let it begin an entity.
""",
    difficulty=2,
    minutes=10,
    solution=spans,
    cases=(
        Case("two entities with a gap", lambda: (["O", "B-PER", "I-PER", "O", "B-LOC", "O"],)),
        Case("two persons side by side", lambda: (["B-PER", "B-PER", "I-PER", "O"],)),
        Case("an entity at the end of the sentence", lambda: (["O", "B-LOC", "I-LOC"],)),
        Case("a kind that changes without a B", lambda: (["B-PER", "I-LOC", "I-LOC", "O"],)),
        Case("an I without a B", lambda: (["O", "I-PER", "I-PER", "O"],)),
        Case("no entity", lambda: (["O", "O"],)),
    ),
    hints=(
        "Walk through the tags and remember the entity that is open: its kind and where it began.",
        "An entity stays open only where the tag is `I-` with its own kind. Everything else closes it.",
        "Put one more `O` after the last tag, so that an entity at the end is closed like any other.",
    ),
    wrong=(
        Wrong(
            _needs_an_end, "an entity that ends with the sentence is missing: nothing closes it, since no tag follows"
        ),
        Wrong(_ignores_b, "two entities side by side become one: a `B-` always begins a new one"),
        Wrong(_end_included, "`end` is the place *after* the last word, as in a slice: `words[begin:end]`"),
        Wrong(_each_word, "each word is an entity of its own in your list; `I-` goes on with the one before"),
        Wrong(_ignores_kinds, "an `I-LOC` does not go on with a person: a change of the kind begins a new entity"),
        Wrong(_loses_orphans, "you drop an entity without a `B-`; by the CoNLL rule its first `I-` begins it"),
    ),
    explanation="`words[begin:end]` gives back the words. Spans, not tags, are what a user sees, and what is scored.",
)
