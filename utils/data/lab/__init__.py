"""The lab language: a small synchronous grammar of English, French and Urdu with known truth, and a small world.

`sentences` draws sentences with gold alignments, tags and entities; `parallel` draws pairs for training and testing;
`World` and the tasks (`headlines`, `questions`, `spoken_numbers`, `reviews`) have right answers that a rule can check;
`remarks` are text without labels.
`python -m utils.data.lab review` prints a sheet for native speakers, `python -m utils.data.lab speed` a timing.
"""

from utils.data.lab import dna, pictures, shapes
from utils.data.lab.remarks import Remark, remarks
from utils.data.lab.sentence import LANGUAGES, Alignment, Sentence, parallel, sentences, split
from utils.data.lab.tasks import headlines, number_words, questions, reviews, spoken_numbers
from utils.data.lab.word_types import vocabulary
from utils.data.lab.world import Fact, Person, World

__all__ = [
    "LANGUAGES",
    "Alignment",
    "Fact",
    "Person",
    "Remark",
    "Sentence",
    "World",
    "dna",
    "headlines",
    "number_words",
    "parallel",
    "pictures",
    "questions",
    "remarks",
    "reviews",
    "sentences",
    "shapes",
    "split",
    "spoken_numbers",
    "vocabulary",
]
