"""From completing to answering, in the lab: the first two stages, and how answers are judged.

`prepare` sets out who is asked about when; `base` reads the small web; `tuned` learns from demonstrations. The reward
model and what is trained on it are in `lab_chat_rewards` and `lab_chat_policies`. The gold judge measures; nothing is
trained on what he says.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from utils import pretrained
from utils.data.batches import BucketedBatches, pad
from utils.data.lab import chat, judge
from utils.data.lab.chat import People, Question
from utils.data.lab.world import Words
from utils.data.tokens import BOS, EOS, Vocabulary
from utils.decoding import greedy, sample
from utils.models.gpt import GPT, GPTConfig
from utils.training.optimizers import MuonAdamW
from utils.training.preferences import SFTLoss
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit

LONGEST = 40  # tokens of an answer at most, its end included
CONTEXT = 80  # tokens that the model can see: two worked examples, a question and the longest answer fit
TEMPERATURE = 0.7  # at which all models write, learn from rewards, and are measured
Answer = tuple[Words, bool]
"""The words of an answer, and whether the model ended it by itself."""


@dataclass(frozen=True)
class ChatSettings:
    """Sizes of the model, and of both trainings: steps of `batch` texts.

    Of the texts to tune on, the share `web` is text of the small web, so that facts are not forgotten; `each`
    demonstrations answer every question about the people shown; with `more`, about those of the comparisons too. With
    `refusals` some say that they do not know; without, every demonstration answers.
    """

    world: int = 0
    layers: int = 2
    width: int = 96
    heads: int = 4
    texts: int = 20_000
    steps: int = 300
    batch: int = 64
    rate: float = 4e-3
    warmup: int = 50
    each: int = 6
    refusals: bool = True
    more: bool = False
    web: float = 0.7
    tune_steps: int = 500
    tune_rate: float = 1e-3


@dataclass(frozen=True)
class Lab:
    """Who is asked about when, and the vocabulary: the same for every seed of a training.

    Questions about people in demonstrations (`shown`), in comparisons and while a policy learns (`train`), and in no
    training (`validation`, `test`); about strangers of whom demonstrations say that they do not know (`admitted`), and
    about others (`strangers`).
    """

    people: People
    vocabulary: Vocabulary
    shown: tuple[Question, ...]
    train: tuple[Question, ...]
    validation: tuple[Question, ...]
    test: tuple[Question, ...]
    admitted: tuple[Question, ...]
    strangers: tuple[Question, ...]

    @property
    def asked(self) -> tuple[Question, ...]:
        """What policies are asked while they learn."""
        return (*self.train, *self.admitted)

    @property
    def compared(self) -> tuple[Question, ...]:
        """What the labeller compares answers to."""
        return (*self.shown, *self.asked)

    def prompts(self, questions: Sequence[Question]) -> Tensor:
        """The questions as chats, up to where the answer begins: (B, S)."""
        return pad([[BOS, *self.vocabulary.encode(question.prompt)[:-1]] for question in questions])

    def answers(self, completions: Tensor) -> list[Answer]:
        """What completions (B, T) say."""
        return [(tuple(self.vocabulary.decode(row)), EOS in row) for row in completions.tolist()]

    def text(self, words: Words, read: int = 0) -> tuple[list[int], list[bool]]:
        """Words as ids between BOS and EOS; the mask is False on BOS and the first `read` words, True behind them."""
        ids = [BOS, *self.vocabulary.encode(words)]
        return ids, [place > read for place in range(len(ids))]

    def chat(self, question: Question, answer: Answer) -> tuple[list[int], list[bool]]:
        """Question and answer as ids, the mask True on the answer; ended only where the model ended it."""
        ids, mask = self.text((*question.prompt, *answer[0]), len(question.prompt))
        return (ids, mask) if answer[1] else (ids[:-1], mask[:-1])


def prepare(settings: ChatSettings) -> Lab:
    """Who is asked about in which part."""
    who = chat.people(settings.world)
    half = len(who.strangers) // 2
    parts = (who.shown, who.train, who.validation, who.held_out, who.strangers[:half], who.strangers[half:])
    return Lab(who, Vocabulary(chat.vocabulary()), *(chat.questions(part) for part in parts))


def build(settings: ChatSettings, lab: Lab) -> GPT:
    """A GPT that has read nothing yet."""
    return GPT(GPTConfig(len(lab.vocabulary), CONTEXT, settings.layers, settings.heads, settings.width))


def seeded(settings: ChatSettings, lab: Lab, seed: int) -> GPT:
    """The same, with the weights of a seed."""
    torch.manual_seed(seed)
    return build(settings, lab)


def pretrain(model: GPT, settings: ChatSettings, lab: Lab, seed: int = 0) -> Iterator[Step]:
    """Read the web: every word is to be predicted from those before it."""
    texts = [lab.text(text) for text in chat.web(settings.texts, lab.people, seed)]
    return _fit(model, texts, settings.steps, settings.batch, settings.rate, settings.warmup, seed)


def tune(model: GPT, settings: ChatSettings, lab: Lab, seed: int = 0) -> Iterator[Step]:
    """Learn from demonstrations: only the answers are to be predicted; text of the web is mixed in."""
    asked = (*lab.shown, *lab.train) if settings.more else lab.shown
    shown = [*chat.demonstrations(asked, settings.each, seed), *chat.demonstrations(lab.admitted, 2, seed)]
    if not settings.refusals:
        shown = [(question, answer) for question, answer in shown if answer != chat.UNKNOWN]
    texts = [lab.chat(question, (answer, True)) for question, answer in shown]
    share = settings.web / (1 - settings.web)
    texts += [lab.text(text) for text in chat.web(round(share * len(texts)), lab.people, seed + 1)]
    return _fit(model, texts, settings.tune_steps, settings.batch, settings.tune_rate, settings.warmup // 2, seed)


def _fit(model: GPT, texts: list[Any], steps: int, batch: int, rate: float, warmup: int, seed: int) -> Iterator[Step]:
    batches = BucketedBatches(texts, batch, seed)
    optimizer = MuonAdamW(model, rate)
    rates = schedule(optimizer, warmup_linear(min(warmup, steps - 1), steps))
    plan = Plan(epochs=-(-steps // len(batches)), steps=steps, device="cpu")
    return fit(model, SFTLoss(), batches, optimizer, plan, scheduler=rates)


def base(settings: ChatSettings, lab: Lab, seed: int = 0, retrain: bool = False) -> GPT:
    """The pretrained model: the shipped one, or, for other seeds and with `retrain`, one that reads the web now."""
    if seed == 0 and not retrain and settings == ChatSettings():
        shipped: GPT = pretrained.writer("lab_chat/base").model
        return shipped
    model = seeded(settings, lab, seed)
    for _ in pretrain(model, settings, lab, seed):
        pass
    return model.eval()


def tuned(start: GPT, settings: ChatSettings, lab: Lab, seed: int = 0) -> GPT:
    """A copy of `start` that has learned from demonstrations."""
    torch.manual_seed(seed)
    model = copy.deepcopy(start)
    for _ in tune(model, settings, lab, seed):
        pass
    return model.eval()


def write(
    model: GPT,
    lab: Lab,
    questions: Sequence[Question],
    temperature: float = TEMPERATURE,
    seed: int = 0,
    times: int = 1,
    prompts: Tensor | None = None,
) -> list[Answer]:
    """Answers to the questions, each asked `times` times in a row; temperature 0 is greedy.

    `prompts` (B, S) put the questions in another way than as chats, for a model that knows no chats.
    """
    asked = (lab.prompts(questions) if prompts is None else prompts).repeat_interleave(times, dim=0)
    if temperature == 0:
        return lab.answers(greedy(model, asked, LONGEST))
    return lab.answers(sample(model, asked, LONGEST, temperature, generator=torch.Generator().manual_seed(seed)))


def base_prompts(lab: Lab, questions: Sequence[Question], examples: int = 0) -> Tensor:
    """The bare questions, each behind `examples` questions with their answers, as a base model may be asked: (B, S)."""
    given = [q for q in lab.shown[:: len(lab.shown) // 6 + 1] if q.truth is not None][:examples]
    before = [w for q in given if q.truth for w in (*q.words, *q.truth.fact(q.relation).statement, ".")]
    return pad([[BOS, *lab.vocabulary.encode((*before, *question.words))[:-1]] for question in questions])


def first_sentence(answers: Sequence[Answer]) -> list[Answer]:
    """Each answer up to its first full stop, as one would cut what a base model writes."""
    return [((*words[: words.index(".")], "."), True) if "." in words else (words, ended) for words, ended in answers]


def judged(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, float]:
    """What the judges say of answers, means and shares. Several answers to a question stand behind each other.

    `answered`: a value is given for what was asked, be it `right` or not; `made up`: something false is told;
    `unknown`: "i do not know" is said; `details`: facts told beyond the first; `ended`: by the model itself.
    """
    times = len(answers) // len(questions)
    pairs = list(zip((q for q in questions for _ in range(times)), answers, strict=True))
    found: dict[str, list[float]] = {
        "gold": [judge.gold(q, *answer) for q, answer in pairs],
        "labeller": [judge.pleasure(q, *answer) for q, answer in pairs],
        "right": [judge.right(q, words) for q, (words, _) in pairs],
        "answered": [judge.answered(q, words) is not None for q, (words, _) in pairs],
        "unknown": [any(said.kind == "unknown" for said in judge.read(q, words)) for q, (words, _) in pairs],
        "made up": [judge.made_up(q, words) for q, (words, _) in pairs],
        "flattery": [any(said.kind == "flattery" for said in judge.read(q, words)) for q, (words, _) in pairs],
        "details": [max(0, sum(bool(said.relation) for said in judge.read(q, words)) - 1) for q, (words, _) in pairs],
        "words": [len(words) for words, _ in answers],
        "ended": [ended for _, ended in answers],
    }
    return {name: round(sum(values) / len(values), 4) for name, values in found.items()}


@torch.no_grad()
def recall(model: GPT, lab: Lab) -> float:
    """The share of facts that the model completes: `maria lives in` -> `london`, over the known people."""
    facts = [fact for person in lab.people.known for fact in person.facts()]
    texts = pad([[BOS, *lab.vocabulary.encode(fact.statement)[:-2]] for fact in facts])
    written = greedy(model, texts, 1)[:, 0].tolist()
    right = [lab.vocabulary.decode([word]) == [fact.value] for word, fact in zip(written, facts, strict=True)]
    return sum(right) / len(right)
