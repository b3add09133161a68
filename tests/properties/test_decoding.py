"""Greedy, beam search and sampling against brute force, and against what they promise."""

from __future__ import annotations

from itertools import product

import pytest
import torch
import torch.nn.functional as F
from scipy.stats import chisquare
from tiny_models import Parrot, RandomTree
from torch import Tensor

from utils.data.tokens import BOS, EOS, PAD
from utils.decoding import beam_search, filter_logits, forced, greedy, sample

V, L = 6, 4
ALPHAS = [0.0, 0.6, 1.0]
SEEDS = range(20)


def sources(seed: int, rows: int = 5) -> Tensor:
    """Ragged sources (rows, 4), padded on the right."""
    generator = torch.Generator().manual_seed(1000 + seed)
    source = torch.randint(4, 50, (rows, 4), generator=generator)
    lengths = torch.randint(1, 5, (rows, 1), generator=generator)
    return source.masked_fill(torch.arange(4) >= lengths, PAD)


def log_probability(model: RandomTree, source: Tensor, tokens: list[int]) -> float:
    """Sum of the log-probabilities of the tokens, fed back one by one: source (S,)."""
    state, previous, total = model.start(source[None]), torch.tensor([BOS]), 0.0
    for token in tokens:
        logits, state = model.step(previous, state)
        total += float(F.log_softmax(logits, dim=-1)[0, token])
        previous = torch.tensor([token])
    return total


def brute_force(model: RandomTree, source: Tensor, alpha: float) -> list[tuple[float, list[int]]]:
    """Every sequence of at most L tokens that ends in EOS or has all L, with its score, best first."""
    words = [token for token in range(V) if token not in (PAD, EOS)]
    found = []
    for length in range(1, L + 1):
        last = [EOS] if length < L else [*words, EOS]
        for body in product(words, repeat=length - 1):
            for end in last:
                tokens = [*body, end]
                found.append((log_probability(model, source, tokens) / length**alpha, tokens))
    return sorted(found, reverse=True)


def trimmed(row: Tensor) -> list[int]:
    return [int(token) for token in row if token != PAD]


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_wide_beam_finds_what_brute_force_finds(seed, alpha):
    """Museum 18: no length normalisation, a length off by one, and an early stop all change this list."""
    model, source = RandomTree(seed), sources(seed, rows=2)
    found = beam_search(model, source, beam=400, max_length=L, alpha=alpha, n_best=30)
    for row, hypotheses in zip(source, found, strict=True):
        best = brute_force(model, row, alpha)[:30]
        assert [h.tokens for h in hypotheses] == [tokens for _, tokens in best]
        assert [h.score for h in hypotheses] == pytest.approx([score for score, _ in best], rel=1e-5)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_scores_are_the_log_probabilities_of_the_tokens(alpha):
    """Museum 19: a state that is not reordered with its beam gives scores that belong to other tokens."""
    for seed in SEEDS:
        model, source = RandomTree(seed, vocabulary=12), sources(seed)
        for row, hypotheses in zip(source, beam_search(model, source, 4, 9, alpha, n_best=4), strict=True):
            for hypothesis in hypotheses:
                expected = log_probability(model, row, hypothesis.tokens) / len(hypothesis.tokens) ** alpha
                assert hypothesis.score == pytest.approx(expected, rel=1e-5, abs=1e-5)
                assert EOS in hypothesis.tokens[-1:] or len(hypothesis.tokens) == 9


@pytest.mark.parametrize("beam", [2, 5])
def test_hypotheses_come_best_first_and_differ(beam):
    for seed in SEEDS:
        for hypotheses in beam_search(RandomTree(seed), sources(seed), beam, 8, n_best=beam):
            scores = [h.score for h in hypotheses]
            assert scores == sorted(scores, reverse=True)
            assert len({tuple(h.tokens) for h in hypotheses}) == len(hypotheses) >= 1


def unhurried(model: RandomTree, source: Tensor, beam: int, max_length: int, alpha: float) -> list[list[int]]:
    """Beam search of one sentence in lists, which never stops before `max_length`: all finished, best first."""
    live, finished = [(0.0, [])], []
    for length in range(1, max_length + 1):
        every = [[*tokens, t] for _, tokens in live for t in range(V) if t != PAD]
        ranked = sorted(((log_probability(model, source, tokens), tokens) for tokens in every), reverse=True)
        finished += [(s / length**alpha, t) for s, t in ranked[:beam] if t[-1] == EOS or length == max_length]
        live = [(s, t) for s, t in ranked if t[-1] != EOS][:beam]
    return [tokens for _, tokens in sorted(finished, reverse=True)]


