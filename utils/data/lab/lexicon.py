"""The words of the lab language, as data: English, French and Urdu side by side.

Every entry was chosen so that the grammar can stay simple and still be right: French jobs have one form for both
genders, each initial h is mute, adjectives keep one place, Urdu nouns follow the four regular patterns and masculine
names do not inflect.
Some English words need their context on purpose: *orange*, *light* and *square* are nouns or adjectives, *florence* and
*victoria* are people or cities, and *new* is another Urdu word before *york* than before *delhi*.
All words are in lower case, so that no capital letter gives a name away.
"""

from functools import cache

from utils.data.lab.entries import Adjective, Determiner, Name, Noun, Preposition, Verb, adjective, names, nouns, verb

NOUNS = (
    *nouns(
        "human",
        ("man men", "homme hommes", "m", "آدمی", "m"),
        ("woman women", "femme femmes", "f", "عورت", "f"),
        ("boy boys", "garçon garçons", "m", "لڑکا", "m"),
        ("girl girls", "fille filles", "f", "لڑکی", "f"),
        ("king kings", "roi rois", "m", "بادشاہ", "m"),
        ("princess princesses", "princesse princesses", "f", "شہزادی", "f"),
        ("farmer farmers", "fermier fermiers", "m", "کسان", "m"),
        ("nurse nurses", "infirmière infirmières", "f", "نرس", "f"),
    ),
    *nouns(
        "animal",
        ("cat cats", "chat chats", "m", "بلی", "f"),
        ("dog dogs", "chien chiens", "m", "کتا", "m"),
        ("horse horses", "cheval chevaux", "m", "گھوڑا", "m"),
        ("bird birds", "oiseau oiseaux", "m", "پرندہ", "m"),
        ("goat goats", "chèvre chèvres", "f", "بکری", "f"),
        ("mouse mice", "souris souris", "f", "چوہا", "m"),
    ),
    *nouns(
        "thing",
        ("box boxes", "boîte boîtes", "f", "ڈبہ", "m"),
        ("key keys", "clé clés", "f", "چابی", "f"),
        ("hat hats", "chapeau chapeaux", "m", "ٹوپی", "f"),
        ("car cars", "voiture voitures", "f", "گاڑی", "f"),
        ("flower flowers", "fleur fleurs", "f", "پھول", "m"),
    ),
    *nouns(
        "text",
        ("book books", "livre livres", "m", "کتاب", "f"),
        ("letter letters", "lettre lettres", "f", "خط", "m"),
        ("newspaper newspapers", "journal journaux", "m", "اخبار", "m"),
    ),
    *nouns(
        "food",
        ("apple apples", "pomme pommes", "f", "سیب", "m"),
        ("orange oranges", "orange oranges", "f", "مالٹا", "m"),
        ("egg eggs", "œuf œufs", "m", "انڈا", "m"),
        ("cake cakes", "gâteau gâteaux", "m", "کیک", "m"),
    ),
    *nouns(
        "place",
        ("garden gardens", "jardin jardins", "m", "باغ", "m"),
        ("house houses", "maison maisons", "f", "گھر", "m"),
        ("school schools", "école écoles", "f", "سکول", "m"),
        ("forest forests", "forêt forêts", "f", "جنگل", "m"),
        ("hospital hospitals", "hôpital hôpitaux", "m", "ہسپتال", "m"),
        ("room rooms", "chambre chambres", "f", "کمرہ", "m"),
        ("shop shops", "boutique boutiques", "f", "دکان", "f"),
    ),
    *nouns(
        "spot",
        ("square squares", "place places", "f", "چوک", "m"),
        ("river rivers", "rivière rivières", "f", "ندی", "f"),
        ("bridge bridges", "pont ponts", "m", "پل", "m"),
    ),
    *nouns("light", ("light lights", "lumière lumières", "f", "روشنی", "f")),
)
CITY = nouns("city", ("city cities", "ville villes", "f", "شہر", "m"))[0]

MEN = names("PER", "m", ("omar", "omar", "عمر"), ("ali", "ali", "علی"), ("karim", "karim", "کریم"),
             ("paul", "paul", "پال"), ("david", "david", "ڈیوڈ"), ("bilal", "bilal", "بلال"))  # fmt: skip
WOMEN = names("PER", "f", ("maria", "maria", "ماریہ"), ("sara", "sara", "سارہ"), ("amina", "amina", "آمنہ"),
               ("nina", "nina", "نینا"), ("florence", "florence", "فلورنس"),
              ("victoria", "victoria", "وکٹوریہ"))  # fmt: skip
