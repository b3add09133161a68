"""Exercises of chapter 08, from completing to answering: what the tuned model learns from demonstrations and pairs."""

from __future__ import annotations

from utils.teaching.exercises import hacking_08, pairs_08, policy_08
from utils.teaching.exercises.model import Case, Exercise, Wrong


def chat_example(turns, bos=2, eos=3, user=4, assistant=5):
    """Turns of (question ids, answer ids) -> the whole text as ids, and as many True or False: True is learned."""
    text, learned = [bos], [False]
    for question, answer in turns:
        before = [user, *question, assistant]
        text += [*before, *answer, eos]
        learned += [False] * len(before) + [True] * (len(answer) + 1)
    return text, learned


def _everything(turns, bos=2, eos=3, user=4, assistant=5):
    text, _ = chat_example(turns, bos, eos, user, assistant)
    return text, [False] + [True] * (len(text) - 1)


def _endless(turns, bos=2, eos=3, user=4, assistant=5):
    text, learned = chat_example(turns, bos, eos, user, assistant)
    return text, [here and token != eos for token, here in zip(text, learned, strict=True)]


def _asks_itself(turns, bos=2, eos=3, user=4, assistant=5):
    text, learned = chat_example(turns, bos, eos, user, assistant)
    return text, [here or token == assistant for token, here in zip(text, learned, strict=True)]


def _early(turns, bos=2, eos=3, user=4, assistant=5):
    text, learned = chat_example(turns, bos, eos, user, assistant)
    return text, [*learned[1:], False]


def _last_answer(turns, bos=2, eos=3, user=4, assistant=5):
    text, learned = chat_example(turns, bos, eos, user, assistant)
    kept = len(turns[-1][1]) + 1
    return text, [False] * (len(text) - kept) + learned[-kept:]


def _one_end(turns, bos=2, eos=3, user=4, assistant=5):
    text, learned = chat_example(turns, bos, eos, user, assistant)
    kept = [k for k, token in enumerate(text) if token != eos or k == len(text) - 1]
    return [text[k] for k in kept], [learned[k] for k in kept]


TEMPLATE = Exercise(
    id="8.1",
    title="The chat template and its mask",
    task="""
A model that continues text is given a text in which somebody asks and somebody answers. Two special tokens say who
speaks: `user` (id 4) and `assistant` (id 5). Write `chat_example`. The text begins with BOS; then comes, for each turn,
`user`, the question, `assistant`, the answer, EOS. Beside the text return a list of the same length that is True where
the tuned model is to learn to write the token itself: in every answer, and at the EOS that ends it. What somebody else
writes is read, and costs nothing.

One turn with the question `[7, 8]` and the answer `[9]`: the text is `[2, 4, 7, 8, 5, 9, 3]`, and True are the last
two.
""",
    difficulty=1,
    minutes=8,
    solution=chat_example,
    cases=(
        Case("one turn", lambda: ([([11, 12, 13], [14, 15])],)),
        Case("two turns", lambda: ([([11], [12, 13]), ([14, 15], [16])],)),
        Case("an answer that is empty", lambda: ([([11, 12], [])],)),
        Case("other ids for the special tokens", lambda: ([([11], [12])], 1, 6, 8, 9)),
    ),
    hints=(
        "Build both lists in one loop over the turns: whatever you add to the text, add as many entries to the mask.",
        "Who writes `assistant`? The program that asks the model, so it is not learned. Who writes EOS?",
        "A turn adds `len(question) + 2` times False and `len(answer) + 1` times True.",
    ),
    wrong=(
        Wrong(
            _everything, "you learn the questions too: the model would become good at asking, and waste its steps on it"
        ),
        Wrong(_endless, "EOS is not learned: the model would never stop, and go on to ask and answer itself"),
        Wrong(
            _asks_itself,
            "`assistant` is written by the program that puts the question, not by the model: it is not learned",
        ),
        Wrong(
            _early,
            "your mask lies one place too early; it marks the tokens *to be written*, and the loss does the shift",
        ),
        Wrong(_last_answer, "only the last answer is learned; the answers of earlier turns are the model's as well"),
        Wrong(_one_end, "each answer ends with EOS, also in the middle of a conversation: there the other one speaks"),
    ),
    explanation="""
`sft_loss` of this chapter takes such a pair. Its mask is on the token that is learned, and the logits that predict it
stand one place before. Trained on everything, the model would still answer: most of its work would go into questions.
""",
)


EXERCISES = (
    TEMPLATE,
    pairs_08.PAIRS,
    policy_08.GAE,
    policy_08.CLIPPED,
    policy_08.KL,
    pairs_08.DPO,
    hacking_08.ATTACK,
    hacking_08.DEFEND,
)
