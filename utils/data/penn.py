"""English prose into sentences, and sentences into small words as SST-2 writes them: the manner of the Penn Treebank.

Contractions are cut ("doesn't" -> "does n't", "it's" -> "it 's"), punctuation stands alone, brackets are -lrb- and
-rrb-, quotes `` and '', and all is in small letters. By a few rules, so it errs at times: a sentence that ends in an
abbreviation is joined to the next one. Text that is cut already stays as it is.
"""

from __future__ import annotations

import re

_RULES = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"\\/", "/"),
        (r"[’‘]", "'"),
        (r"[“”]", '"'),
        (r"…|\.(?: ?\.){2,}", " ... "),
        (r"--+|[–—\x96\x97]", " -- "),
        (r"(^|\s)\" ([^\"]+) \"(?=\s|$)", r"\1`` \2 ''"),
        (r"``|(?<=[\s(\[])\"(?=\S)|^\"(?=\S)", " `` "),
        (r"''|\"", " '' "),
        (r"[(\[{]", " -lrb- "),
        (r"[)\]}]", " -rrb- "),
        (r"([?!;$%&#*=])", r" \1 "),
        (r"([,:])(?!\d)", r" \1 "),
        (r"(?<=[\w.])(n't|'(?:s|re|ve|ll|d|m))(?![\w'])", r" \1"),
        (r"\bcan(not)\b", r"can \1"),
        (r"(?<=\w)'(?=\s|$)", " '"),  # the characters' fate
        (r"(?<=\s)'(?=[a-z]{3,})|^'(?=[a-z]{3,})", "' "),  # the 'fate', but '70s and 'em
        (r"(?<=[^\s.])(\.)(?=\s*(?:''|'|-rrb-|\s)*$)", r" \1"),
    )
)
_ABBREVIATION = r"(?:mr|mrs|ms|dr|st|gen|sen|rep|gov|prof|jr|sr|vs|no|fig|vol|lt|col|capt|rev|hon|[a-z]|u\.s)"
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[`]*[A-Z0-9])")


def words(sentence: str) -> list[str]:
    """The words of a sentence: "It doesn't work (yet)." -> it does n't work -lrb- yet -rrb- ."""
    text = sentence.lower().strip()
    for pattern, put in _RULES:
        text = pattern.sub(put, text)
    return text.split()


def sentences(text: str) -> list[str]:
    """The sentences of a text, cut behind . ! or ? where the next word is large and the last one no abbreviation."""
    found, begin = [], 0
    for end in _END.finditer(text):
        before = text[begin : end.start()].rsplit(None, 1)[-1].lower()
        if re.fullmatch(rf"\W*{_ABBREVIATION}\.", before):
            continue
        found.append(text[begin : end.end()].strip())
        begin = end.end()
    return [sentence for sentence in [*found, text[begin:].strip()] if sentence]
