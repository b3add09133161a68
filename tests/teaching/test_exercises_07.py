"""The exercises of chapter 07: the solutions against the package, and what the explanations say."""

import itertools
import json
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from utils.data.masking import hide_words
from utils.data.pieces import join
from utils.decoding import filter_logits
from utils.models.attention import scaled_dot_product_attention
from utils.models.gpt import GPT, GPTConfig
from utils.teaching.exercises import exercises, find


def test_chapter_07_has_its_eight():
    assert [exercise.id for exercise in exercises("07")] == [f"7.{k}" for k in range(1, 9)]


def library_merge(words):
    """The first merge of `tokenizers`, on a text in which each word stands as often as it is said to."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    text = " ".join(" ".join(["".join(pieces)] * times) for pieces, times in words)
    size = len({*text} - {" "}) + 1
    tokenizer.train_from_iterator([text], trainers.BpeTrainer(vocab_size=size, show_progress=False))
    best = tuple(json.loads(tokenizer.to_str())["model"]["merges"][0])
    return best, [join(pieces, best) for pieces, _ in words]


def library_step(x, keys, values, W_q, W_k, W_v):
    """All tokens at once, the last row."""
    keys, values = torch.cat([keys, (x @ W_k)[None]]), torch.cat([values, (x @ W_v)[None]])
    context, _ = scaled_dot_product_attention((x @ W_q)[None], keys, values)
    return context[0], keys, values


def library_count(vocabulary, context, width, layers, tied=True):
    with torch.device("meta"):
        model = GPT(GPTConfig(vocabulary, context, layers, heads=4, width=width))
    return sum(p.numel() for p in model.parameters()) + (0 if tied else vocabulary * width)


def library_predict(sizes, losses, size):
    slope, height = np.polyfit(np.log(sizes), np.log(losses), 1)
    return float(np.exp(height + slope * np.log(size)))


LIBRARY = {
    "7.1": library_merge,
    "7.3": lambda logits, tokens, pad=0: F.cross_entropy(
        logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=pad
    ),
    "7.4": lambda probabilities, p: filter_logits(probabilities.log()[None], top_p=p).softmax(dim=-1)[0],
    "7.5": library_count,
    "7.6": library_step,
    "7.7": library_predict,
    "7.8": lambda losses, text: np.sum(losses) / np.log(2) / len(text),
}


@pytest.mark.parametrize("name", LIBRARY)
def test_the_library_solves_the_exercise(solves, name):
    """So the solutions agree with what the models use, and a learner's other way passes."""
    solves(name, LIBRARY[name])


def test_hiding_words_is_that_of_the_package():
    """The same three draws, seen through the package's generator."""
    tokens = torch.randint(5, 30, (1, 400), generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    chance, fate = torch.rand((2, *tokens.shape), generator=generator)
    words = torch.arange(5, 30)
    other = words[torch.randint(len(words), tokens.shape, generator=generator)]
    theirs = hide_words(tokens, mask=4, vocabulary=30, generator=torch.Generator().manual_seed(1))
    ours = find("7.2").solution(tokens[0], chance[0], fate[0], other[0])
    assert all(torch.equal(a, b[0]) for a, b in zip(ours, theirs, strict=True))
    assert 30 < int(ours[1].sum()) < 90


def test_every_kind_of_fate_comes_in_the_cases_of_hiding():
    """A chosen word of each kind, an unchosen one, and a chance below 0.15 at a place that is no word."""
    for case in find("7.2").cases:
        tokens, chance, fate, _, *_ = case.arguments()
        hidden = (chance < 0.15) & (tokens > 3)
        assert all(((low <= fate) & (fate < high) & hidden).any() for low, high in ((0, 0.8), (0.8, 0.9), (0.9, 1)))
        assert ((chance < 0.15) & (tokens <= 3)).any()


def test_the_best_pair_of_each_case_is_alone():
    for case in find("7.1").cases:
        (words,) = case.arguments()
        counts = {}
        for pieces, times in words:
            for pair in itertools.pairwise(pieces):
                counts[pair] = counts.get(pair, 0) + times
        first, second = sorted(counts.values(), reverse=True)[:2] if len(counts) > 1 else (1, 0)
        assert first > second, case.says


def test_explanations_are_true():
    assert "124,439,808" in find("7.5").explanation
    assert find("7.7").solution([10.0, 100.0, 1000.0], [4.0, 2.0, 1.0], 1e5) == pytest.approx(0.25)
    uniform = [math.log(2)] * 8
    assert find("7.8").solution(uniform, "01101001") == pytest.approx(1)
    torch.manual_seed(0)
    logits, tokens = torch.zeros(2, 5, 30), torch.randint(1, 30, (2, 5))
    for answer in (find("7.3").solution, find("7.3").wrong[0].answer, find("7.3").wrong[2].answer):
        assert float(answer(logits, tokens)) == pytest.approx(math.log(30))
