"""From text to ids and back: whole words for the lab language, word pieces for real text.

Four ids are the same everywhere and differ from each other: PAD fills up a batch, UNK stands for a token
that the vocabulary lacks, BOS begins and EOS ends a sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

PAD, UNK, BOS, EOS = 0, 1, 2, 3
SPECIALS = ("<pad>", "<unk>", "<bos>", "<eos>")


def _content(ids: Iterable[int]) -> list[int]:
    """The ids before the first EOS, without PAD and BOS."""
    content = []
    for token in map(int, ids):
        if token == EOS:
            break
        if token not in (PAD, BOS):
            content.append(token)
    return content


class Vocabulary:
    """Whole words and their ids.

    `unknown` counts every word that became UNK since the vocabulary was made.
    """

    def __init__(self, words: Iterable[str]):
        self.words = (*SPECIALS, *dict.fromkeys(words))
        if len(set(self.words)) < len(self.words):
            raise ValueError(f"the words {SPECIALS} are reserved; leave them out of the vocabulary")
        # Without the special words: a "<eos>" typed by a reader is an unknown word like any other.
        self._ids = {word: i for i, word in enumerate(self.words) if i >= len(SPECIALS)}
        self.unknown: Counter[str] = Counter()

    @classmethod
    def from_texts(cls, texts: Iterable[Sequence[str]], min_count: int = 1) -> Vocabulary:
        """The words seen at least `min_count` times, most frequent first. Build it on the training texts only."""
        counts: Counter[str] = Counter()
        for text in texts:
            if isinstance(text, str):
                raise ValueError(f"each text must be a list of words, not the string {text!r}: perhaps {text.split()}")
            counts.update(text)
        return cls(word for word, count in counts.most_common() if count >= min_count)

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, words: Sequence[str]) -> list[int]:
        """Words -> ids with EOS at the end; a word outside the vocabulary becomes UNK and is counted."""
        if isinstance(words, str):
            raise ValueError(f"give a list of words, not the string {words!r}: perhaps {words.split()}")
        if not words:
            raise ValueError("the sentence is empty: give at least one word")
        self.unknown.update(word for word in words if word not in self._ids)
        return [self._ids.get(word, UNK) for word in words] + [EOS]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Ids -> the words before the first EOS, without PAD and BOS."""
        content = _content(ids)
        if wrong := [i for i in content if not 0 <= i < len(self)]:
            raise ValueError(f"id {wrong[0]} is not in the vocabulary: ids run from 0 to {len(self) - 1}")
        return [self.words[i] for i in content]


class WordPieces:
    """Byte-pair encoded word pieces of raw text (Sennrich et al. 2016, arXiv 1508.07909), by `tokenizers`.

    A space becomes part of the piece that follows it, so that decoding gives the text back.
    `unknown` counts every character that became UNK.
    """

    def __init__(self, tokenizer: Any):
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True  # a "<eos>" typed by a reader is text like any other
        self.unknown: Counter[str] = Counter()

    @classmethod
    def train(cls, texts: Iterable[str], size: int) -> WordPieces:
        """Learn `size` pieces, the four special ones among them, from the training texts."""
        from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

        if isinstance(texts, str):
            raise ValueError("give a list of texts, not one string")
        if size <= len(SPECIALS):
            raise ValueError(f"size {size} is too small: it must exceed the {len(SPECIALS)} special pieces")
        tokenizer = Tokenizer(models.BPE(unk_token=SPECIALS[UNK]))
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()])
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=list(SPECIALS), show_progress=False)
        tokenizer.train_from_iterator(texts, trainer)
        if tokenizer.get_vocab_size() == len(SPECIALS):
            raise ValueError("no text to learn pieces from: give at least one that is not empty")
        return cls(tokenizer)

    @classmethod
    def from_json(cls, text: str) -> WordPieces:
        """The pieces that `to_json` wrote."""
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_str(text))

    def to_json(self) -> str:
        """All that is needed to make these pieces again, as one JSON text."""
        return str(self._tokenizer.to_str())

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def pieces(self, text: str) -> list[str]:
        """The pieces of a text as strings; a leading '▁' stands for the space before it."""
        return list(self._tokenizer.encode(text).tokens)

    def encode(self, text: str) -> list[int]:
        """Text -> ids with EOS at the end; a character never seen in training becomes UNK and is counted."""
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"the text {text!r} is empty: give a string with at least one word")
        encoding = self._tokenizer.encode(text.strip())
        for i, (begin, end) in zip(encoding.ids, encoding.offsets, strict=True):
            if i == UNK:
                character = text.strip()[begin:end]
                self.unknown[character.strip() or character] += 1
        return [*encoding.ids, EOS]

    def decode(self, ids: Iterable[int]) -> str:
        """Ids -> text before the first EOS; UNK shows as "<unk>"."""
        return str(self._tokenizer.decode(_content(ids), skip_special_tokens=False))
