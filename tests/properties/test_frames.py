"""A source of vectors: made speech, and the encoder that reads frames instead of words."""

import pytest
import torch

from utils.data.batches import BucketedBatches, pad
from utils.data.lab.speech import BANDS, speak
from utils.decoding import greedy
from utils.models.seq2seq import FrameEncoder, Seq2Seq, Seq2SeqConfig


def make_model() -> Seq2Seq:
    torch.manual_seed(0)
    config = Seq2SeqConfig(4, 12, embedding=8, hidden=16)
    return Seq2Seq(config, FrameEncoder(config, BANDS)).eval()


def test_the_same_speaker_says_the_same_twice_and_another_does_not() -> None:
    assert speak("407", 1) == speak("407", 1)
    assert speak("407", 1) != speak("407", 2)


def test_every_digit_takes_several_frames_of_all_bands() -> None:
    frames = speak("1234567890", "pace")
    assert 30 <= len(frames) <= 120
    assert {len(frame) for frame in frames} == {BANDS}
    assert min(min(frame) for frame in frames) >= 0


def test_digits_sound_different() -> None:
    """The mean frames of two digits differ by more than the noise of one."""
    means = {d: torch.tensor([speak(d, s)[0] for s in range(60)]).mean(0) for d in "0123456789"}
    distances = [float((means[a] - means[b]).norm()) for a in means for b in means if a < b]
    again = {d: torch.tensor([speak(d, s)[0] for s in range(60, 120)]).mean(0) for d in "0123456789"}
    assert min(distances) > 2 * max(float((means[d] - again[d]).norm()) for d in means)


@pytest.mark.parametrize("bad", ["", "12x", ["10"]])
def test_only_digits_can_be_spoken(bad: object) -> None:
    with pytest.raises(ValueError, match="characters 0 to 9"):
        speak(bad, 0)  # type: ignore[arg-type]


def test_padding_frames_change_nothing() -> None:
    model = make_model()
    short, long = speak("7", 0), speak("123456", 0)
    alone = model.encoder.context(pad([short]))
    together = model.encoder.context(pad([short, long]))
    torch.testing.assert_close(together[:1], alone, rtol=0, atol=1e-6)


def test_frames_go_through_batches_and_decoding() -> None:
    examples = [(speak(d, i), [4 + i, 3]) for i, d in enumerate(["1", "23", "456"])]
    source, target = next(BucketedBatches(examples, size=3).epoch(0))
    assert source.shape[0] == target.shape[0] == 3
    assert source.shape[2] == BANDS
    assert greedy(make_model(), source, max_length=5).shape[0] == 3
