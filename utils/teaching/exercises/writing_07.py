"""Two exercises of chapter 07 on writing: the nucleus of a distribution, and one step with a cache."""

from __future__ import annotations

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def nucleus(probabilities, p):
    """Probabilities (V,) and a share p above 0 -> (V,): only the fewest likely tokens that hold p, adding up to 1."""
    ordered, ids = probabilities.sort(descending=True)
    before = ordered.cumsum(dim=0) - ordered
    kept = torch.zeros_like(probabilities)
    kept[ids[before < p]] = ordered[before < p]
    return kept / kept.sum()


def _keeping(probabilities, keep):
    """Zeros where the ordered tokens are not kept; `keep` sees them in order."""
    ordered, ids = probabilities.sort(descending=True)
    return torch.zeros_like(probabilities).scatter(0, ids, ordered * keep(ordered))


def _shares(kept):
    return kept / kept.sum()


def _without_the_last(probabilities, p):
    return _shares(_keeping(probabilities, lambda ordered: ordered.cumsum(dim=0) <= p))


def _one_more(probabilities, p):
    def keep(ordered):
        before = ordered.cumsum(dim=0) - ordered
        return torch.cat([torch.tensor([True]), before[:-1] < p])

    return _shares(_keeping(probabilities, keep))


def _not_scaled(probabilities, p):
    return _keeping(probabilities, lambda ordered: ordered.cumsum(dim=0) - ordered < p)


def _softmax_again(probabilities, p):
    kept = _not_scaled(probabilities, p)
    return torch.where(kept > 0, kept, -torch.inf).softmax(dim=0)


def _in_order_of_ids(probabilities, p):
    return _shares(probabilities * (probabilities.cumsum(dim=0) - probabilities < p))


def _share_of_the_best(probabilities, p):
    return _shares(probabilities * (probabilities >= p * probabilities.max()))


def _numbers(*values):
    return torch.tensor(values)


TOP_P = Exercise(
    id="7.4",
    title="Top-p",
    task="""
A model gives every token some probability, and the many unlikely ones together are drawn too often. *Top-p* sampling
keeps the most probable tokens: in order of their probability as few as are needed to hold a share of at least `p`
together. All others become 0, and what is left is divided by its sum. Write `nucleus`. With `[0.5, 0.3, 0.2]` and
`p = 0.6`, the first token is too little, the first two hold 0.8: the answer is `[0.625, 0.375, 0]`.
""",
    difficulty=2,
    minutes=10,
    solution=nucleus,
    cases=(
        Case("five tokens and p = 0.7", lambda: (_numbers(0.05, 0.4, 0.1, 0.25, 0.2), 0.7)),
        Case("five tokens and p = 0.5", lambda: (_numbers(0.05, 0.4, 0.1, 0.25, 0.2), 0.5)),
        Case("a very sure model and p = 0.95", lambda: (_numbers(0.02, 0.03, 0.94, 0.01), 0.95)),
        Case("four tokens and p = 0.97", lambda: (_numbers(0.4, 0.3, 0.2, 0.1), 0.97)),
    ),
    hints=(
        "`ordered, ids = probabilities.sort(descending=True)`; `ordered.cumsum(dim=0)` is what the first ones hold.",
        "A token is kept while those *before* it hold less than p: `ordered.cumsum(dim=0) - ordered < p`.",
        "`kept[ids[mask]] = ordered[mask]` puts the kept ones back into their own places.",
    ),
    wrong=(
        Wrong(
            _without_the_last,
            "the token that carries the sum over p is missing; so less than p is kept, and at times no token at all",
        ),
        Wrong(_one_more, "one token too many: stop as soon as those kept hold p"),
        Wrong(_not_scaled, "what is left does not add up to 1; divide it by its sum"),
        Wrong(_softmax_again, "softmax belongs to logits; probabilities are divided by their sum"),
        Wrong(_in_order_of_ids, "you go through the tokens in the order of their ids; the most probable come first"),
        Wrong(_share_of_the_best, "that compares each token with the best one; top-p adds up what they hold together"),
    ),
    explanation="""
How many tokens stay depends on how sure the model is: one where it is sure, dozens where it is not. *Top-k* keeps the
same number everywhere. `utils.decoding.filter_logits` does it for a batch, by setting logits to minus infinity.
""",
)


