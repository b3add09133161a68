"""Three exercises of chapter 07 on sizes: parameters, a scaling law, and losses of unlike tokens."""

from __future__ import annotations

import math

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def count_parameters(vocabulary, context, width, layers, tied=True):
    """The number of parameters of a GPT-2 of these sizes."""
    embeddings = vocabulary * width + context * width
    attention = width * 3 * width + 3 * width + width * width + width
    feed_forward = width * 4 * width + 4 * width + 4 * width * width + width
    norms = 2 * 2 * width
    head = 0 if tied else vocabulary * width
    return embeddings + layers * (attention + feed_forward + norms) + 2 * width + head


def _head_twice(vocabulary, context, width, layers, tied=True):
    return count_parameters(vocabulary, context, width, layers, tied=False)


def _tied_is_nothing(vocabulary, context, width, layers, tied=True):
    return count_parameters(vocabulary, context, width, layers, tied) - (vocabulary * width if tied else 0)


def _without_biases(vocabulary, context, width, layers, tied=True):
    return count_parameters(vocabulary, context, width, layers, tied) - layers * 9 * width


def _without_last_norm(vocabulary, context, width, layers, tied=True):
    return count_parameters(vocabulary, context, width, layers, tied) - 2 * width


def _heads_times(vocabulary, context, width, layers, tied=True):
    return count_parameters(vocabulary, context, width, layers, tied) - layers * (width * width + width)


COUNT = Exercise(
    id="7.5",
    title="Counting parameters, tied and untied",
    task="""
GPT-2 uses one matrix twice: to turn tokens into vectors, and, at the end, to turn vectors into logits. Its two ends are
*tied*. Write `count_parameters`, where D is the `width`:

- an embedding of D numbers for each token of the `vocabulary`, and one for each place of the `context`;
- in each of the `layers`: one linear map from D to 3D (query, key and value), one from D to D behind the attention, one
  from D to 4D and one back from 4D to D, each with a bias; and two LayerNorms;
- one more LayerNorm at the end. A LayerNorm has D gains and D biases;
- if `tied` is False, a matrix of its own for the logits, without bias.
""",
    difficulty=1,
    minutes=10,
    solution=count_parameters,
    cases=(
        Case("GPT-2 itself: 50,257 tokens, 1,024 places, width 768, 12 layers", lambda: (50257, 1024, 768, 12)),
        Case("the same, untied", lambda: (50257, 1024, 768, 12, False)),
        Case("a small one", lambda: (500, 32, 16, 2)),
    ),
    hints=(
        "A linear map from a to b numbers has a * b weights and b biases. How many numbers is that for D to 3D?",
        "The number of heads does not matter: they share the D numbers among them.",
        "A layer has 12 D * D weights, 9 D biases of its linear maps and 4 D numbers in its LayerNorms.",
    ),
    wrong=(
        Wrong(_head_twice, "you count the matrix for the logits although the ends are tied: it is the embedding again"),
        Wrong(_tied_is_nothing, "tied does not mean that there is no embedding: the one matrix counts once"),
        Wrong(_without_biases, "the biases of the linear maps are missing: 3D, D, 4D and D in each layer"),
        Wrong(_without_last_norm, "the LayerNorm behind the last layer is missing"),
        Wrong(_heads_times, "the linear map from D to D behind the attention is missing"),
    ),
    explanation=f"""
GPT-2's smallest model has {count_parameters(50257, 1024, 768, 12):,} parameters; untied it would have
{count_parameters(50257, 1024, 768, 12, False):,}. In code, tying is one line, such as
`F.linear(states, self.wte.weight)`. Press and Wolf 2017 (arXiv 1608.05859) found that it also lowers the perplexity.
""",
)


def predict_loss(sizes, losses, size):
    """Measured sizes and losses -> the loss that a power law through them predicts for another size."""
    import math

    x, y = torch.tensor(sizes).double().log(), torch.tensor(losses).double().log()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    height = y.mean() - slope * x.mean()
    return float((height + slope * math.log(size)).exp())


def _line(x, y, at):
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)
    return mean_y + slope * (at - mean_x)


def _straight(sizes, losses, size):
    return _line(sizes, losses, size)


def _log_of_sizes_only(sizes, losses, size):
    return _line([math.log(n) for n in sizes], losses, math.log(size))


def _log_of_losses_only(sizes, losses, size):
    return math.exp(_line(sizes, [math.log(loss) for loss in losses], size))


def _not_turned_back(sizes, losses, size):
    return math.log(predict_loss(sizes, losses, size))


def _mixed_bases(sizes, losses, size):
    return math.exp(math.log10(predict_loss(sizes, losses, size)))