@pytest.mark.parametrize("alpha", ALPHAS)
def test_the_search_stops_no_sooner_than_it_may(alpha):
    """Museum 18: a longer output may still beat those that are finished."""
    for seed in SEEDS:
        model, source = RandomTree(seed), sources(seed, rows=3)
        for row, found in zip(source, beam_search(model, source, 3, 6, alpha, n_best=3), strict=True):
            assert [h.tokens for h in found] == unhurried(model, row[row != PAD], 3, 6, alpha)[:3]


@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_beam_of_one_is_greedy(alpha):
    for seed in SEEDS:
        model, source = RandomTree(seed, vocabulary=9), sources(seed)
        beams = beam_search(model, source, beam=1, max_length=7, alpha=alpha)
        assert [h[0].tokens for h in beams] == [trimmed(row) for row in greedy(model, source, 7)]


def test_greedy_takes_the_most_probable_token_at_each_step():
    for seed in SEEDS:
        model, source = RandomTree(seed), sources(seed)
        for row, output in zip(source, greedy(model, source, 6), strict=True):
            tokens: list[int] = []
            while len(tokens) < 6 and EOS not in tokens:
                tokens.append(max(range(1, V), key=lambda t: log_probability(model, row, [*tokens, t])))
            assert trimmed(output) == tokens


def test_a_row_of_a_batch_is_what_it_is_alone():
    """Museum 15 and 17: neither padding nor rows that are done may change another row."""
    lengths = set()
    for seed in SEEDS:
        model, source = RandomTree(seed), sources(seed, rows=8)
        batch, beams = greedy(model, source, 12), beam_search(model, source, 3, 12)
        for i, row in enumerate(source):
            alone = row[row != PAD][None]
            assert trimmed(batch[i]) == trimmed(greedy(model, alone, 12)[0])
            assert beams[i][0].tokens == beam_search(model, alone, 3, 12)[0][0].tokens
            assert beams[i][0].score == pytest.approx(beam_search(model, alone, 3, 12)[0][0].score, rel=1e-5)
            lengths.add(len(trimmed(batch[i])))
    assert len(lengths) > 3  # rows of one batch did end at different steps


@pytest.mark.parametrize("decode", [greedy, lambda *a: sample(*a, generator=torch.Generator().manual_seed(3))])
def test_nothing_but_padding_follows_eos_and_padding_is_never_written(decode):
    """Museum 17."""
    ended = 0
    for seed in SEEDS:
        output = decode(RandomTree(seed), sources(seed, rows=8), 10)
        for row in output.tolist():
            end = row.index(EOS) + 1 if EOS in row else len(row)
            assert PAD not in row[:end]
            assert set(row[end:]) <= {PAD}
            ended += EOS in row
        assert output.shape[1] == 10 or bool((output == EOS).any(dim=1).all())
    assert ended > 20


def test_sampling_depends_on_the_generator_and_on_nothing_else():
    model, source = RandomTree(0, vocabulary=20, scale=0.3), sources(0)
    draw = lambda seed: sample(model, source, 20, generator=torch.Generator().manual_seed(seed))  # noqa: E731
    first = draw(5)
    torch.manual_seed(99)
    assert torch.equal(first, draw(5))
    assert not torch.equal(first[:, :1], draw(6)[:, :1]) or not torch.equal(first, draw(6))


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, None), (0.5, None), (2.0, 3)])
def test_samples_follow_the_softmax(temperature, top_k):
    """Chi-square of 4,000 first tokens; the seed is fixed, and a wrong distribution fails by orders of magnitude."""
    model, source = RandomTree(1, vocabulary=8, scale=0.6), sources(1, rows=1).expand(4000, -1)
    generator = torch.Generator().manual_seed(0)
    drawn = sample(model, source, 1, temperature, top_k, generator=generator)[:, 0].bincount(minlength=8)
    logits = model.step(torch.tensor([BOS]), model.start(source[:1]))[0][0] / temperature
    logits[PAD] = -torch.inf
    if top_k:
        logits[logits.argsort(descending=True)[top_k:]] = -torch.inf
    expected = F.softmax(logits, dim=-1) * 4000
    kept = expected > 0
    assert drawn[~kept].sum() == 0
    assert chisquare(drawn[kept], expected[kept]).pvalue > 1e-3


def test_a_low_temperature_is_greedy():
    model, source = RandomTree(4), sources(4)
    assert torch.equal(sample(model, source, 6, temperature=1e-4), greedy(model, source, 6))


