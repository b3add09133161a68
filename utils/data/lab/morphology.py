"""How words change: French elision and contraction, Urdu case and agreement, the English a and an."""

VOWELS = frozenset("aeiouéèêâîôœh")  # every h of the lexicon is mute
CONTRACTIONS = {("à", "le"): "au", ("à", "les"): "aux", ("de", "le"): "du", ("de", "les"): "des"}
ELISIONS = {"de": "d'", "que": "qu'", "ne": "n'", "le": "l'", "la": "l'"}


def english_article(determiner: str, following: str) -> str:
    """An instead of a before a vowel; other determiners stay."""
    return "an" if determiner == "a" and following[0] in "aeio" else determiner


def elided(word: str, following: str) -> str:
    """The form of a French function word before the following word."""
    return ELISIONS.get(word, word) if following[0] in VOWELS else word


def urdu_inflected(word: str, gender: str, plural: bool = False, oblique: bool = False) -> str:
    """Agreement of adjectives, of کا and of participles: final alif turns into ye."""
    if word[-1] != "ا":
        return word
    return word[:-1] + ("ی" if gender == "f" else "ے" if plural or oblique else "ا")


def urdu_forms(word: str, gender: str) -> tuple[str, str, str, str]:
    """Direct, oblique, plural, oblique plural of a regular Urdu noun (بادشاہ ends in a consonant, پرندہ in a vowel)."""
    if gender == "m" and word[-1] in "اہ" and word[-2:] != "اہ":
        return word, word[:-1] + "ے", word[:-1] + "ے", word[:-1] + "وں"
    if gender == "m":
        return word, word, word, word + "وں"
    return word, word, word + ("اں" if word[-1] == "ی" else "یں"), word + "وں"
