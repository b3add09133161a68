"""One model, many tasks, told by the prompt alone, against a model for each task.

Three tasks are written as text, and a model of the next word reads them as text: a sentence, the name of the task, and
what comes out. To be asked, it is given the text up to the colon and goes on (Radford et al. 2019, "Language Models
are Unsupervised Multitask Learners", section 2). All in one, it reads as many texts of each task as a model that has
that task alone; a second model for each task gets as many steps as the one for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from utils.data import lab
from utils.data.batches import BucketedBatches
from utils.data.tokens import BOS, Vocabulary
from utils.decoding import greedy
from utils.models.one_block import OneBlock
from utils.models.transformer import TransformerConfig
from utils.training.losses import next_token_loss
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit

Words = tuple[str, ...]
Example = tuple[Words, Words]  # the prompt, which ends in a colon, and what should follow
TASKS = ("french", "tags", "backwards")


@dataclass(frozen=True)
class Prompted:
    """Sizes of the block, and the texts and steps of one task; all in one take the steps of all of them."""

    texts: int = 8_000
    tests: int = 200
    words: tuple[int, int] = (3, 7)
    width: int = 64
    heads: int = 4
    layers: int = 3
    steps: int = 400
    batch: int = 64
    rate: float = 4e-3


@dataclass(frozen=True)
class Texts:
    """Each task's examples to learn from and to test with, and the vocabulary of the first, all tasks together."""

    train: dict[str, list[Example]]
    test: dict[str, list[Example]]
    words: Vocabulary


def examples(task: str, count: int, seed: int, words: tuple[int, int], part: str) -> list[Example]:
    """Texts of one task. All tasks ask about the same sentences, so that only the prompt says what to do."""
    if task not in TASKS:
        raise ValueError(f"task {task!r} is unknown; it must be one of {', '.join(TASKS)}")
    found = []
    for one in lab.sentences(count, seed, words, part=part):
        tags = tuple(tag.lower() for tag in one.tags)
        answer = {"french": one.french, "tags": tags, "backwards": one.english[::-1]}[task]
        found.append(((*one.english, task, ":"), answer))
    return found


def prepare(settings: Prompted, seed: int = 0) -> Texts:
    """Draw the texts of a seed; no text to test with is among those to learn from."""
    train = {task: examples(task, settings.texts, seed, settings.words, "train") for task in TASKS}
    known = {example for found in train.values() for example in found}
    test = {
        task: [one for one in examples(task, 3 * settings.tests, seed, settings.words, "test") if one not in known]
        for task in TASKS
    }
    words = Vocabulary.from_texts((*prompt, *answer) for found in train.values() for prompt, answer in found)
    return Texts(train, {task: found[: settings.tests] for task, found in test.items()}, words)


def build(settings: Prompted, texts: Texts) -> OneBlock:
    """An untrained model of the next word; all models know the words of all tasks."""
    size, width = len(texts.words), settings.width
    return OneBlock(TransformerConfig(size, size, width, settings.heads, settings.layers, 4 * width), causal=True)


def train(
    model: OneBlock, texts: Texts, tasks: Sequence[str], settings: Prompted, seed: int = 0, times: int = 1
) -> Iterator[Step]:
    """Train on the texts of some tasks, `times` x `steps` batches for each; every word of a text is asked for."""
    rows = []
    for task in tasks:
        for prompt, answer in texts.train[task]:
            ids = texts.words.encode((*prompt, *answer))
            rows.append(([BOS, *ids[:-1]], ids))
    steps = settings.steps * len(tasks) * times
    batches = BucketedBatches(rows, settings.batch, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate)
    rates = schedule(optimizer, warmup_linear(max(1, steps // 20), steps))
    plan = Plan(epochs=-(-steps // len(batches)), steps=steps, device="cpu")
    return fit(model, next_token_loss, batches, optimizer, plan, scheduler=rates)


def answers(model: OneBlock, texts: Texts, prompts: Sequence[Words]) -> list[Words]:
    """What the model writes behind each prompt, word by word, the most probable one each time."""
    model.eval()
    found: dict[int, Words] = {}
    for length in sorted({len(prompt) for prompt in prompts}):  # prompts of one length are read together
        which = [i for i, prompt in enumerate(prompts) if len(prompt) == length]
        rows = torch.tensor([[BOS, *texts.words.encode(prompts[i])[:-1]] for i in which])
        for i, row in zip(which, greedy(model, rows, 20).tolist(), strict=True):
            found[i] = tuple(texts.words.decode(row))
    return [found[i] for i in range(len(prompts))]


def whole(model: OneBlock, texts: Texts, task: str, asked: str | None = None) -> float:
    """The share of a task's test prompts that get exactly the right answer.

    `asked` puts another task's name into the prompt: with the wrong name the answer should be wrong.
    """
    prompts = [(*prompt[:-2], asked or task, ":") for prompt, _ in texts.test[task]]
    written = answers(model, texts, prompts)
    right = [answer == true for answer, (_, true) in zip(written, texts.test[task], strict=True)]
    return sum(right) / len(right)