def _last_two(sizes, losses, size):
    return predict_loss(sizes[-2:], losses[-2:], size)


SCALING = Exercise(
    id="7.7",
    title="A scaling law, and a prediction",
    task=r"""
Measured losses often follow a power of the model's size: $L = a\,N^{-b}$, which on logarithmic axes is a straight
line, $\log L = \log a - b \log N$. Write `predict_loss`: fit the line to `log(sizes)` and `log(losses)` by least
squares, over *all* points, and return the loss that it predicts for `size`. The slope of such a line is
$\sum (x - \bar x)(y - \bar y) / \sum (x - \bar x)^2$, and it goes through $(\bar x, \bar y)$; `numpy.polyfit(x, y, 1)`
gives slope and height, too.
""",
    difficulty=2,
    minutes=10,
    solution=predict_loss,
    cases=(
        Case("four points and a size ten times larger", lambda: ([1e5, 3e5, 1e6, 3e6], [4.1, 3.7, 3.2, 2.95], 3e7)),
        Case("an exact power law", lambda: ([10.0, 100.0, 1000.0], [4.0, 2.0, 1.0], 1e5)),
        Case("a size between the points", lambda: ([1e4, 1e5, 1e7], [6.0, 4.9, 3.3], 1e6)),
    ),
    hints=(
        "Take the logarithm of both: sizes and losses. Any base will do, if you keep to it.",
        "The line gives the *logarithm* of the loss: turn it back with `exp` at the end.",
        "With numpy: `slope, height = np.polyfit(np.log(sizes), np.log(losses), 1)`.",
    ),
    wrong=(
        Wrong(_straight, "that is a straight line through the losses themselves; for large sizes it falls below 0"),
        Wrong(_log_of_sizes_only, "the losses need a logarithm, too: a power law is straight when both axes have one"),
        Wrong(_log_of_losses_only, "the sizes need a logarithm, too; yours is an exponential, which falls too fast"),
        Wrong(_not_turned_back, "that is the logarithm of the loss: `exp` turns it back"),
        Wrong(_mixed_bases, "two bases are mixed: what was taken with log10 is turned back with 10 to that power"),
        Wrong(_last_two, "your line goes through the last two points only; let all points have their say"),
    ),
    explanation="""
Far outside the points the prediction is a guess: the line says nothing about where it ends, and text has a loss that
no model goes below. Kaplan et al. 2020 (arXiv 2001.08361) fitted such lines over many orders of magnitude; Hoffmann et
al. 2022 (arXiv 2203.15556) add that constant, and found other exponents.
""",
)


def bits_per_character(losses, text):
    """Each token's loss in nats, and the text they make up -> bits for each of its characters."""
    import math

    return sum(losses) / math.log(2) / len(text)


def _bits_per_token(losses, text):
    return sum(losses) / math.log(2) / len(losses)


def _nats(losses, text):
    return sum(losses) / len(text)


def _perplexity(losses, text):
    return math.exp(sum(losses) / len(losses))


def _per_word(losses, text):
    return sum(losses) / math.log(2) / len(text.split())


def _without_spaces(losses, text):
    return sum(losses) / math.log(2) / len(text.replace(" ", ""))


BITS = Exercise(
    id="7.8",
    title="Comparing models whose tokens differ",
    task="""
One model reads characters, another words, a third pieces. Their losses of a *token* cannot be compared: a longer token
is harder to guess, and there are fewer of them. The losses of the whole text can. Write `bits_per_character`: from each
token's loss in nats, and the `text` that the tokens make up, the bits for each of its characters, spaces included. One
bit is `log(2)` nats.
""",
    difficulty=1,
    minutes=5,
    solution=bits_per_character,
    cases=(
        Case("a model of words", lambda: ([5.0, 4.0, 6.5], "the cat sleeps")),
        Case("a model of characters", lambda: ([1.2, 2.0, 0.1, 0.4, 1.3, 0.9], "a bird")),
    ),
    hints=(
        "Add up the losses of all tokens: that is what the whole text costs, in nats.",
        "Divide by `math.log(2)` for bits, and by `len(text)` for each character.",
    ),
    wrong=(
        Wrong(_bits_per_token, "you divide by the number of tokens, which differs between models; take characters"),
        Wrong(_nats, "these are nats; divide by log(2) for bits"),
        Wrong(_perplexity, "that is the perplexity of a token, which depends on how the text was cut"),
        Wrong(_per_word, "you divide by the number of words; asked for are characters"),
        Wrong(_without_spaces, "spaces are characters, too: the model has to tell where a word ends"),
    ),
    explanation="""
So a model of pieces and one of letters can be set side by side. It is fair only if both can write *every* text: a
model whose rare words have become `<unk>` has an easier task.
""",
)
