"""Languages of messages: which have texts of their own, and whose texts a reader of another language is given."""

BUILT_IN = ("en", "nb", "sv")
"""The languages that payrules itself has texts in."""

_READ_AS = {"nn": "nb", "no": "nb"}


def languages_for(tag: str) -> tuple[str, ...]:
    """A language code and those whose texts its readers are given where it has none, the closest first.

    `nn-NO` gives `nn-NO`, `nn` and `nb`.
    """
    base = tag.partition("-")[0]
    return tuple(dict.fromkeys((tag, base, _READ_AS.get(base, base))))


def is_built_in(tag: str) -> bool:
    """Whether readers of a language are given texts that come with payrules."""
    return any(language in BUILT_IN for language in languages_for(tag))
