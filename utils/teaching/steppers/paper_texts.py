"""What the boxes of figure 1 of "Attention Is All You Need" (Vaswani et al. 2017, arXiv 1706.03762) compute.

Sizes quoted as the paper's are those of its base model (sections 3.1 to 3.5, Table 3).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One part of the figure.

    Attributes:
        key: its name in the drawing.
        text: what it is for.
        equations: HTML, one line each.
        theirs: where the paper says it, and its size there.
        code: where ours stands, as ``"module:Class.method"``.
    """

    key: str
    title: str
    text: str
    equations: tuple[str, ...]
    theirs: str
    code: tuple[str, ...]


_MODEL, _LOOK = "utils.models.transformer", "utils.models.attention"

PARTS = (
    Part(
        "embedding",
        "Embedding",
        "Each word becomes a vector. It is multiplied by the root of its width, so that the position, which is added "
        "next, does not drown it. The same table serves the words read, the words written, and the output.",
        ("x = √D · E[word]",),
        "Section 3.4. There D = 512, and about 37,000 pieces of words (section 5.1).",
        (f"{_MODEL}:Embedding",),
    ),
    Part(
        "positions",
        "Positions",
        "Attention does not know the order of what it looks at. So each place gets a pattern of its own, added to its "
        "word: sines and cosines of many wavelengths. Without this box a sentence is a bag of words.",
        (
            "PE(pos, 2i) = sin(pos / 10000<sup>2i/D</sup>)",
            "PE(pos, 2i + 1) = cos(pos / 10000<sup>2i/D</sup>)",
        ),
        "Section 3.5. Learned positions did as well there (Table 3, row E).",
        (f"{_MODEL}:sinusoids",),
    ),
    Part(
        "attention",
        "Multi-head self-attention",
        "Every word asks all words at once: its query is compared with their keys, and it takes a mixture of their "
        "values. The root keeps the scores small enough for the softmax. Several heads do it side by side, each in a "
        "part of the width of its own, so that a word can look at several places for several reasons.",
        (
            "Attention(Q, K, V) = softmax(Q K<sup>T</sup> / √d<sub>k</sub>) V",
            "head<sub>i</sub> = Attention(Q W<sub>i</sub><sup>Q</sup>, K W<sub>i</sub><sup>K</sup>, "
            "V W<sub>i</sub><sup>V</sup>)",
            "MultiHead(Q, K, V) = [head<sub>1</sub>; …; head<sub>h</sub>] W<sup>O</sup>",
        ),
        "Sections 3.2.1 and 3.2.2. There h = 8 heads of d_k = 64 numbers each.",
        (f"{_LOOK}:scaled_dot_product_attention", f"{_LOOK}:MultiHeadAttention"),
    ),
    Part(
        "norm",
        "Add and norm",
        "What a sublayer finds is added to what it was given, so that a layer only has to learn a correction and the "
        "gradient has a straight way down. The norm then gives each vector mean 0 and deviation 1 and lets two learned "
        "vectors g and b set both anew. Today the norm mostly stands inside, before the sublayer.",
        (
            "the paper: LayerNorm(x + f(x)); today: x + f(LayerNorm(x))",
            "LayerNorm(x) = g ⊙ (x − μ) / √(σ² + ε) + b",
        ),
        "Sections 3.1 and 5.4: with dropout of 0.1 on f(x).",
        (f"{_MODEL}:PostNorm", f"{_MODEL}:PreNorm"),
    ),
    Part(
        "feed forward",
        "Feed forward",
        "After looking around, each place thinks by itself: two matrices with a threshold between them, the same at "
        "all places of a layer. Much of a Transformer's size lies here.",
        ("FFN(x) = max(0, x W<sub>1</sub> + b<sub>1</sub>) W<sub>2</sub> + b<sub>2</sub>",),
        "Section 3.3. There 512 numbers become 2,048 and then 512 again.",
        (f"{_MODEL}:feed_forward",),
    ),
    Part(
        "encoder",
        "The encoder: N layers",
        "Attention and feed forward make a layer, and layers are stacked: the words of the second look at what the "
        "first has found out about each word. No layer waits for a neighbouring word, only for the layer below.",
        ("encoded = layer<sub>N</sub>(… layer<sub>2</sub>(layer<sub>1</sub>(x)))",),
        "Section 3.1. There N = 6.",
        (f"{_MODEL}:EncoderLayer", f"{_MODEL}:Encoder"),
    ),
    Part(
        "shift",
        "Outputs, shifted right",
        "The decoder reads the words before the one that it has to write: the true ones in training, its own in use. "
        "Shifted by one place, the sentence begins with BOS.",
        ("reads: BOS, y<sub>1</sub>, …, y<sub>T−1</sub>; writes: y<sub>1</sub>, …, y<sub>T</sub>",),
        "Section 3.1.",
        ("utils.training.losses:previous_words",),
    ),
    Part(
        "masked",
        "Masked self-attention",
        "The decoder's words look at each other too, but no word may look at those behind it: they are what it has to "
        "guess. The mask takes those pairs out of the softmax. So all places are trained at once, and none can cheat.",
        ("softmax over the pairs with s ≤ t; weight 0 for s &gt; t",),
        "Section 3.2.3, third point: there such scores are set to −∞.",
        (f"{_LOOK}:causal_mask", f"{_LOOK}:masked_softmax", f"{_MODEL}:DecoderLayer"),
    ),
    Part(
        "cross",
        "Attention from decoder to encoder",
        "The same attention, but the queries come from the decoder and the keys and values from the encoder's last "
        "layer: this is what is left of chapter 4, where the decoder looked back at every source word.",
        ("MultiHead(Q = decoder, K = encoded, V = encoded)",),
        "Section 3.2.3, first point.",
        (f"{_MODEL}:DecoderLayer", f"{_MODEL}:Decoder.begin"),
    ),
    Part(
        "decoder",
        "The decoder: N layers",
        "Three sublayers make a layer of the decoder: look at the own words, look at the source, think. In use only "
        "the newest word is computed: keys and values of the words before it are kept in the state.",
        ("z = layer<sub>N</sub>(… layer<sub>1</sub>(y, encoded) …, encoded)",),
        "Section 3.1. There N = 6 again.",
        (f"{_MODEL}:Decoder", f"{_MODEL}:TransformerState"),
    ),
    Part(
        "linear",
        "Linear",
        "The last vector of each place is compared with every word's embedding: one product a word, its logit. The "
        "matrix is the embedding table once more.",
        ("logits = z E<sup>T</sup> + a",),
        "Section 3.4. The bias a is ours.",
        (f"{_MODEL}:Decoder.forward",),
    ),
    Part(
        "softmax",
        "Softmax",
        "Logits become probabilities. In training the loss asks for the probability of the right word, in use a search "
        "takes the next word from them.",
        ("p(word) = exp(logit<sub>word</sub>) / Σ exp(logit)",),
        "Section 3.4; label smoothing in section 5.4, beam search in 6.1.",
        ("utils.training.losses:cross_entropy", "utils.decoding:beam_search"),
    ),
)
