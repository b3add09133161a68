"""The captioner: a picture alone and in a batch, steps and teacher forcing, and that every point matters."""

import pytest
import torch

from utils.models.captions import Captioner, PictureEncoder
from utils.models.seq2seq import Seq2SeqConfig
from utils.training.losses import previous_words


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = Captioner(Seq2SeqConfig(6, 12, 8, 16)).double().eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return made


def test_a_picture_alone_is_as_in_a_batch_and_steps_are_teacher_forcing(model):
    source, target = torch.randint(0, 6, (4, 144)), torch.randint(4, 12, (4, 5))
    whole = model(source, previous_words(target))
    assert torch.allclose(model(source[2:3], previous_words(target[2:3])), whole[2:3])
    state, columns = model.start(source), []
    for word in previous_words(target).T:
        logits, state = model.step(word, state)
        columns.append(logits)
    assert torch.allclose(torch.stack(columns, dim=1), whole)


def test_every_point_of_the_picture_can_change_the_vector():
    torch.manual_seed(0)
    encoder = PictureEncoder(6, 16).double()
    ground = torch.zeros(1, 144, dtype=torch.long)
    painted = ground + 3 * torch.eye(144, dtype=torch.long)
    changed = (encoder.context(painted) - encoder.context(ground)).abs().sum(dim=1)
    assert (changed > 1e-6).float().mean() > 0.95  # max pooling may hide a point here and there


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ValueError, match="12 x 12 points"):
        PictureEncoder(6, 16).context(torch.zeros(2, 100, dtype=torch.long))
