"""Windows of one long text: each token once an epoch, followed by the next one, and none shared with the validation."""

from __future__ import annotations

import pytest
import torch

from utils.data.windows import WindowBatches, split

# Every token is its own place in the text, so that a window tells where it was cut.
PLACES = torch.arange(1003)


@pytest.mark.parametrize("length", [1, 7, 50])
def test_no_window_of_validation_is_seen_in_training(length: int) -> None:
    """Museum 37, targets included."""
    sides = split(PLACES, 0.2)
    assert [len(side) for side in sides] == [802, 201]
    train, validation = (
        {int(place) for epoch in range(300) for batch in WindowBatches(side, length).epoch(epoch) for place in
         torch.cat(batch).flatten()}
        for side in sides
    )  # fmt: skip
    assert not train & validation
    assert train | validation == set(PLACES.tolist())


@pytest.mark.parametrize(("length", "size"), [(1, 5), (10, 32), (501, 2)])
def test_targets_follow_their_inputs_and_windows_do_not_overlap(length: int, size: int) -> None:
    batches = WindowBatches(PLACES, length, size)
    found = list(batches.epoch(3))
    assert len(found) == len(batches)
    assert all(torch.equal(targets, inputs + 1) for inputs, targets in found)
    seen = torch.cat([inputs for inputs, _ in found])
    assert seen.shape == (1003 // length - 1, length)
    assert seen.unique().numel() == seen.numel()


def test_an_epoch_is_a_function_of_seed_and_number() -> None:
    batches = WindowBatches(PLACES, 10, 8)
    whole = [inputs for inputs, _ in batches.epoch(0)]
    rest = [inputs for inputs, _ in batches.epoch(0, skip=5)]
    assert all(torch.equal(a, b) for a, b in zip(whole[5:], rest, strict=True))
    others = [next(batches.epoch(1))[0], next(WindowBatches(PLACES, 10, 8, seed=1).epoch(0))[0]]
    assert not any(torch.equal(whole[0], other) for other in others)
    begins = {int(next(batches.epoch(number))[0][0, 0]) % 10 for number in range(60)}
    assert begins == set(range(10))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: split(PLACES[:3], 0.1), "share 0.1 of 3"),
        (lambda: split(PLACES, 1.0), "share 1.0"),
        (lambda: WindowBatches(PLACES, 0), "length 0"),
        (lambda: WindowBatches(PLACES, 10, 0), "batch size 0"),
        (lambda: WindowBatches(PLACES, 502), "length of 502"),
        (lambda: WindowBatches(PLACES[None], 5), r"shape \(1, 1003\)"),
    ],
)
def test_bad_input_gets_one_clear_error(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