PEOPLE = MEN + WOMEN
SURNAMES = names("PER", "", ("khan", "khan", "خان"), ("martin", "martin", "مارٹن"), ("silva", "silva", "سلوا"))
FULL_NAMES = tuple(
    Name("PER", first.gender, first.english + last.english, first.french + last.french, first.urdu + last.urdu)
    for first in PEOPLE
    for last in SURNAMES
)
CITIES = names("LOC", "f", ("paris", "paris", "پیرس"), ("london", "londres", "لندن"), ("lahore", "lahore", "لاہور"),
                ("rome", "rome", "روم"), ("delhi", "delhi", "دہلی"), ("florence", "florence", "فلورنس"),
                ("victoria", "victoria", "وکٹوریہ"))  # fmt: skip
LONG_CITIES = names("LOC", "f", ("new york", "new york", "نیو یارک"), ("new delhi", "new delhi", "نئی دہلی"))

JOBS = (("doctor", "médecin", "ڈاکٹر"), ("journalist", "journaliste", "صحافی"), ("pilot", "pilote", "پائلٹ"),
        ("judge", "juge", "جج"), ("guide", "guide", "گائیڈ"))  # fmt: skip

ADJECTIVES = (
    adjective("small", "petit petite petits petites", "چھوٹا", "human animal thing text food place spot light", True),
    adjective("big", "grand grande grands grandes", "بڑا", "animal thing text food place spot light city", True),
    adjective("tall", "grand grande grands grandes", "لمبا", "human", True),
    adjective("young", "jeune jeune jeunes jeunes", "نوجوان", "human", True),
    adjective("pretty", "joli jolie jolis jolies", "خوبصورت", "animal thing text place spot light city", True),
    adjective("sad", "triste triste tristes tristes", "اداس", "human animal"),
    adjective("sick", "malade malade malades malades", "بیمار", "human animal"),
    adjective("rich", "riche riche riches riches", "امیر", "human"),
    adjective("clever", "intelligent intelligente intelligents intelligentes", "ذہین", "human animal"),
    adjective("hungry", "affamé affamée affamés affamées", "بھوکا", "human animal"),
    adjective("black", "noir noire noirs noires", "کالا", "animal thing text"),
    adjective("white", "blanc blanche blancs blanches", "سفید", "animal thing text light"),
    adjective("red", "rouge rouge rouges rouges", "لال", "thing food light"),
    adjective("blue", "bleu bleue bleus bleues", "نیلا", "thing text light"),
    adjective("orange", "orange orange orange orange", "نارنجی", "animal thing light"),
    adjective("expensive", "cher chère chers chères", "مہنگا", "thing text food"),
    adjective("light", "léger légère légers légères", "ہلکا", "thing text food"),
    adjective("heavy", "lourd lourde lourds lourdes", "بھاری", "thing text"),
    adjective("square", "carré carrée carrés carrées", "چوکور", "thing place"),
    adjective("dirty", "sale sale sales sales", "گندا", "animal thing place spot"),
    adjective("quiet", "calme calme calmes calmes", "پرسکون", "place spot city"),
    adjective("sweet", "sucré sucrée sucrés sucrées", "میٹھا", "food"),
)

VERBS = (
    verb("sleep sleeps", "dort dorment", "سوتا", "human animal"),
    verb("run runs", "court courent", "دوڑتا", "human animal"),
    verb("swim swims", "nage nagent", "تیرتا", "human animal"),
    verb("sing sings", "chante chantent", "گاتا", "human"),
    verb("laugh laughs", "rit rient", "ہنستا", "human"),
    verb("dance dances", "danse dansent", "ناچتا", "human"),
    verb("work works", "travaille travaillent", "کام کرتا", "human"),
    verb("wait waits", "attend attendent", "انتظار کرتا", "human animal"),
    verb("see sees", "voit voient", "دیکھتا", "human animal", "human animal thing text food place spot light"),
    verb("like likes", "aime aiment", "پسند کرتا", "human", "human animal thing text food place spot light"),
    verb("know knows", "connaît connaissent", "جانتا", "human", "human"),
    verb("call calls", "appelle appellent", "بلاتا", "human", "human animal"),
    verb("help helps", "aide aident", "مدد کرتا", "human", "human animal", "کی"),
    verb("meet meets", "rencontre rencontrent", "ملتا", "human", "human", "سے"),
    verb("follow follows", "suit suivent", "پیچھا کرتا", "human animal", "human animal", "کا"),
    verb("draw draws", "dessine dessinent", "تصویر بناتا", "human", "human animal thing food place spot", "کی"),
    verb("want wants", "veut veulent", "چاہتا", "human", "thing text food"),
    verb("buy buys", "achète achètent", "خریدتا", "human", "thing text food"),
    verb("sell sells", "vend vendent", "بیچتا", "human", "thing text food"),
    verb("carry carries", "porte portent", "اٹھاتا", "human", "thing text food"),
    verb("read reads", "lit lisent", "پڑھتا", "human", "text"),
    verb("eat eats", "mange mangent", "کھاتا", "human animal", "food"),
    verb("clean cleans", "nettoie nettoient", "صاف کرتا", "human", "place"),
)
GIVING = (  # verbs with a thing and a recipient
    verb("give gives", "donne donnent", "دیتا", "human", "thing text food"),
    verb("show shows", "montre montrent", "دکھاتا", "human", "thing text food"),
    verb("send sends", "envoie envoient", "بھیجتا", "human", "thing text food"),
)

