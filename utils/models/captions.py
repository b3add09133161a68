"""A picture as the one input of a decoder: convolutions instead of an encoder that reads word by word.

Vinyals, Toshev, Bengio and Erhan 2015, "Show and Tell: A Neural Image Caption Generator" (arXiv 1411.4555): the picture
becomes one vector, and the decoder of an encoder-decoder writes the caption. Here the vector is the decoder's first
state and its context at every step, as in `seq2seq`. Left out on purpose: a network trained on other pictures first.

B batch, N width and height of a picture in points, H hidden width.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig


class PictureEncoder(nn.Module):
    """Two convolutions, each halving the picture, and a linear layer: (B, N*N) colour ids -> one vector (B, H)."""

    def __init__(self, colours: int, hidden: int, side: int = 12, channels: int = 32):
        super().__init__()
        self.colours, self.side = colours, side
        self.first = nn.Conv2d(colours, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.output = nn.Linear(channels * (side // 4) ** 2, hidden)

    def context(self, source: Tensor) -> Tensor:
        """The picture as a vector: (B, N*N) colour ids, row by row -> (B, H)."""
        if source.shape[1:] != (self.side**2,):
            raise ValueError(f"a picture has {self.side} x {self.side} points, not the shape {tuple(source.shape)}")
        points = F.one_hot(source, self.colours).to(self.output.weight.dtype)  # (B, N*N, colours)
        x = points.unflatten(1, (self.side, self.side)).permute(0, 3, 1, 2)  # (B, colours, N, N)
        x = F.max_pool2d(F.relu(self.first(x)), 2)  # (B, channels, N/2, N/2)
        x = F.max_pool2d(F.relu(self.second(x)), 2)  # (B, channels, N/4, N/4)
        return self.output(x.flatten(1)).tanh()


class Captioner(Seq2Seq):
    """An encoder-decoder whose source is a picture."""

    def __init__(self, config: Seq2SeqConfig, side: int = 12):
        super().__init__(config, PictureEncoder(config.source_vocabulary, config.hidden, side))  # type: ignore[arg-type]
