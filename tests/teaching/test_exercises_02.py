"""Chapter 02's solutions against other implementations of the same, and what is said about a dictionary of answers."""

import math
from itertools import pairwise, product

import pytest
import torch

from utils.data.lab import dna, shapes
from utils.teaching import check
from utils.teaching.exercises import exercises, find
from utils.teaching.exercises.chapter_02 import collate, last_states
from utils.teaching.exercises.counting_02 import log_odds, read_gene
from utils.teaching.exercises.f1_02 import span_f1
from utils.teaching.exercises.naming_02 import PROBLEMS, name_the_shapes
from utils.teaching.exercises.tagging_02 import both_ways, spans


def test_chapter_02_has_its_eight():
    assert [exercise.id for exercise in exercises("02")] == [f"2.{k}" for k in range(1, 9)]


def test_the_ten_problems_show_every_shape():
    answers = name_the_shapes()
    assert answers.keys() == PROBLEMS.keys()
    assert len(answers) == 10
    assert set(answers.values()) == {shape.removesuffix(" many to many") for shape in shapes.SHAPES}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"a": "one to one", "h": "many to one"}, "look again at 'a' ('one to one'), 'h' ('many to one')"),
        ({"k": "one to one"}, "nobody asked for 'k'"),
        ({"d": "synchronous"}, "all right but d"),
    ],
)
def test_a_dictionary_is_answered_by_its_entries(changed, says, capsys):
    check("2.1", name_the_shapes() | changed)
    assert says in capsys.readouterr().out


def test_a_dictionary_with_gaps_is_named(capsys):
    check("2.1", {key: value for key, value in name_the_shapes().items() if key not in "bj"})
    assert "there is no entry for 'b', 'j'" in capsys.readouterr().out


def test_collate_is_pad_sequence():
    ids, mask = collate([[4, 0, 6], [7], [8, 9]], pad=5)
    theirs = torch.nn.utils.rnn.pad_sequence([torch.tensor(x) for x in ([4, 0, 6], [7], [8, 9])], True, 5)
    assert torch.equal(ids, theirs)
    assert torch.equal(mask, torch.arange(3) < torch.tensor([3, 1, 2])[:, None])


def test_the_last_state_is_that_of_a_packed_net():
    torch.manual_seed(0)
    net, lengths = torch.nn.GRU(3, 4, batch_first=True), torch.tensor([4, 2, 1])
    words = torch.randn(3, 5, 3)
    packed = torch.nn.utils.rnn.pack_padded_sequence(words, lengths, batch_first=True)
    torch.testing.assert_close(last_states(net(words)[0], lengths), net(packed)[1][0])


def test_both_ways_is_a_bidirectional_net():
    torch.manual_seed(1)
    net = torch.nn.RNN(1, 1, bidirectional=True)
    words = torch.randn(6, 1)

    def cell(end):
        read, keep, *biases = (
            getattr(net, f"{name}_l0{end}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        return lambda word, state: math.tanh(float(read) * word + float(keep) * state + sum(map(float, biases)))

    ours = both_ways(cell(""), cell("_reverse"), words[:, 0].tolist())
    torch.testing.assert_close(torch.tensor(ours), net(words)[0].detach())


def written(found, length):
    """The BIO tags that write down some spans."""
    tags = ["O"] * length
    for kind, begin, end in found:
        tags[begin:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - begin - 1)]
    return tags


def test_spans_over_all_short_sentences():
    """All 625 sentences of four tags: what is read must be written back, up to the I that begins an entity."""
    for tags in product(["O", "B-X", "I-X", "B-Y", "I-Y"], repeat=4):
        found = spans(list(tags))
        assert all(a[2] <= b[1] for a, b in pairwise(found))
        mended = [
            tag if tag[0] != "I" or (k and tags[k - 1][1:] == tag[1:]) else f"B{tag[1:]}" for k, tag in enumerate(tags)
        ]
        assert written(found, 4) == mended, tags


def test_f1_by_its_other_formula():
    kinds = [("PER", k, k + 1) for k in range(6)]
    for right, missed, made_up in product(range(3), range(3), range(3)):
        gold, predicted = kinds[: right + missed], kinds[:right] + [("LOC", k, k + 1) for k in range(made_up)]
        expected = 2 * right / (2 * right + missed + made_up) if right else 0
        assert span_f1(gold, predicted) == pytest.approx(expected)


def test_log_odds_by_hand():
    assert log_odds(["good", "good", "bad", "new"], {"good": 3}, {"bad": 1}) == pytest.approx(
        2 * math.log((4 / 5) / (1 / 3)) + math.log((1 / 5) / (2 / 3))
    )


def test_the_gene_reader_agrees_with_the_lab():
    for strand, protein in dna.genes(300, 9, leader=(0, 7)):
        assert read_gene("".join(strand), dna.GENETIC_CODE) == "".join(protein)
    for case in find("2.8").cases:
        strand, code = case.arguments()
        frame = dna.reading_frame(strand) if "ATG" in strand else 0
        assert read_gene(strand, code) == dna.translate(strand, frame)
