"""Greedy search, beam search and sampling against transformers' `generate`, on tiny random models, 20 seeds each.

GPT-2 continues ragged prompts; ours is the GPT of this package with the same weights, so its cache is tried as well.
BART translates ragged sources; it is made to speak the step protocol here, so that nothing but the search is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.parity.tools import agree, both_precisions, draw, randomise
from utils.data.tokens import BOS, EOS, PAD
from utils.decoding import Hypothesis, beam_search, filter_logits, greedy, sample
from utils.models.gpt import load_gpt2

pytestmark = pytest.mark.reference
transformers = pytest.importorskip("transformers")

V, LONGEST, NEW, BEAM, SEEDS, ALPHAS = 12, 6, 8, 4, range(20), (0.0, 0.6, 1.0)
IDS = {"pad_token_id": PAD, "bos_token_id": BOS, "eos_token_id": EOS}


def texts(seed: int, left: bool) -> Tensor:
    """Five texts of 1 to 6 tokens, padded on one side."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, LONGEST + 1, (5,), generator=generator).tolist()
    rows = [torch.randint(4, V, (n,), generator=generator) for n in (*lengths[:4], LONGEST)]
    fill = [torch.zeros(LONGEST - len(row), dtype=torch.long) for row in rows]
    return torch.stack([torch.cat([f, r] if left else [r, f]) for r, f in zip(rows, fill, strict=True)])


@dataclass(frozen=True)
class BartState:
    """The words so far, (B, T), and what the encoder said about the source."""

    words: Tensor
    memory: Tensor
    real: Tensor

    def select(self, index: Tensor) -> BartState:
        """Rows of the state."""
        return BartState(self.words[index], self.memory[index], self.real[index])


class BartSteps:
    """transformers' BART behind the step protocol, without a cache."""

    def __init__(self, model: Any):
        self.model = model

    def start(self, source: Tensor) -> BartState:
        """Run the encoder."""
        real = (source != PAD).long()
        memory = self.model.get_encoder()(source, attention_mask=real).last_hidden_state
        return BartState(source[:, :0], memory, real)

    def step(self, token: Tensor, state: BartState) -> tuple[Tensor, BartState]:
        """Run the decoder over all words so far."""
        words = torch.cat([state.words, token[:, None]], dim=1)
        memory = transformers.modeling_outputs.BaseModelOutput(state.memory)
        out = self.model(encoder_outputs=memory, attention_mask=state.real, decoder_input_ids=words, use_cache=False)
        return out.logits[:, -1], replace(state, words=words)


@dataclass(frozen=True)
class Pair:
    """One model twice: `theirs` for generate, `steps` for us; `prompt` columns of their output are not new."""

    theirs: nn.Module
    steps: Callable[[], Any]
    padded_left: bool
    prompt: int

    def generate(self, seed: int, **settings: Any) -> Any:
        """transformers' answer to the texts of this seed. PAD is never written, as with ours."""
        source = texts(seed, self.padded_left)
        config = transformers.GenerationConfig(
            max_new_tokens=NEW, suppress_tokens=[PAD], decoder_start_token_id=BOS, **IDS, **settings
        )
        arguments = {"attention_mask": (source != PAD).long(), "generation_config": config}
        return self.theirs.generate(source, **arguments, return_dict_in_generate=True, output_scores=True)

    def new(self, sequences: Tensor) -> list[list[int]]:
        """The new tokens of each row up to EOS; behind it transformers writes padding or more EOS."""
        rows = [row[self.prompt :] for row in sequences.tolist()]
        return [row[: row.index(EOS) + 1] if EOS in row else row for row in rows]


def gpt2() -> Pair:
    """A GPT-2 of two layers, and our GPT with its weights."""
    sizes = {"vocab_size": V, "n_positions": LONGEST + NEW, "n_embd": 16, "n_layer": 2, "n_head": 4}
    theirs = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, **IDS)).double().eval()
    return Pair(theirs, lambda: load_gpt2(theirs.state_dict(), heads=4, pad=PAD).eval(), True, LONGEST)


def bart() -> Pair:
    """A BART of two and two layers."""
    config = transformers.BartConfig(
        vocab_size=V,
        d_model=16,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=20,
        decoder_start_token_id=BOS,
        forced_eos_token_id=None,
        **IDS,
    )
    theirs = transformers.BartForConditionalGeneration(config).double().eval()
    return Pair(theirs, lambda: BartSteps(theirs), False, 1)


@pytest.fixture(params=[gpt2, bart], ids=["gpt2", "bart"], scope="module")
def pair(request: pytest.FixtureRequest) -> Pair:
    return request.param()


def trimmed(tokens: Tensor) -> list[list[int]]:
    return [[token for token in row if token != PAD] for row in tokens.tolist()]


def test_greedy_is_transformers(pair: Pair) -> None:
    """Dies if tokens follow EOS, if a finished row disturbs others, or if left padding moves positions."""
    ends = 0
    for seed in SEEDS:
        randomise(pair.theirs, seed)
        expected = pair.new(pair.generate(seed, do_sample=False).sequences)
        sides = (True, False) if pair.padded_left else (False,)  # BART knows padding on the right only
        for left in sides:
            assert trimmed(greedy(pair.steps(), texts(seed, left), NEW)) == expected, seed
        ends += sum(row[-1] == EOS for row in expected)
    assert 5 < ends < 95, "some rows have to end early, and some must not"