THE = Determiner("the", "DET", False, ("le", "la", "l'", "l'"), ("", ""))
THE_PLURAL = Determiner("the", "DET", True, ("les",) * 4, ("", ""))
THE_WHO = Determiner("the", "DET", False, THE.french, ("وہ", "اس"))  # the one who ...: Urdu points at it
THE_WHO_PLURAL = Determiner("the", "DET", True, THE_PLURAL.french, ("وہ", "ان"))
A = Determiner("a", "DET", False, ("un", "une", "un", "une"), ("ایک", "ایک"))
THIS = Determiner("this", "DET", False, ("ce", "cette", "cet", "cette"), ("یہ", "اس"))
THESE = Determiner("these", "DET", True, ("ces",) * 4, ("یہ", "ان"))
EVERY = Determiner("every", "DET", False, ("chaque",) * 4, ("ہر", "ہر"))
SOME = Determiner("some", "DET", True, ("quelques",) * 4, ("کچھ", "کچھ"))
TWO = Determiner("two", "NUM", True, ("deux",) * 4, ("دو", "دو"))
THREE = Determiner("three", "NUM", True, ("trois",) * 4, ("تین", "تین"))

IN = Preposition(("in",), ("ADP",), ("dans",), ("میں",), ("place",))
IN_CITY = Preposition(("in",), ("ADP",), ("à",), ("میں",), ("LOC",))
NEAR = Preposition(("near",), ("ADP",), ("près", "de"), ("کے", "قریب"), ("place", "spot", "LOC"))
BEHIND = Preposition(("behind",), ("ADP",), ("derrière",), ("کے", "پیچھے"), ("place", "spot"))
FRONT = Preposition(("in", "front", "of"), ("ADP", "NOUN", "ADP"), ("devant",), ("کے", "سامنے"), ("place", "spot"), 1)
WITH = Preposition(("with",), ("ADP",), ("avec",), ("کے", "ساتھ"), ("human", "animal", "PER"))
TO = Preposition(("to",), ("ADP",), ("à",), ("کو",), ("human", "PER"))
PREPOSITIONS = (IN, IN_CITY, NEAR, BEHIND, FRONT, WITH)

ADVERBS = (("always", "toujours", "ہمیشہ"), ("often", "souvent", "اکثر"), ("sometimes", "parfois", "کبھی کبھی"))
TIMES = (("today", "aujourd'hui", "آج"), ("now", "maintenant", "اب"))
TIME_TAGS = {"today": "NOUN", "now": "ADV"}
CONNECTORS = (("and", "CCONJ", "et", "اور"), ("but", "CCONJ", "mais", "لیکن"), ("or", "CCONJ", "ou", "یا"),
              ("because", "SCONJ", "parce que", "کیونکہ"), ("while", "SCONJ", "pendant que", "جبکہ"))  # fmt: skip


@cache
def nouns_of(kinds: tuple[str, ...]) -> tuple[Noun, ...]:
    """Nouns of these kinds."""
    return tuple(noun for noun in NOUNS if noun.kind in kinds)


@cache
def adjectives_for(kind: str, before: bool | None = None) -> tuple[Adjective, ...]:
    """Adjectives for nouns of one kind; `before`: only those that French puts before (True) or behind (False) them."""
    return tuple(a for a in ADJECTIVES if kind in a.kinds and before in (None, a.before))


@cache
def verbs_of(subject: str, objects: str = "") -> tuple[Verb, ...]:
    """Verbs for one kind of subject: without object, or with "any" object, or an "animate" one."""
    fitting = [verb for verb in VERBS if subject in verb.subjects and bool(verb.objects) == bool(objects)]
    return tuple(verb for verb in fitting if objects != "animate" or "human" in verb.objects)


@cache
def verbs_upon(kind: str) -> tuple[Verb, ...]:
    """Verbs that can have such a noun for object, and no Urdu postposition of their own."""
    return tuple(verb for verb in VERBS if kind in verb.objects and not verb.post)
