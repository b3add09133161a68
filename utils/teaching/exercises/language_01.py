"""Two exercises of chapter 01 on language models: perplexity, and drawing the next word."""

from __future__ import annotations

import math

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def perplexity(sentences):
    """For each sentence the list of its tokens' losses, in nats -> the perplexity of all of them together."""
    import math

    losses = [loss for sentence in sentences for loss in sentence]
    return math.exp(sum(losses) / len(losses))


def _tokens(sentences):
    return [loss for sentence in sentences for loss in sentence]


def _mean(values):
    return sum(values) / len(values)


def _mean_of_powers(sentences):
    return _mean([math.exp(loss) for loss in _tokens(sentences)])


def _sentence_weights(sentences):
    return math.exp(_mean([_mean(sentence) for sentence in sentences]))


def _mean_of_perplexities(sentences):
    return _mean([math.exp(_mean(sentence)) for sentence in sentences])


def _powers_of_two(sentences):
    return 2 ** _mean(_tokens(sentences))


def _cross_entropy(sentences):
    return _mean(_tokens(sentences))


PERPLEXITY = Exercise(
    id="1.3",
    title="Perplexity",
    task="""
A language model has read some sentences, and for each token you know its loss, `-log p`, in nats. The *perplexity* is
`e` to the power of the mean loss of a token. Write `perplexity` for a list of sentences, each a list of losses; they
differ in length. A model that always hesitates between 10 equally likely tokens has a perplexity of 10.
""",
    difficulty=1,
    minutes=5,
    solution=perplexity,
    cases=(
        Case("a short sentence and a long one", lambda: ([[2.0, 3.0], [0.5, 1.0, 1.5, 0.2, 0.1]],)),
        Case("three sentences", lambda: ([[4.0], [0.1, 0.2, 0.3], [1.0, 2.5]],)),
    ),
    hints=(
        "First one list of all losses, whichever sentence they come from.",
        "Then their mean, then `math.exp`: the power comes last.",
        "`[loss for sentence in sentences for loss in sentence]` is the list of all losses.",
    ),
    wrong=(
        Wrong(
            _mean_of_powers,
            "you take the mean of the powers: one surprising token then outweighs all others; mean first, then exp",
        ),
        Wrong(
            _sentence_weights,
            "each sentence weighs the same, so a token in a short one counts more: average over all tokens",
        ),
        Wrong(
            _mean_of_perplexities,
            "that is the mean of the sentences' perplexities; collect the losses of all tokens first",
        ),
        Wrong(_powers_of_two, "the losses are in nats, so the base is e; 2 belongs to losses in bits"),
        Wrong(_cross_entropy, "that is the mean loss, the cross-entropy; the perplexity is `e` to that power"),
    ),
    explanation="""
A loss in bits is the loss in nats divided by `log(2)`. *Bits per character* are the mean loss of a character in that
unit, and 2 to that power is the same perplexity.
""",
)


def draw(logits, temperature, u):
    """Logits (V,), a temperature above 0, a number u from 0 to 1 (exclusive) -> the id of the token drawn."""
    probabilities = (logits / temperature).softmax(dim=0)
    ends = probabilities.cumsum(dim=0)
    return int((ends[:-1] <= u).sum())


def _place(shares, u):
    return min(int((shares.cumsum(dim=0) <= u).sum()), len(shares) - 1)


def _multiplied(logits, temperature, u):
    return draw(logits * temperature, 1.0, u)


def _afterwards(logits, temperature, u):
    return _place(logits.softmax(dim=0) / temperature, u)


def _one_temperature(logits, temperature, u):
    return draw(logits, 1.0, u)


def _always_best(logits, temperature, u):
    return int(logits.argmax())


def _one_before(logits, temperature, u):
    return max(draw(logits, temperature, u) - 1, 0)


def _best_first(logits, temperature, u):
    shares, ids = (logits / temperature).softmax(dim=0).sort(descending=True)
    return int(ids[_place(shares, u)])


_LOGITS = (1.0, 2.0, 0.0, -1.0)


def _drawing(temperature, u):
    return lambda: (torch.tensor(_LOGITS), temperature, u)


DRAW = Exercise(
    id="1.6",
    title="Drawing the next word, with a temperature",
    task="""
To write a text, the next token is drawn at random by the model's probabilities. A *temperature* shapes them: the
logits are divided by it before softmax. Below 1 the likely tokens get likelier, above 1 all draw closer together.

Write `draw` for one given random number `u` between 0 and 1: lay the probabilities side by side in the order of their
ids, from 0 to 1, and return the id of the piece in which `u` falls. With `[0.5, 0.2, 0.3]`, `u = 0.6` falls in the
second piece: id 1.
""",
    difficulty=2,
    minutes=8,
    solution=draw,
    cases=(
        Case("temperature 1 and u = 0.2", _drawing(1.0, 0.2)),
        Case("temperature 1 and u = 0.95", _drawing(1.0, 0.95)),
        Case("temperature 0.5 and u = 0.2", _drawing(0.5, 0.2)),
        Case("temperature 0.5 and u = 0.99", _drawing(0.5, 0.99)),
        Case("temperature 3 and u = 0.7", _drawing(3.0, 0.7)),
        Case("temperature 3 and u = 0.9", _drawing(3.0, 0.9)),
    ),
    hints=(
        "`(logits / temperature).softmax(dim=0)` gives the probabilities.",
        "`cumsum` adds them up from the left: these are the right ends of the pieces (the last end is 1).",
        "Count the ends that are at or below `u`, `(ends <= u).sum()`: that number is the id.",
    ),
    wrong=(
        Wrong(_multiplied, "you multiply by the temperature; dividing makes a high one flatter and a low one sharper"),
        Wrong(
            _afterwards,
            "the temperature comes after softmax: the shares no longer add up to 1; divide the logits by it",
        ),
        Wrong(_one_temperature, "the temperature has no effect in your function"),
        Wrong(_always_best, "you always take the most probable token; `u` must have a say"),
        Wrong(_one_before, "you stop one piece too early: ids count from 0, so the number of ends below `u` is the id"),
        Wrong(_best_first, "the pieces lie in the order of their ids, not of their size; keep the order"),
    ),
    explanation="""
The last end is left out, since rounding may bring it just below 1, and then a `u` beyond it would get no id.
`torch.multinomial(probabilities, 1)` does it with a random number of its own, and the course's `utils.decoding.sample`
does it for every model.
""",
)
