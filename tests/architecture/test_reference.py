"""The generated pages of docs/reference are up to date, and their links lead somewhere."""

import re
from pathlib import Path

import pytest
from tools import reference

HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(#([^)]*)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)

pages = pytest.mark.parametrize("name", reference.PAGES)


def prose_of(name: str) -> str:
    """A page without its examples."""
    return FENCED.sub("", reference.PAGES[name]())


@pages
def test_page_says_what_is_the_case(name: str) -> None:
    written = (reference.FOLDER / name).read_text(encoding="utf-8")
    assert written == reference.PAGES[name](), "run `make docs`"


@pages
def test_every_link_leads_to_one_heading(name: str) -> None:
    anchors = [reference.anchor(heading) for heading in HEADING.findall(prose_of(name))]
    assert len(anchors) == len(set(anchors))
    assert set(LINK.findall(prose_of(name))) <= set(anchors)


@pages
def test_page_is_tidy(name: str) -> None:
    page = reference.PAGES[name]()
    assert page == page.strip() + "\n"
    assert "\n\n\n" not in page
    assert "None" not in prose_of(name)


def test_every_key_of_the_schemas_has_its_place() -> None:
    headings = HEADING.findall(prose_of("clinic-file.md"))
    for key in ("`process`", "`notification.quiet_hours.from`", "`session_types.<id>.price`"):
        assert key in headings
    for key in ("`rules[].when.client_tags.none`", "`rules[].set.notification.offset`", "duration"):
        assert key in headings
    assert "`client.tags`" in HEADING.findall(prose_of("booking.md"))


def test_check_names_what_has_drifted_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err == "".join(
        f"{name} has drifted; run `make docs`\n"
        for name in (
            "booking.md",
            "clinic-file.md",
            "command-line.md",
            "diagnostics.md",
            "lifecycle.md",
            "settings.md",
            "tests-file.md",
        )
    )
    assert list(tmp_path.iterdir()) == []


def test_only_what_has_drifted_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.main([], tmp_path / "new") == 0
    (tmp_path / "new" / "booking.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert reference.main([], tmp_path / "new") == 0
    assert capsys.readouterr().out == "wrote booking.md\n"
    assert reference.main(["--check"], tmp_path / "new") == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("NO", "NO"),
        ("15m", "15m"),
        ("2027-07-01", "2027-07-01"),
        ("2026-12-01T00:00+01:00", "2026-12-01T00:00+01:00"),
        ("Individual therapy 50 min", "Individual therapy 50 min"),
        ("1250.00", '"1250.00"'),
        ("21:00", '"21:00"'),
        ("a: b", '"a: b"'),
        ("true", '"true"'),
        ("", '""'),
        (True, "true"),
        (1, "1"),
        ([], "[]"),
        ({"from": "21:00", "channels": ["sms"]}, '{from: "21:00", channels: [sms]}'),
    ],
)
def test_yaml_examples_are_written_as_clinic_files_write_them(value: object, text: str) -> None:
    assert reference.yaml_inline(value) == text


def test_long_yaml_example_takes_several_lines() -> None:
    rule = {"id": "by-hand", "when": {"first_visit": True}, "set": {"process": "manual"}}
    assert reference.yaml_block("rules", [rule]) == (
        "rules:\n  - id: by-hand\n    when: {first_visit: true}\n    set: {process: manual}"
    )
