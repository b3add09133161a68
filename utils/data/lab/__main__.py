"""`python -m utils.data.lab review [--count 40]` prints the review sheet, `... speed` times the grammar."""

import argparse
import time

from utils.data.lab.sentence import Sentence, sentences

NOTE = (
    "Review sheet of the lab language. The French and Urdu sentences were written by a grammar; no native speaker has\n"
    "reviewed them yet. Links: i-j joins English word i with word j of the other language (counted from 0), in\n"
    "brackets where only possible; words without a partner are listed as NULL."
)


def links(sentence: Sentence, language: str) -> str:
    """The alignment in one line."""
    sure, possible = sentence.alignment(language)
    pairs = [f"{i}-{j}" if (i, j) in sure else f"({i}-{j})" for i, j in sorted(possible)]
    english = [word for i, word in enumerate(sentence.english) if all(i != pair[0] for pair in possible)]
    other = [word for j, word in enumerate(sentence.side(language)) if all(j != pair[1] for pair in possible)]
    return " ".join(pairs) + (f"  NULL: {', '.join(english + other)}" if english or other else "")


def review(count: int, seed: int) -> str:
    """The sheet: sentences in three languages with their alignments, tags and entities."""
    blocks = [NOTE]
    for number, s in enumerate(sentences(count, seed, (3, 24)), 1):
        entities = [f"{word}/{tag}" for word, tag in zip(s.english, s.entities, strict=True) if tag != "O"]
        blocks.append(
            f"{number}.\n"
            f"  English  {' '.join(s.english)}\n"
            f"  tags     {' '.join(s.tags)}{'   ' + ' '.join(entities) if entities else ''}\n"
            f"  French   {' '.join(s.french)}\n"
            f"           {links(s, 'french')}\n"
            f"  Urdu     {' '.join(s.urdu)}\n"
            f"           {links(s, 'urdu')}\n"
            "  correct? French [ ]  Urdu [ ]  remarks:"
        )
    return "\n\n".join(blocks)


def speed(count: int) -> str:
    """Seconds for `count` sentences, the phrases being written for the first time."""
    clock, processor = time.perf_counter(), time.process_time()
    drawn = sentences(count)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    words = sum(len(s.english) for s in drawn) / count
    return (
        f"{count:,} sentences of {words:.1f} English words on average: "
        f"{processor:.2f} s of processor time, {clock:.2f} s by the clock"
    )


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m utils.data.lab", description=__doc__)
    parser.add_argument("command", choices=("review", "speed"))
    parser.add_argument("--count", type=int, help="sentences: 40 for the sheet, 20,000 for the timing")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.command == "review":
        print(review(40 if options.count is None else options.count, options.seed))
    else:
        count = 20_000 if options.count is None else options.count
        if count < 1:
            parser.error(f"--count is {count}: there must be at least one sentence to time")
        print(speed(count))


if __name__ == "__main__":
    main()