def cached_step(x, keys, values, W_q, W_k, W_v):
    """A new token (D,), keys and values (t, D) of those before -> its context (D,), keys and values (t + 1, D)."""
    keys = torch.cat([keys, (x @ W_k)[None]])
    values = torch.cat([values, (x @ W_v)[None]])
    weights = (keys @ (x @ W_q) / len(x) ** 0.5).softmax(dim=0)
    return weights @ values, keys, values


def _attend(query, keys, values, scale=True):
    scores = keys @ query / (len(query) ** 0.5 if scale else 1.0)
    return scores.softmax(dim=0) @ values


def _without_itself(x, keys, values, W_q, W_k, W_v):
    _, more, others = cached_step(x, keys, values, W_q, W_k, W_v)
    return _attend(x @ W_q, keys, values), more, others


def _first_key_only(x, keys, values, W_q, W_k, W_v):
    _, keys, values = cached_step(x, keys, values, W_q, W_k, W_v)
    return values[0], keys, values


def _not_kept(x, keys, values, W_q, W_k, W_v):
    return cached_step(x, keys, values, W_q, W_k, W_v)[0], keys, values


def _in_front(x, keys, values, W_q, W_k, W_v):
    context, keys, values = cached_step(x, keys, values, W_q, W_k, W_v)
    return context, keys.roll(1, dims=0), values.roll(1, dims=0)


def _raw(x, keys, values, W_q, W_k, W_v):
    keys, values = torch.cat([keys, x[None]]), torch.cat([values, x[None]])
    return _attend(x @ W_q, keys, values), keys, values


def _not_divided(x, keys, values, W_q, W_k, W_v):
    _, keys, values = cached_step(x, keys, values, W_q, W_k, W_v)
    return _attend(x @ W_q, keys, values, scale=False), keys, values


def _step_of(seed, past, width):
    generator = torch.Generator().manual_seed(seed)
    sizes = ((width,), (past, width), (past, width), *[(width, width)] * 3)
    return tuple(torch.randn(size, generator=generator) for size in sizes)


CACHE = Exercise(
    id="7.6",
    title="One step with a cache",
    task=r"""
While a GPT writes, the words before do not change, and neither do their keys and values: they are kept, in a *cache*.
A new token `x` (D,) comes in, and `keys` and `values` (t, D) hold those of the t tokens before. Write `cached_step` for
one head: the query, key and value of `x` are `x @ W_q`, `x @ W_k`, `x @ W_v`; the new key and value go behind the old
ones; the context is $\mathrm{softmax}(q K^\top / \sqrt{D})\, V$. Return the context and the longer cache. No mask is
needed: everything in the cache is past.
""",
    difficulty=2,
    minutes=10,
    solution=cached_step,
    cases=(
        Case("three tokens before", lambda: _step_of(0, 3, 4)),
        Case("one token before", lambda: _step_of(1, 1, 6)),
        Case("the first token, with an empty cache", lambda: _step_of(2, 0, 4)),
    ),
    hints=(
        "First the cache: `torch.cat([keys, (x @ W_k)[None]])`; `[None]` makes a row of a vector.",
        "A token may look at itself, so its own key and value are there before it looks.",
        "`keys @ query` gives all scores at once; divide, softmax, then `weights @ values`.",
    ),
    wrong=(
        Wrong(_without_itself, "the token does not look at itself: put its key and value into the cache first"),
        Wrong(
            _first_key_only,
            "it looks at the first token only: that is the first row of a causal mask, as `is_causal=True` gives it",
        ),
        Wrong(_not_kept, "the cache is returned as it came; the next token would not find this one"),
        Wrong(_in_front, "the new key and value stand in front; they belong behind, in the order of the text"),
        Wrong(_raw, "you keep `x` itself; what is looked at are its key `x @ W_k` and its value `x @ W_v`"),
        Wrong(_not_divided, "the scores are not divided by the root of D"),
    ),
    explanation="""
A step now costs one query against t keys instead of t queries against t keys, and the matrices meet one token instead
of all. What it costs is memory: two vectors for each token, layer and text. BERT cannot do this: with every new word
all words before would look at it, and their states would change.
""",
)
