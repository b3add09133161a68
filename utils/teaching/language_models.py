"""Language models from GPT-1 on: how large, and trained on how much text, each figure with the place where it stands.

Words, tokens and gigabytes are three units, kept apart: a source that counts words is not turned into tokens. `read`
counts the tokens that passed through the model in training, repetitions included. Only published figures are listed.
"""

from __future__ import annotations

from dataclasses import dataclass

from utils.teaching import page
from utils.teaching.tables import show_table


@dataclass(frozen=True)
class Published:
    """One model: its parameters and the text it learned from, as its authors gave them.

    parameters: the largest of the family, None if not published; read: tokens read in training, None if the source
    counts in another unit or not at all; text: the training text in the source's own unit; place: where it stands.
    """

    name: str
    when: str
    kind: str
    parameters: float | None
    read: float | None
    text: str
    place: str
    url: str


def _arxiv(number: str) -> str:
    return f"https://arxiv.org/abs/{number}"


_GPT2 = "https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf"

PUBLISHED = (
    Published("GPT-1", "June 2018", "decoder", 117e6, None, "books: 800 million words",
              "GPT-2 paper, table 2 (parameters); BERT paper, appendix A.4 (words)", _GPT2),
    Published("BERT base", "October 2018", "encoder", 110e6, None, "books and Wikipedia: 3,300 million words",
              "sections 3 and 3.1", _arxiv("1810.04805")),
    Published("BERT large", "October 2018", "encoder", 340e6, None, "books and Wikipedia: 3,300 million words",
              "sections 3 and 3.1", _arxiv("1810.04805")),
    Published("GPT-2", "February 2019", "decoder", 1.542e9, None, "web pages linked on Reddit: 40 GB",
              "section 2.1, table 2", _GPT2),
    Published("RoBERTa large", "July 2019", "encoder", 355e6, None, "books, Wikipedia, news, web: 160 GB",
              "sections 3.2 and 5", _arxiv("1907.11692")),
    Published("T5-11B", "October 2019", "encoder and decoder", 11e9, 1e12, "cleaned web pages: 750 GB",
              "sections 2.2 and 3.7", _arxiv("1910.10683")),
    Published("GPT-3", "May 2020", "decoder", 175e9, 300e9, "web, books, Wikipedia", "table 2.1",
              _arxiv("2005.14165")),
    Published("Chinchilla", "March 2022", "decoder", 70e9, 1.4e12, "web, books, news, code", "table 1",
              _arxiv("2203.15556")),
    Published("PaLM", "April 2022", "decoder", 540e9, 780e9, "web, books, code, conversations", "abstract, section 3",
              _arxiv("2204.02311")),
    Published("LLaMA", "February 2023", "decoder", 65.2e9, 1.4e12, "public web, books, code", "table 2",
              _arxiv("2302.13971")),
    Published("GPT-4", "March 2023", "Transformer", None, None, "not published", "section 2: no further details",
              _arxiv("2303.08774")),
    Published("Llama 2", "July 2023", "decoder", 70e9, 2e12, "public web", "table 1", _arxiv("2307.09288")),
    Published("Llama 3.1", "July 2024", "decoder", 405e9, 15.6e12, "web, code, many languages", "section 1",
              _arxiv("2407.21783")),
    Published("DeepSeek-V3", "December 2024", "decoder, 37 of 671 billion parameters used for a token", 671e9, 14.8e12,
              "web, code, many languages", "abstract, section 1", _arxiv("2412.19437")),
)  # fmt: skip


def amount(value: float | None) -> str:
    """A number as one says it: 117 million, 175 billion, 1.4 trillion; "not given" for None."""
    if value is None:
        return "not given"
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{value / size:.10g} {word}"
    return f"{value:,.0f}"


def show_language_models() -> None:
    """Show the table of published models, oldest first, each row with a link to its source."""
    rows = [
        {
            "model": one.name,
            "when": one.when,
            "kind": one.kind,
            "parameters": amount(one.parameters),
            "trained on": one.text,
            "tokens read": amount(one.read),
            "stands in": page.Markup(f'<a href="{page.escape(one.url)}">{page.escape(one.place)}</a>'),
        }
        for one in PUBLISHED
    ]
    show_table(rows, "Published language models: sizes as their authors gave them")
