"""The decoder with attention against d2l's way, and the Transformer against torch.nn."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.benchmarks.race import Race, learn, sentences
from tests.parity.test_transformer import as_torch
from tests.parity.tools import draw
from utils.data.tokens import BOS, EOS, PAD
from utils.decoding import greedy
from utils.models.attention import AttentionSeq2Seq
from utils.models.seq2seq import Seq2SeqConfig
from utils.models.transformer import Transformer, TransformerConfig, sinusoids


def races(tiny: bool = False) -> list[Race]:
    """All races of translation models; `tiny` sizes are for the test that both sides compute the same."""
    return [*attention(tiny), *transformer(tiny)]


class Given(nn.Module):
    """An encoder that has already read: its states (B, S, 2H) are given, so that the decoder runs alone."""

    def __init__(self, states: Tensor):
        super().__init__()
        self.states = nn.Parameter(states)

    def forward(self, source: Tensor) -> Tensor:
        """Any source (B, S) -> states (B, S, 2H)."""
        return self.states


class BookDecoder(nn.Module):
    """The computation of our decoder in the way of d2l's book (its section 11.4), written anew for this benchmark.

    As there: keys are projected at every step, a mask is made from lengths at every step, a GRU layer is called for
    one word at a time. The vocabulary comes behind the loop, as in the book, or with `each_step` in it. What our
    model has and the book's has not (readout, tied embedding) is computed as in ours.
    """

    def __init__(self, model: AttentionSeq2Seq, lengths: Tensor, each_step: bool = False):
        super().__init__()
        self.model, self.lengths, self.each_step = model, lengths, each_step
        cell = model.decoder.cell
        self.rnn = nn.GRU(cell.input_size, cell.hidden_size)
        self.rnn.load_state_dict({f"{name}_l0": value for name, value in cell.state_dict().items()})

    def attend(self, query: Tensor, states: Tensor) -> Tensor:
        """Query (B, 1, H), states (B, S, 2H), which are keys and values -> context (B, 1, 2H)."""
        attention = self.model.decoder.attention
        features = attention.query(query).unsqueeze(2) + attention.key(states).unsqueeze(1)  # (B, 1, S, A)
        scores = F.linear(torch.tanh(features), attention.v[None]).squeeze(-1)  # (B, 1, S)
        rows, lengths = scores.reshape(-1, scores.shape[-1]), self.lengths.repeat_interleave(scores.shape[1])
        seen = torch.arange(rows.shape[1], dtype=torch.float32)[None] < lengths[:, None]
        rows[~seen] = -1e6
        return torch.bmm(F.softmax(rows.reshape(scores.shape), dim=-1), states)

    def begin(self, states: Tensor) -> Tensor:
        """Encoder states (B, S, 2H) -> first state (1, B, H)."""
        return torch.tanh(self.model.decoder.first(states[:, 0, states.shape[-1] // 2 :]))[None]

    def advance(self, word: Tensor, hidden: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        """Embedded word (B, E), state (1, B, H) -> what the readout sees (1, B, H + E + 2H), new state (1, B, H)."""
        context = self.attend(hidden[-1].unsqueeze(1), states)
        x = torch.cat([word.unsqueeze(1), context], dim=-1).permute(1, 0, 2)  # (1, B, E + 2H)
        output, hidden = self.rnn(x, hidden)
        return torch.cat([output, x], dim=-1), hidden

    def vocabulary(self, seen: Tensor) -> Tensor:
        """(..., H + E + 2H) -> logits (..., V)."""
        decoder = self.model.decoder
        return F.linear(torch.tanh(decoder.readout(seen)), decoder.embedding.weight, decoder.bias)

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        """Teacher forcing: source (B, S), previous words (B, T) -> logits (B, T, V)."""
        states, outputs = self.model.encoder(source), []
        hidden = self.begin(states)
        for word in self.model.decoder.embedding(words).permute(1, 0, 2):
            seen, hidden = self.advance(word, hidden, states)
            outputs.append(self.vocabulary(seen) if self.each_step else seen)
        joined = torch.cat(outputs, dim=0)
        return (joined if self.each_step else self.vocabulary(joined)).permute(1, 0, 2)

    @torch.no_grad()
    def write(self, source: Tensor, length: int) -> Tensor:
        """The most probable word at every step, `length` of them: (B, length)."""
        states, words = self.model.encoder(source), [torch.full((len(source),), BOS)]
        hidden = self.begin(states)
        for _ in range(length):
            seen, hidden = self.advance(self.model.decoder.embedding(words[-1]), hidden, states)
            words.append(self.vocabulary(seen)[0].argmax(dim=-1))
        return torch.stack(words[1:], dim=1)


def attention(tiny: bool) -> list[Race]:
    """The decoder alone, in training behind 30 source words and in greedy search."""
    B, S, V, E, H = (3, 4, 12, 4, 6) if tiny else (64, 30, 2000, 128, 256)
    ours = AttentionSeq2Seq(Seq2SeqConfig(V, V, E, H))
    ours.encoder = Given(draw(B, S, 2 * H, dtype=torch.float32))
    forbid(ours.decoder.bias)
    source, words = sentences(B, S, V), sentences(B, S, V, seed=1)
    lengths = (source != PAD).sum(dim=1)
    book, each = BookDecoder(ours, lengths), BookDecoder(ours, lengths, each_step=True)

    def trained(model: nn.Module) -> Tensor:
        return learn(model, lambda: model(source, words))

    return [
        Race("attention decoder, training", "d2l's way", lambda: trained(ours), lambda: trained(book), 3.0),
        Race(
            "attention decoder, training (b)",
            "d2l's way, words each step",
            lambda: trained(ours),
            lambda: trained(each),
            3.0,
        ),
        Race(
            "attention decoder, greedy",
            "d2l's way",
            lambda: greedy(ours, source, S),
            lambda: book.write(source, S),
            3.0,
        ),
    ]


@torch.no_grad()
def forbid(bias: Tensor) -> None:
    """Keep padding and the end of a sentence from ever being the most probable word, so that all write equally long."""
    bias[[PAD, EOS]] = -30.0


class TorchTransformer(nn.Module):
    """`Transformer` with torch's encoder and decoder; positions from a table, as is usual with them."""

    def __init__(self, model: Transformer, longest: int):
        super().__init__()
        config = model.config
        D, sizes = config.width, (config.width, config.heads, config.feed_forward, 0.0)
        flags = {"batch_first": True, "norm_first": True}
        encoder, decoder = nn.TransformerEncoderLayer(*sizes, **flags), nn.TransformerDecoderLayer(*sizes, **flags)
        self.encoder = nn.ModuleDict({"words": nn.Embedding(config.source_vocabulary, D)})
        self.encoder["stack"] = nn.TransformerEncoder(encoder, config.layers, nn.LayerNorm(D), False)
        self.words = nn.Embedding(config.target_vocabulary, D)
        self.stack = nn.TransformerDecoder(decoder, config.layers, nn.LayerNorm(D))
        self.bias = nn.Parameter(torch.zeros(config.target_vocabulary))
        self.load_state_dict(as_torch(model.state_dict()))
        self.places = sinusoids(torch.arange(longest, dtype=torch.float32), D)

    def embed(self, embedding: nn.Module, words: Tensor) -> Tensor:
        """Token ids (B, T) -> (B, T, D)."""
        return embedding(words) * self.places.shape[1] ** 0.5 + self.places[: words.shape[1]]

    def read(self, source: Tensor) -> Tensor:
        """Source (B, S) -> states (B, S, D)."""
        return self.encoder["stack"](self.embed(self.encoder["words"], source), src_key_padding_mask=source == PAD)

    def states(self, memory: Tensor, source: Tensor, words: Tensor) -> Tensor:
        """What has been read and previous words (B, T) -> states (B, T, D)."""
        T = words.shape[1]
        future, x = torch.ones(T, T, dtype=torch.bool).triu(1), self.embed(self.words, words)
        return self.stack(x, memory, tgt_mask=future, memory_key_padding_mask=source == PAD)

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        """Source (B, S), previous words (B, T) -> logits (B, T, V)."""
        return F.linear(self.states(self.read(source), source, words), self.words.weight, self.bias)

    @torch.no_grad()
    def write(self, source: Tensor, length: int) -> Tensor:
        """Greedy, all words anew for each next one, since torch's decoder keeps no keys and values: (B, length)."""
        memory, words = self.read(source), torch.full((len(source), 1), BOS)
        for _ in range(length):
            last = self.states(memory, source, words)[:, -1]
            words = torch.cat([words, F.linear(last, self.words.weight, self.bias).argmax(dim=-1)[:, None]], dim=1)
        return words[:, 1:]


def transformer(tiny: bool) -> list[Race]:
    """Pre-LN, in training, as a reader of a whole batch, and in greedy search."""
    B, S, V, D = (3, 5, 12, 8) if tiny else (32, 30, 2000, 128)
    ours = Transformer(TransformerConfig(V, V, D, heads=4, layers=2 if tiny else 4, feed_forward=2 * D))
    forbid(ours.decoder.bias)
    theirs = TorchTransformer(ours, S)
    source, words = sentences(B, S, V), sentences(B, S, V, seed=1)
    still, peer = Transformer(ours.config).eval(), TorchTransformer(ours, S).eval()
    still.load_state_dict(ours.state_dict())

    def read(model: nn.Module) -> Tensor:
        with torch.no_grad():
            return model(source, words)[source != PAD]

    return [
        Race(
            "Transformer, training pass",
            "torch.nn.TransformerEncoder, Decoder",
            lambda: learn(ours, lambda: ours(source, words)),
            lambda: learn(theirs, lambda: theirs(source, words)),
        ),
        Race("Transformer, reading", "torch.nn, eval", lambda: read(still), lambda: read(peer)),
        Race("Transformer, greedy", "torch.nn, eval", lambda: greedy(still, source, S), lambda: peer.write(source, S)),
    ]