def test_top_k_keeps_the_k_best_of_each_row():
    """Museum 20: the threshold of one row must not leak into another."""
    logits = torch.tensor([[10.0, 9.0, 8.0, 7.0], [0.0, 1.0, 2.0, 3.0]])
    kept = torch.isfinite(filter_logits(logits, top_k=2))
    assert kept.tolist() == [[True, True, False, False], [False, False, True, True]]
    assert torch.equal(filter_logits(logits, top_k=4), logits)


def test_top_p_keeps_the_fewest_tokens_that_hold_p_of_each_row():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.05, 0.9, 0.02, 0.03], [0.25, 0.25, 0.25, 0.25]]).log()
    kept = lambda p: torch.isfinite(filter_logits(logits, top_p=p)).sum(dim=1).tolist()  # noqa: E731
    assert kept(0.01) == [1, 1, 1]
    assert kept(0.6) == [2, 1, 3]
    assert kept(0.94) == [3, 2, 4]
    assert kept(1.0) == [4, 4, 4]
    assert torch.isfinite(filter_logits(logits, top_p=0.6))[1].tolist() == [False, True, False, False]


def test_each_row_keeps_a_token_and_is_filtered_alone():
    """Museum 20."""
    logits = 4 * torch.randn(40, 30, generator=torch.Generator().manual_seed(2))
    for options in ({"top_k": 1}, {"top_p": 1e-9}, {"top_k": 3, "top_p": 0.5}, {"temperature": 0.01, "top_p": 0.1}):
        filtered = filter_logits(logits, **options)
        assert bool(torch.isfinite(filtered).any(dim=1).all())
        for i in range(0, 40, 7):
            assert torch.equal(filtered[i : i + 1], filter_logits(logits[i : i + 1], **options))


def test_forced_and_greedy_are_two_things():
    """Museum 23: a model that only repeats its input looks good as long as it is fed the truth."""
    target = torch.tensor([[4, 4, 4, 5, 5, 5, EOS]])
    model, source = Parrot(vocabulary=8), torch.tensor([[7]])
    assert forced(model, source, target).tolist() == [[BOS, 4, 4, 4, 5, 5, 5]]
    assert greedy(model, source, 7).tolist() == [[BOS] * 7]


GOOD = torch.tensor([[4, 5]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: beam_search(m, GOOD, beam=0), "beam 0"),
        (lambda m: beam_search(m, GOOD, beam=-1), "beam -1"),
        (lambda m: beam_search(m, GOOD, beam=2, n_best=3), "n_best 3"),
        (lambda m: beam_search(m, GOOD, beam=2, n_best=0), "n_best 0"),
        (lambda m: beam_search(m, GOOD, alpha=-0.1), "alpha -0.1"),
        (lambda m: beam_search(m, GOOD, max_length=0), "max_length 0"),
        (lambda m: greedy(m, GOOD, max_length=0), "max_length 0"),
        (lambda m: greedy(m, GOOD, max_length=-3), "max_length -3"),
        (lambda m: sample(m, GOOD, temperature=0), "temperature 0"),
        (lambda m: sample(m, GOOD, temperature=-1.0), "temperature -1.0"),
        (lambda m: sample(m, GOOD, temperature=float("nan")), "temperature nan"),
        (lambda m: sample(m, GOOD, top_k=0), "top_k 0"),
        (lambda m: sample(m, GOOD, top_k=V + 1), "top_k 7"),
        (lambda m: sample(m, GOOD, top_p=0.0), "top_p 0.0"),
        (lambda m: sample(m, GOOD, top_p=1.1), "top_p 1.1"),
        (lambda m: greedy(m, GOOD.float()), "float32"),
        (lambda m: greedy(m, GOOD > 4), "bool"),
        (lambda m: greedy(m, GOOD[0]), r"shape \(2,\)"),
        (lambda m: greedy(m, GOOD[:0]), r"shape \(0, 2\)"),
        (lambda m: greedy(m, GOOD[:, :0]), r"shape \(1, 0\)"),
        (lambda m: greedy(m, [[4, 5]]), "list"),
        (lambda m: beam_search(m, GOOD.float()), "float32"),
        (lambda m: forced(m, GOOD, GOOD.float()), "float32"),
        (lambda m: forced(m, GOOD, GOOD.expand(2, -1)), r"\(1, T\)"),
        (lambda m: forced(m, GOOD, GOOD[:, :0]), r"shape \(1, 0\)"),
    ],
)
def test_bad_input_gets_one_clear_error(call, message):
    with pytest.raises(ValueError, match=message):
        call(RandomTree(0))
