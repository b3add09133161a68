"""The three further tasks: where the question stands, and what a guess is worth."""

from utils.data import lab
from utils.experiments.lab_tasks import guess_mentioned, question_first
from utils.experiments.lab_translation import Settings


def test_a_question_moves_to_the_front_and_nothing_is_lost() -> None:
    for text, _ in lab.questions(50, seed=3):
        moved = question_first(text)
        assert moved[-1] == "."
        assert moved.index("?") < moved.index(".")
        assert sorted(moved) == sorted(text)


def test_guessing_among_the_mentioned_words_is_right_about_half_the_time() -> None:
    """Facts are about two to four people, so a fitting word is mentioned about twice."""
    assert 0.35 < guess_mentioned(0, Settings(pairs=3_000, tests=500)) < 0.65
