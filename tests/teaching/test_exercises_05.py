"""The exercises of chapter 05: the solutions against the library, and the planted bugs as they are shown."""

import re
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from utils.models.attention import causal_mask, scaled_dot_product_attention
from utils.models.transformer import Embedding, PreNorm, sinusoids
from utils.teaching import check
from utils.teaching.exercises import exercises, find
from utils.training.schedules import noam


def test_chapter_05_has_its_nine():
    assert [exercise.id for exercise in exercises("05")] == [f"5.{k}" for k in range(1, 10)]


def library_heads(query, key, value, heads):
    """Head by head, written out."""
    parts = [
        scaled_dot_product_attention(q, k, v)[0]
        for q, k, v in zip(*(x.chunk(heads, dim=-1) for x in (query, key, value)), strict=True)
    ]
    return torch.cat(parts, dim=-1)


def library_block(x, attention, think, norm_1, norm_2):
    first, second = (SimpleNamespace(norm=norm, dropout=lambda y: y) for norm in (norm_1, norm_2))
    return PreNorm.forward(second, PreNorm.forward(first, x, attention), think)


def library_read(words, past, embedding, places):
    module = Embedding(*embedding.shape, dropout=0.0)
    module.words.weight.data = embedding
    own = sinusoids(torch.arange(past, past + words.shape[1], dtype=torch.float32), embedding.shape[1])
    return module(words, first=past) - own + places[past : past + words.shape[1]]


LIBRARY = {
    "5.1": lambda length, width: sinusoids(torch.arange(length, dtype=torch.float64), width),
    "5.2": lambda length, past=0: causal_mask(length, past),
    "5.3": library_heads,
    "5.4": lambda x, gain, bias, eps=1e-5: F.layer_norm(x, x.shape[-1:], gain, bias, eps),
    "5.5": lambda logits, target, smoothing=0.1: F.cross_entropy(logits, target, label_smoothing=smoothing),
    "5.6": lambda step, width=512, warmup=4000: noam(width, warmup)(step - 1),
    "5.7": lambda query, key, value, mask: scaled_dot_product_attention(query, key, value, mask)[0],
    "5.8": library_block,
    "5.9": library_read,
}


@pytest.mark.parametrize("name", LIBRARY)
def test_the_library_solves_the_exercise(solves, name):
    """So the solutions agree with what the models use, and a learner's shorter way passes."""
    solves(name, LIBRARY[name])


@pytest.mark.parametrize("name", ["5.7", "5.8", "5.9"])
def test_the_code_in_the_task_holds_the_bug(name, capsys):
    exercise, namespace = find(name), {"torch": torch}
    code = re.search(r"```python\n(.*?)```", exercise.task, re.DOTALL)[1]
    exec(compile(code, f"<task {name}>", "exec"), namespace)
    check(name, namespace[exercise.name])
    line = capsys.readouterr().out
    assert line.startswith(f"{name} not yet: the bug is still there: "), line


def test_the_symptoms_that_the_tasks_tell_are_true():
    """Bug 1: padding changes the result. Bug 2: zeros change it. Bug 3: only the first word alone agrees."""
    bugs = {name: find(name).wrong[0].answer for name in ("5.7", "5.8", "5.9")}
    query, key, value, mask = find("5.7").cases[1].arguments()
    longer = [torch.cat([part, part], dim=1) for part in (key, value)]
    wider = torch.cat([mask, torch.zeros_like(mask)], dim=-1)
    for attend, agrees in ((find("5.7").solution, True), (bugs["5.7"], False)):
        assert torch.allclose(attend(query, key, value, mask), attend(query, *longer, wider), atol=1e-6) is agrees
    x, *rest = find("5.8").cases[1].arguments()
    assert torch.equal(find("5.8").solution(x, *rest), x)
    assert not torch.allclose(bugs["5.8"](x, *rest), x)
    words, _, *tables = find("5.9").cases[2].arguments()
    whole = bugs["5.9"](words, 0, *tables)
    steps = torch.cat([bugs["5.9"](words[:, k : k + 1], k, *tables) for k in range(words.shape[1])], dim=1)
    assert torch.equal(steps[:, 0], whole[:, 0])
    assert all(not torch.allclose(steps[:, k], whole[:, k]) for k in range(1, words.shape[1]))


def test_the_peak_of_the_rate_is_where_the_explanation_says():
    rate = find("5.6").solution
    rates = [rate(step) for step in range(1, 20_000)]
    assert rates.index(max(rates)) + 1 == 4000
    assert max(rates) == pytest.approx((512 * 4000) ** -0.5)
    assert f"{max(rates):.5f}" in find("5.6").explanation
    assert rate(8000, warmup=8000) == pytest.approx(max(rates) / 2**0.5)
