"""Pictures and their captions, found again from the points alone; and the shapes of sequence problems."""

from collections import Counter

import pytest

from utils.data import lab
from utils.data.lab import dna, pictures, shapes


def parts_of(picture):
    """The shapes in a picture by flood fill (corners touch too): (rows, columns, colour, number of points)."""
    left = {(y, x) for y in range(12) for x in range(12) if picture[y][x]}
    found = []
    while left:
        open_, points = [left.pop()], set()
        while open_:
            y, x = open_.pop()
            points.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            open_ += near
        ys, xs = zip(*points, strict=True)
        (colour,) = {picture[y][x] for y, x in points}
        found.append(((min(ys), max(ys)), (min(xs), max(xs)), colour, len(points)))
    return found


def named(part):
    """What a shape is called, by how many of the points of its square it fills."""
    (top, bottom), (left, right), colour, points = part
    size = bottom - top + 1
    assert size == right - left + 1
    filled = {16: "square", 12: "circle", 10: "triangle", 8: "cross"}
    filled_large = {25: "square", 21: "circle", 15: "triangle", 9: "cross"}
    shape = {4: filled, 5: filled_large}[size][points]
    return f"a {('red', 'green', 'blue', 'yellow', 'black')[colour - 1]} {shape}"


def described(picture):
    """The caption by the rules of the module's docstring."""
    found = sorted(parts_of(picture), key=lambda part: part[1])
    upper = [named(part) for part in found if part[0][0] + part[0][1] < 11]
    lower = [named(part) for part in found if part[0][0] + part[0][1] >= 11]
    if upper and lower:
        return f"{' and '.join(upper)} above {' and '.join(lower)} ."
    return f"{' left of '.join(upper or lower)} ."


def test_the_caption_follows_from_the_points():
    drawn = pictures.pictures(1500, 3)
    for picture, caption in drawn:
        assert described(picture) == " ".join(caption)
    counts = Counter(caption.count("a") for _, caption in drawn)
    assert min(counts[n] for n in (1, 2, 3)) > 400
    assert {word for _, caption in drawn for word in caption} == {
        *["a", "and", "above", "left", "of", "."], *pictures.COLOURS[1:], *pictures.SHAPES,
    }  # fmt: skip


def test_two_pictures_of_one_caption_differ():
    drawn = pictures.pictures(2000, 4, shapes=(1, 1))
    by_caption = {caption: {p for p, c in drawn if c == caption} for _, caption in drawn}
    assert len(by_caption) == 20
    assert min(map(len, by_caption.values())) > 10


def test_parts_share_no_scene():
    def scene(picture, caption):
        places = (((a + b) // 2 >= 6, (c + d) // 2 >= 6, colour) for (a, b), (c, d), colour, _ in parts_of(picture))
        return caption, frozenset(places)

    train, test = (pictures.pictures(1500, seed, part=part) for seed, part in ((1, "train"), (2, "test")))
    assert not {scene(*one) for one in train} & {scene(*one) for one in test}
    assert {word for _, caption in train for word in caption} >= {word for _, caption in test for word in caption}


def test_pictures_keep_their_seed():
    assert pictures.pictures(30, 7) == pictures.pictures(30, 7)
    assert pictures.pictures(10, 7) == pictures.pictures(30, 7)[:10]
    assert pictures.pictures(30, 7) != pictures.pictures(30, 8)


def test_a_picture_is_drawn_point_by_point():
    ((picture, caption),) = pictures.pictures(1, 5, shapes=(2, 2))
    drawing = pictures.svg([picture, picture], [" ".join(caption), "a < b\nc"])
    assert drawing.count("<g transform") == 2
    assert "a &lt; b</text>" in drawing
    area = sum(
        int(bar.split('width="')[1].split('"')[0]) for bar in drawing.split("<rect ")[1:] if 'height="10"' in bar
    )
    assert area == 2 * 10 * sum(map(bool, sum(picture, ())))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: pictures.pictures(-1), "count is -1"),
        (lambda: pictures.pictures(1, shapes=(0, 2)), "shapes is"),
        (lambda: pictures.pictures(1, part="dev"), "unknown part 'dev'"),
        (lambda: pictures.svg([]), "0 pictures"),
        (lambda: shapes.shape_of([]), "there are no examples"),
        (lambda: shapes.shape_of([("ab", ())]), "is empty"),
        (lambda: shapes.shape_of([([1, 2], [1])], aligned=True), "example 0 has 2 inputs and 1 outputs"),
    ],
)
def test_a_wrong_call_is_named_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize(
    ("examples", "shape"),
    [
        ([([picture], "one") for picture, _ in pictures.pictures(5)], "one to one"),
        ([([picture], caption) for picture, caption in pictures.pictures(5)], "one to many"),
        (lab.reviews(20), "many to one"),
        (dna.promoters(5), "many to one"),
        ([(s.english, s.tags) for s in lab.sentences(20)], "synchronous many to many"),
        ([(s.english, s.french) for s in lab.sentences(20)], "asynchronous many to many"),
        (dna.genes(5), "asynchronous many to many"),
        ([(lab.number_words(n), tuple(str(n))) for n in (1, 12, 342)], "asynchronous many to many"),
        ([("the", "le")], "one to one"),
    ],
)
def test_the_shape_of_the_tasks(examples, shape):
    assert shapes.shape_of(examples) == shape
    assert shape in shapes.SHAPES


def test_equal_lengths_are_not_enough():
    turned = [((1, 2, 3), (3, 2, 1)), ((4, 5), (5, 4))]
    assert shapes.shape_of(turned) == "synchronous many to many"
    assert shapes.shape_of(turned, aligned=False) == "asynchronous many to many"
