"""Names in, names in another case or number out; pure, without `re`, which would cost 5 ms of start-up."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Also what its ending would mislead about: a singular on -s, a plural on -is or -us.
IRREGULAR = {
    "alias": "aliases",
    "analysis": "analyses",
    "api": "apis",
    "atlas": "atlases",
    "bias": "biases",
    "cache": "caches",
    "canvas": "canvases",
    "child": "children",
    "cookie": "cookies",
    "datum": "data",
    "foot": "feet",
    "gas": "gases",
    "goose": "geese",
    "index": "indices",
    "lens": "lenses",
    "man": "men",
    "matrix": "matrices",
    "menu": "menus",
    "mouse": "mice",
    "movie": "movies",
    "ox": "oxen",
    "person": "people",
    "quiz": "quizzes",
    "tooth": "teeth",
    "vertex": "vertices",
    "woman": "women",
}
UNCOUNTABLE = {
    "equipment",
    "fish",
    "information",
    "metadata",
    "money",
    "news",
    "series",
    "sheep",
    "software",
    "species",
}
F_TO_VES = {"half", "knife", "leaf", "life", "loaf", "self", "shelf", "thief", "wife", "wolf"}
O_TO_OES = {"echo", "hero", "potato", "tomato", "torpedo", "veto"}


def split(text: str) -> list[str]:
    """Split a name at separators and case borders: `XMLHttpRequest v2` → XML, Http, Request, v2."""
    words: list[str] = []
    word = ""
    for at, char in enumerate(text):
        if not char.isalnum():
            words.append(word)
            word = ""
            continue
        if word and char.isupper() and (word != word.upper() or text[at + 1 : at + 2].islower()):
            words.append(word)
            word = ""
        word += char
    words.append(word)
    return [part for part in words if part]


def _capital(word: str) -> str:
    return word[0].upper() + word[1:].lower()


def pascal(text: str) -> str:
    """`user profile` → `UserProfile`."""
    return "".join(_capital(word) for word in split(text))


def camel(text: str) -> str:
    """`user profile` → `userProfile`."""
    joined = pascal(text)
    first = split(text)[:1]
    return first[0].lower() + joined[len(first[0]) :] if first else joined


def kebab(text: str) -> str:
    """`UserProfile` → `user-profile`."""
    return "-".join(split(text)).lower()


def snake(text: str) -> str:
    """`UserProfile` → `user_profile`."""
    return "_".join(split(text)).lower()


def constant(text: str) -> str:
    """`UserProfile` → `USER_PROFILE`."""
    return "_".join(split(text)).upper()


def dot(text: str) -> str:
    """`UserProfile` → `user.profile`."""
    return ".".join(split(text)).lower()


def title(text: str) -> str:
    """`user_profile` → `User Profile`."""
    return " ".join(_capital(word) for word in split(text))


def sentence(text: str) -> str:
    """`userProfile` → `User profile`."""
    joined = " ".join(split(text)).lower()
    return joined[:1].upper() + joined[1:]


def plural(text: str) -> str:
    """`category` → `categories`; only the last word of a name changes, and a plural stays."""
    return _last_word(text, _plural)


def singular(text: str) -> str:
    """`categories` → `category`; only the last word of a name changes, and a singular stays."""
    return _last_word(text, _singular)


def _last_word(text: str, change: "Callable[[str], str]") -> str:
    words = split(text)
    if not words or not text.endswith(words[-1]):
        return text
    last = words[-1]
    changed = change(last.lower())
    if last.isupper() and len(last) > 1:
        changed = changed.upper()
    elif last[0].isupper():
        changed = changed[0].upper() + changed[1:]
    return text[: len(text) - len(last)] + changed


def _plural(word: str) -> str:
    one = _singular(word)
    is_plural = one != word and _plural_of(one) == word
    return word if is_plural or word in UNCOUNTABLE else _plural_of(word)


def _plural_of(word: str) -> str:
    """Give the plural of what is known to be a singular."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word in F_TO_VES:
        return word.removesuffix("e")[:-1] + "ves"
    if word.endswith(("s", "x", "z", "ch", "sh")) or word in O_TO_OES:
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in set("aeiou") and len(word) > 1:
        return word[:-1] + "ies"
    return word + "s"


def _singular(word: str) -> str:
    if word in SINGULARS:
        return SINGULARS[word]
    if word in UNCOUNTABLE or word in IRREGULAR or word.endswith(("ss", "us", "is")):
        return word
    for ending, cut, added in SINGULAR_ENDINGS:
        if word.endswith(ending):
            return word[: len(word) - cut] + added
    return word


SINGULARS = {_plural_of(one): one for one in [*IRREGULAR, *F_TO_VES, *O_TO_OES, "lie", "pie", "tie", "use"]}
SINGULAR_ENDINGS = (
    ("ies", 3, "y"),
    ("sses", 2, ""),
    ("xes", 2, ""),
    ("ches", 2, ""),
    ("shes", 2, ""),
    ("auses", 1, ""),
    ("ouses", 1, ""),
    ("uses", 2, ""),
    ("s", 1, ""),
)
