"""The table of codes: complete, in order, and every page in the form that terminals and the docs rely on."""

import re

import pytest

from payrules.domain.codes import CODES
from payrules.domain.diagnostics import Code, Severity

RANGES = [(1, 14), (101, 111), (201, 208), (301, 314), (320, 326), (350, 355), (501, 506), (510, 511)]
WARNINGS = {"PR006", "PR007", "PR013", "PR350", "PR351", "PR352", "PR353", "PR354", "PR355", "PR506"}

rows = pytest.mark.parametrize("row", CODES.values(), ids=CODES.keys())


def prose_and_examples(page: str) -> tuple[list[str], list[str]]:
    """What stands outside the fences of a page, and what stands inside, with its language."""
    parts = page.split("```")
    return parts[::2], parts[1::2]


def test_every_code_has_its_row_and_no_other() -> None:
    assert list(CODES) == [f"PR{number:03}" for first, last in RANGES for number in range(first, last + 1)]
    assert [row.code for row in CODES.values()] == list(CODES)


def test_severities() -> None:
    assert {code for code, row in CODES.items() if row.severity is Severity.WARNING} == WARNINGS


def test_titles_tell_codes_apart() -> None:
    assert len({row.title for row in CODES.values()}) == len(CODES)


@rows
def test_title_is_one_short_line(row: Code) -> None:
    assert re.fullmatch(r"[^\n`]{10,70}[^.\n]", row.title)
    assert row.title[0].islower()


@rows
def test_page_says_more_than_its_title(row: Code) -> None:
    assert len(row.page) > 200
    assert row.page == row.page.strip() + "\n"
    assert max(map(len, row.page.splitlines())) <= 100
    assert not re.search(r"[ \t]$", row.page, re.MULTILINE)


@rows
def test_examples_are_fenced_and_named(row: Code) -> None:
    prose, examples = prose_and_examples(row.page)
    assert len(prose) == len(examples) + 1, "a fence is not closed"
    assert all(re.match(r"(yaml|text|console)\n\S", example) for example in examples)
    assert all(text.endswith("\n\n") for text in prose[:-1]), "an example stands apart from the text before it"
    assert all(text.startswith("\n") for text in prose[1:])


@rows
def test_what_is_wrong_is_followed_by_what_is_right(row: Code) -> None:
    words = re.findall(r"^(Wrong|Right)\b", row.page, re.MULTILINE)
    assert words == ["Wrong", "Right"] * (len(words) // 2)


def test_amounts_and_country_are_explained_where_people_trip() -> None:
    assert 'price: "1250.00"' in CODES["PR203"].page
    assert "`country: NO` is Norway" in CODES["PR203"].page
    assert "country: GB" in CODES["PR311"].page
    assert "currency: GBP" in CODES["PR303"].page


def test_pages_promise_no_more_than_is_done() -> None:
    assert "takes effect at once" in CODES["PR350"].page
    assert "is in force already is not affected" in CODES["PR350"].page
    assert "bookings whose facts are all known" in CODES["PR353"].page
    assert all("meaning of the file does not change" in CODES[code].page for code in ("PR006", "PR007"))
