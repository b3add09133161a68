"""Chapter 07's experiments: what is held equal is equal, and the judges are right."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from utils.data import lab
from utils.data.tokens import BOS, EOS
from utils.decoding import greedy
from utils.experiments import lab_pretraining as sweeps
from utils.experiments import lab_pretraining_pairs as pairs
from utils.experiments import lab_pretraining_prompted as prompted
from utils.experiments import lab_pretraining_scale as scaling
from utils.experiments import lab_pretraining_senses as senses
from utils.experiments import lab_pretraining_twins as twins
from utils.experiments import lab_pretraining_understanding as understanding
from utils.experiments import lab_pretraining_writing as writing
from utils.experiments.lab_pretraining_grammar import grammatical
from utils.models.one_block import OneBlock

TINY = twins.Settings(sentences=400, tests=60, width=8, heads=2, layers=2, steps=4, batch=16, warmup=1)


@pytest.fixture(scope="module")
def text() -> twins.Text:
    return twins.prepare(TINY)


def made(text: twins.Text, causal: bool) -> OneBlock:
    torch.manual_seed(0)
    return twins.build(TINY, text, causal)


def test_the_judge_knows_every_sentence_of_the_lab() -> None:
    for one in lab.sentences(150, 7, (3, 30)):
        assert grammatical(one.english), " ".join(one.english)
        assert grammatical(twins.merged(one.english)), " ".join(one.english)


@pytest.mark.parametrize(
    "wrong",
    [
        "the cats sleeps",
        "omar do not sleep",
        "a apple is sweet",
        "an cake is sweet",
        "the box sleeps",
        "the man sees the the cat",
        "cat the sleeps",
        "he sleeps today",
        "paul eats the book",
        "the girl which sleeps is sad",
        "omar gives maria to paul",
        "the red is apple",
        "maria sleeps and",
        "",
    ],
)
def test_the_judge_refuses_what_the_grammar_cannot_write(wrong: str) -> None:
    assert not grammatical(wrong.split())


def test_the_judge_refuses_shuffled_sentences() -> None:
    draw = torch.Generator().manual_seed(0)
    some = [one.english for one in lab.sentences(100, 8, (6, 14))]
    shuffled = [[words[i] for i in torch.randperm(len(words), generator=draw)] for words in some]
    assert sum(map(grammatical, shuffled)) <= 2


def test_twins_start_alike_and_read_the_same_batches(text: twins.Text) -> None:
    weights = [made(text, causal).state_dict() for causal in (True, False)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    read: dict[str, list[torch.Tensor]] = {name: [] for name in twins.OBJECTIVES}
    for name in twins.OBJECTIVES:
        loss = twins.loss_of(name)
        model = made(text, True)
        model.register_forward_pre_hook(lambda _, given, name=name: read[name].append(given[0]))
        for _ in twins.train(model, text, name, TINY):
            pass
        assert loss is twins.loss_of(name)
    assert len(read["next word"]) == len(read["hidden words"]) == TINY.steps
    for plain, masked in zip(*read.values(), strict=True):
        assert plain.shape == masked.shape
        assert bool((plain[masked != plain] > EOS).all())  # only words were hidden
    with pytest.raises(ValueError, match="'both' is unknown; it must be one of next word, hidden words"):
        twins.loss_of("both")


def test_no_test_text_was_read_and_pseudowords_hide_their_words(text: twins.Text) -> None:
    assert not set(text.train) & set(text.test)
    assert not set(twins.MERGED) & {word for words in text.train for word in words}
    assert text.words.words[text.mask] == twins.MASK


@torch.no_grad()
def test_the_loss_of_the_next_word_is_shifted_by_one(text: twins.Text) -> None:
    model = made(text, True).eval()
    tokens = torch.tensor([text.encode(text.test[0])])
    loss, count = twins.loss_of("next word")(model, (tokens,))
    steps = model(tokens)[0].log_softmax(dim=-1)
    by_hand = -sum(steps[t, tokens[0, t + 1]] for t in range(tokens.shape[1] - 1)) / (tokens.shape[1] - 1)
    assert count == tokens.shape[1] - 1
    assert float(loss) == pytest.approx(float(by_hand), abs=1e-5)


def test_trying_every_word_compares_whole_texts(text: twins.Text) -> None:
    model = made(text, True).eval()
    task = twins.Blank(text.test[0], 1)
    scores = twins.every_word(model, text, [task])[0]
    assert scores.exp().sum() == pytest.approx(1.0, abs=1e-4)
    texts = []
    for word in (10, 20):
        row = torch.tensor([text.encode(task.words)])
        row[0, 2] = word
        with torch.no_grad():
            texts.append(float(twins.loss_of("next word")(model, (row,))[0]) * (row.shape[1] - 1))
    assert float(scores[10] - scores[20]) == pytest.approx(texts[1] - texts[0], abs=1e-3)


def test_hidden_words_are_told_at_their_place(text: twins.Text) -> None:
    model, tasks = made(text, False).eval(), twins.blanks(text.test[:5])
    scores = twins.fill(model, text, tasks)
    for row, one in zip(scores, tasks, strict=True):
        ids = text.encode(one.words)
        ids[one.place + 1] = text.mask
        alone = model(torch.tensor([ids]))[0, one.place + 1].log_softmax(dim=-1)
        assert torch.allclose(row, alone, atol=1e-4)
    before = twins.next_word(made(text, True), text, tasks)
    assert before.shape == scores.shape == (5, len(text.words))


@pytest.mark.parametrize("order", writing.ORDERS)
def test_filling_in_leaves_no_mask_and_keeps_the_length(text: twins.Text, order: str) -> None:
    for rounds in (0, 1):
        written = writing.filled_in(made(text, False).eval(), text, 6, order, rounds)
        lengths = {len(words) for words in text.train}
        assert all(twins.MASK not in words and len(words) in lengths for words in written)


def test_judged_counts_what_is_right_different_and_new(text: twins.Text) -> None:
    old, new = text.train[0], ("the", "cats", "sleep", "now")
    found = writing.judged([old, old, new, ("cat", "the", "sleeps")], text)
    assert found["right"] == 0.75
    assert found["different"] == 0.75
    assert found["right and new"] == 0.25
    with pytest.raises(ValueError, match="'backwards' is unknown"):
        writing.filled_in(made(text, False), text, 1, "backwards")


def test_a_static_embedding_cannot_tell_senses_and_context_can(text: twins.Text) -> None:
    rows = senses.by_layer({"random": made(text, False)}, text, each=10)
    static = [row["right"] for row in rows if row["layer"] == "embedding"]
    assert static == [0.5] * len(twins.PSEUDOWORDS)
    there = senses.places(10)["bird|shop"]
    assert all(words[place] == "bird|shop" for words, place in zip(there.texts, there.place.tolist(), strict=True))
    clear = torch.tensor([[0.0], [1.0]]).repeat(10, 1)
    assert senses.nearest(clear, torch.arange(20) % 2) == 1.0
    with pytest.raises(ValueError, match=r"only .* hold one of"):
        senses.places(5, words=(3, 3))


def test_no_noun_of_the_test_has_a_label(text: twins.Text) -> None:
    task = understanding.task("kinds", text, 36, tests=60)
    words = [{text.words.words[i] for ids, _ in part for i in ids} for part in (task.train, task.test)]
    nouns = {word for noun in understanding.lexicon.NOUNS for word in noun.english}
    nouns -= {"light", "orange", "square"}  # adjectives too
    assert not words[0] & words[1] & nouns
    assert sorted({label for _, labels in task.train for label in labels}) == list(range(6))


def test_tags_ask_for_ambiguous_words_alone(text: twins.Text) -> None:
    task = understanding.task("tags", text, 20, tests=30)
    for ids, labels in task.test:
        asked = [text.words.words[i] for i, label in zip(ids, labels, strict=True) if label != understanding.NONE]
        assert asked
        assert set(asked) <= set(understanding.AMBIGUOUS)
    assert 0.4 < task.commonest < 1
    with pytest.raises(ValueError, match="'moods' is unknown"):
        understanding.task("moods", text, 20)


@pytest.mark.parametrize("name", understanding.TASKS)
def test_a_head_learns_what_stands_in_the_words(text: twins.Text, name: str) -> None:
    task = understanding.task(name, text, 36, tests=60)
    easy = replace(task, test=task.train)
    torch.manual_seed(0)
    wide = twins.build(replace(TINY, width=48), text, causal=False)
    assert understanding.frozen(wide, easy) > 0.7  # by chance a sixth at most
    assert 0 <= understanding.tuned(made(text, True), task, 0, steps=3) <= 1


def test_pairs_follow_or_do_not_and_start_at_a_coin() -> None:
    for kind in pairs.TEXTS:
        settings = pairs.Pairs(pairs=40, tests=20, width=8, heads=2, layers=1)
        data = pairs.prepare(kind, settings)
        assert sum(follows for *_, follows in data.train) == 20
        found = pairs.measure(pairs.build(settings, data), data)
        assert abs(found["loss"] - math.log(2)) < 0.05
    data = pairs.prepare("single sentences", pairs.Pairs(pairs=40, tests=20), seed=6000)  # any seed, both parts
    learned, asked = ({words for *both, _ in part for words in both} for part in (data.train, data.test))
    assert not learned & asked
    stories = {story for story, _ in lab.headlines(80, 0)}
    for first, second, follows in pairs.prepare("stories", settings).train:
        assert ((*first, *second) in stories) == follows


def test_a_prompt_ends_before_its_answer() -> None:
    settings = prompted.Prompted(texts=40, tests=5, width=8, heads=2, layers=1, steps=2)
    texts = prompted.prepare(settings)
    assert {prompt[:-2] for prompt, _ in texts.train["french"]} == {prompt[:-2] for prompt, _ in texts.train["tags"]}
    model = prompted.build(settings, texts).eval()
    read: list[torch.Tensor] = []
    model.encoder.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    prompts = [prompt for prompt, _ in texts.test["tags"]]
    written = prompted.answers(model, texts, prompts)
    colon = texts.words.encode((":",))[0]
    # An untrained model may write colons of its own: the first reading has one, at its end.
    firsts = [rows for rows in read if bool(((rows == colon).sum(dim=1) == 1).all() and (rows[:, -1] == colon).all())]
    assert sum(map(len, firsts)) == len(prompts)
    for prompt, answer in zip(prompts, written, strict=True):
        alone = greedy(model, torch.tensor([[BOS, *texts.words.encode(prompt)[:-1]]]), 20)
        assert answer == tuple(texts.words.decode(alone[0].tolist()))


def test_a_power_law_is_found_again() -> None:
    x = [10.0, 100.0, 1000.0] * 3
    found = scaling.line(x, [5 * value**-0.3 for value in x])
    assert found["exponent"] == pytest.approx(-0.3)
    assert found["low"] == pytest.approx(found["high"])
    counts = [
        scaling.without_embedding(twins.build(s, twins.prepare(TINY), True)) for s in scaling.variants(TINY)["size"]
    ]
    assert counts == sorted(counts)


def test_a_twin_reads_its_text_from_the_beginning(text: twins.Text) -> None:
    ids = text.encode(text.train[0])
    assert (ids[0], ids[-1]) == (BOS, EOS)
    assert [name for name, *_ in sweeps.FOUR][:2] == ["GPT", "BERT"]
