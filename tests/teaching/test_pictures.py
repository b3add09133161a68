"""The drawings of the notes: found, described, and refused by a clear sentence when unknown."""

import pytest

from utils.teaching import picture
from utils.teaching.pictures import names


def test_the_notes_five_pictures_are_there() -> None:
    assert {"attention", "decoding_step", "encoder_decoder", "history", "map"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_each_picture_becomes_a_figure_with_its_description(name: str, shown) -> None:  # type: ignore[no-untyped-def]
    html = shown(picture, name).html
    assert html.count("<svg") == 1
    label = html.partition('role="img" aria-label="')[2].partition('"')[0]
    assert len(label) > 80


def test_an_unknown_picture_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="there is no picture 'cat'; there are: attention"):
        picture("cat")