@pytest.mark.parametrize("alpha", ALPHAS)
def test_beam_search_is_transformers(pair: Pair, alpha: float) -> None:
    """All hypotheses of the beam and their scores; dies with a length off by one, an early stop, a lost order."""
    name = f"beam_search, {type(pair.theirs).__name__.removesuffix('ForConditionalGeneration')}"
    ends = 0
    for seed in SEEDS:
        randomise(pair.theirs, seed)
        beam = {"num_beams": BEAM, "num_return_sequences": BEAM, "length_penalty": alpha, "early_stopping": "never"}
        out = pair.generate(seed, do_sample=False, **beam)
        ours = beam_search(pair.steps(), texts(seed, pair.padded_left), BEAM, NEW, alpha, n_best=BEAM)
        flat: list[Hypothesis] = [hypothesis for row in ours for hypothesis in row]
        assert [hypothesis.tokens for hypothesis in flat] == pair.new(out.sequences), seed
        # Both add log-probabilities in single precision, whatever the model's.
        scores = torch.tensor([hypothesis.score for hypothesis in flat])
        agree(name, "transformers generate, early_stopping='never'", scores, out.sequences_scores)
        ends += sum(len(hypothesis.tokens) < NEW for hypothesis in flat)
    assert ends > 20, "hypotheses of unequal length have to compete"


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.7}, {"top_k": 3}, {"top_p": 0.6}], ids=str)
def test_sampling_draws_what_transformers_draws(pair: Pair, settings: dict[str, Any]) -> None:
    """The same random numbers choose the same tokens; dies if a filter looks at the batch instead of its row."""
    for seed in SEEDS:
        randomise(pair.theirs, seed)
        torch.manual_seed(seed)
        expected = pair.new(pair.generate(seed, do_sample=True, **{"top_k": 0} | settings).sequences)
        model = pair.steps()
        torch.manual_seed(seed)
        assert trimmed(sample(model, texts(seed, pair.padded_left), NEW, **settings)) == expected, seed


@both_precisions
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("top_k", [None, 1, 4, V])
@pytest.mark.parametrize("top_p", [None, 1e-9, 0.01, 0.5, 0.9, 1.0])
def test_filters_are_transformers(
    temperature: float, top_k: int | None, top_p: float | None, dtype: torch.dtype
) -> None:
    """First the temperature, then top-k, then top-p on what is left; at least one token stays."""
    logits = draw(50, V, dtype=dtype) * 3
    theirs = transformers.TemperatureLogitsWarper(temperature)(None, logits)
    if top_k is not None:
        theirs = transformers.TopKLogitsWarper(top_k)(None, theirs)
    if top_p is not None:
        theirs = transformers.TopPLogitsWarper(top_p)(None, theirs)
    ours = filter_logits(logits, temperature, top_k, top_p)
    assert torch.equal(ours.isfinite(), theirs.isfinite())
    agree("filter_logits", "transformers' logits warpers", ours.softmax(dim=-1), theirs.softmax(dim=-1))


def without_padding(seed: int) -> tuple[nn.Module, Any, Any]:
    """A GPT-2 as OpenAI published it, and ours: the end of a text is the last id, and no id is padding."""
    ids = {"bos_token_id": V - 1, "eos_token_id": V - 1}
    sizes = {"vocab_size": V, "n_positions": LONGEST + NEW, "n_embd": 16, "n_layer": 2, "n_head": 4}
    theirs = randomise(transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, **ids)).double(), seed).eval()
    config = transformers.GenerationConfig(max_new_tokens=NEW, do_sample=False, pad_token_id=V - 1, **ids)
    return theirs, config, load_gpt2(theirs.state_dict(), heads=4).eval()


def test_a_vocabulary_of_its_own_ends_and_fills_where_it_says() -> None:
    """GPT-2's ids: 0, 1, 2 and 3 are words, written like all others; dies if PAD is shut out or EOS ends a row."""
    ends, words = 0, set()
    for seed in SEEDS:
        theirs, config, ours = without_padding(seed)
        source = torch.randint(0, V - 1, (5, LONGEST), generator=torch.Generator().manual_seed(seed))
        told = {"attention_mask": torch.ones_like(source), "generation_config": config}
        rows = [row[LONGEST:] for row in theirs.generate(source, **told).tolist()]
        expected = [row[: row.index(V - 1) + 1] if V - 1 in row else row for row in rows]
        found = greedy(ours, source, NEW, eos=V - 1, pad=-1).tolist()
        assert [[token for token in row if token >= 0] for row in found] == expected, seed
        best = beam_search(ours, source, 1, NEW, eos=V - 1, pad=-1)
        assert [row[0].tokens for row in best] == expected, seed
        drawn = sample(ours, source, NEW, top_k=1, eos=V - 1, pad=-1).tolist()
        assert drawn == found, seed
        ends += sum(row[-1] == V - 1 for row in expected)
        words |= {token for row in expected for token in row}
    assert 5 < ends < 95
    assert {0, 1, 2, 3} <= words


def test_a_beam_in_a_vocabulary_of_its_own_is_transformers() -> None:
    """All hypotheses of a beam of four, with GPT-2's ids."""
    for seed in SEEDS:
        theirs, config, ours = without_padding(seed)
        config.update(num_beams=BEAM, num_return_sequences=BEAM, length_penalty=0.6, early_stopping="never")
        source = torch.randint(0, V - 1, (5, LONGEST), generator=torch.Generator().manual_seed(seed))
        rows = theirs.generate(source, attention_mask=torch.ones_like(source), generation_config=config).tolist()
        new = [row[LONGEST:] for row in rows]
        expected = [row[: row.index(V - 1) + 1] if V - 1 in row else row for row in new]
        found = beam_search(ours, source, BEAM, NEW, 0.6, n_best=BEAM, eos=V - 1, pad=-1)
        assert [one.tokens for row in found for one in row] == expected, seed
