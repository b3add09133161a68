"""Chapter 09's experiments: what is held equal is equal, the tasks are what they say, and every sweep runs."""

from __future__ import annotations

import pytest
import torch

from utils import pretrained
from utils.data import lab
from utils.data.tokens import EOS, PAD, Vocabulary
from utils.experiments import lab_after
from utils.experiments import lab_after_grpo as sums
from utils.experiments import lab_after_heads as heads
from utils.experiments import lab_after_lora as lora
from utils.experiments import lab_after_places as places
from utils.experiments.__main__ import main, sweeps
from utils.models.gpt import GPT, GPTConfig
from utils.models.grouped_query import SmallDecoder, cache_bytes
from utils.models.places import RotaryPlaces

NEAR = places.PlaceSettings(steps=250, batch=16, length=12, longest=30, back=1, letters=5, width=16, heads=2, rate=0.01)


@pytest.mark.parametrize("name", ["places", "heads", "grpo"])
def test_every_sweep_leaves_a_record(name: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path))
    assert main([f"lab_after/{name}", "--preset", "smoke", "--device", "cpu"]) == 0
    assert (tmp_path / "lab_after" / name / "smoke-0/record.json").exists()


def test_they_are_chapter_09s() -> None:
    assert sweeps("09") == [f"lab_after/{name}" for name in lab_after.EXPERIMENTS]


@pytest.mark.parametrize("kind", places.KINDS)
def test_all_kinds_start_alike_and_can_read_the_longest_texts(kind: str) -> None:
    model = places.train(kind, places.PlaceSettings(steps=1, batch=2, rate=1e-12), seed=3)
    other = places.train("none", places.PlaceSettings(steps=1, batch=2, rate=1e-12), seed=3)
    for name, parameter in other.named_parameters():
        assert torch.allclose(dict(model.named_parameters())[name], parameter, atol=1e-9), name
    assert len(places.right_by_place(model, places.PlaceSettings(tests=2))) == 125


def test_the_answer_is_the_letter_so_many_places_before() -> None:
    letters, answers = places.texts(2, 10, places.PlaceSettings(back=3), torch.Generator().manual_seed(0))
    assert torch.equal(answers, torch.stack([letters[:, t - 3] for t in range(3, 10)], dim=1))


def test_rotary_places_learn_the_task_and_none_do_not() -> None:
    rotary, none = (
        places.summary(places.right_by_place(places.train(kind, NEAR), NEAR), NEAR) for kind in ("rotary", "none")
    )
    assert rotary["trained places"] > 0.9 > 0.7 > none["trained places"]


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="places 'relative' are unknown"):
        places.places("relative", NEAR)


def test_models_with_fewer_groups_have_the_parameters_and_the_cache_that_are_said() -> None:
    settings = heads.HeadSettings(sentences=60, tests=10)
    lines = heads.prepare(settings)
    sizes = heads.models(settings, lines)
    count = {name: pretrained.parameters(SmallDecoder(config, RotaryPlaces())) for name, config in sizes.items()}
    cache = {name: cache_bytes(config, 1) for name, config in sizes.items()}
    full = count["8 groups"]
    assert count["2 groups"] < full
    for name in ("2 groups, wider inside", "1 group, wider inside"):
        assert 0 <= full - count[name] <= 2 * (2 * settings.width + 1)
    assert cache["8 groups"] == 4 * cache["2 groups"] == 8 * cache["1 group"]
    assert cache["half the width and layers"] == cache["2 groups"] == cache["2 groups, wider inside"]


def test_sums_are_right_and_no_question_stands_in_two_parts() -> None:
    settings = sums.SumSettings(largest=12, demonstrations=20, tests=30)
    found = sums.prepare(settings, 1)
    read = set()
    for questions, answers in (found.shown, found.asked, found.test):
        for question, answer in zip(questions, answers, strict=True):
            left, right = sums.text(question).rstrip("=").split("+")
            assert int(sums.text(answer)[::-1]) == int(left) + int(right)
            assert int(answer[answer != PAD][-1]) == EOS
            read.add(sums.text(question))
    assert len(read) == 13 * 13
    with pytest.raises(ValueError, match="are too many for 169 sums"):
        sums.prepare(sums.SumSettings(largest=12, demonstrations=150, tests=30))


def test_only_the_whole_right_answer_is_rewarded() -> None:
    _, answers = sums.written(torch.tensor([47, 5]), torch.tensor([8, 3]))  # 55 and 8
    wrong = answers.clone()
    wrong[0, 2] = wrong[0, 0]  # no end
    assert sums.right(answers, answers).tolist() == [1, 1]
    assert sums.right(wrong, answers).tolist() == [0, 1]
    assert sums.right(answers[:, :3], answers).tolist() == [1, 1], "a batch of short answers is narrower"


def test_rewards_at_random_teach_nothing_and_right_ones_do() -> None:
    """On sums of one digit and few steps, from the same start."""
    settings = sums.SumSettings(
        largest=9, demonstrations=50, tests=20, width=32, steps=200, iterations=25, questions=16, policy_rate=2e-3
    )
    part = sums.prepare(settings, 0)
    start = sums.shown(sums.seeded(settings, 0), settings, part, settings.steps, 0)
    found = {}
    for dealt in (False, True):
        policy = sums.shown(start, settings, part, 0)
        found[dealt] = list(sums.grpo(policy, settings, part, 0, dealt))[-5:]
    assert sum(found[False]) / 5 > sum(found[True]) / 5 + 0.1


def small_writer() -> pretrained.Writer:
    text = lab.sentences(50, 0, (4, 8))
    words = Vocabulary.from_texts([one.english for one in text])
    torch.manual_seed(0)
    return pretrained.Writer(GPT(GPTConfig(len(words), 40, 2, 2, 16)), words, "words")


def test_each_way_trains_what_it_says_and_leaves_the_rest() -> None:
    writer, settings = small_writer(), lora.LoraSettings(sentences=20, tests=5, words=(4, 8), steps=2, batch=4, rank=2)
    text, moved = lora.prepare(writer, settings), {}
    for way in lora.WAYS:
        model = lora.start(writer.model, way, settings)
        assert lora.test_loss(model, text) == pytest.approx(lora.test_loss(writer.model, text), abs=1e-5)
        before = {name: value.clone() for name, value in model.named_parameters()}
        list(lora.train(model, text, 1e-2, settings))
        moved[way] = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert all(name.endswith((".A", ".B")) for name in moved[lora.LORA])
    assert all(name.endswith("bias") or "ln_" in name for name in moved[lora.SMALL])
    assert "wte.weight" in moved[lora.FULL]
    with pytest.raises(ValueError, match="way 'half' is unknown"):
        lora.start(writer.model, "half", settings)


def test_no_test_sentence_is_learned_from() -> None:
    text = lora.prepare(small_writer(), lora.LoraSettings(sentences=200, tests=40, words=(4, 8)))
    assert not {tuple(row) for row in text.test} & {tuple(row) for row in text.train}
    assert all(row[0] == row[-1] == EOS for row in text.test)
