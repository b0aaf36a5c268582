"""What a person or a program gets to read of diagnostics, to the letter."""

import json
from collections.abc import Sequence

import jsonschema
import pytest

from payrules import __version__
from payrules.adapters.resources import read_schema
from payrules.domain.codes import CODES
from payrules.domain.diagnostics import Diagnostic, Location, Related, Severity
from payrules.entrypoints.reporters import REPORTERS, explain, similar_codes, summary
from payrules.entrypoints.reporters.excerpt import LONGEST, excerpt, lines_of, visible

FILE = "clinics/nordlys.yaml"
SOURCE = "\n" * 12 + "payments: active\nprocess: automatc\nmanual: {}\n"
WRONG_WORD = Diagnostic(
    "PR204",
    Severity.ERROR,
    Location(FILE, 14, 10, 18, "/process"),
    "`automatc` is not one of `automatic`, `manual`",
    "did you mean `automatic`?",
)
SET_TWICE = Diagnostic(
    "PR103",
    Severity.ERROR,
    Location(FILE, 120, 1, 8),
    "`process` is set twice",
    "keep one of the two",
    (Related(Location(FILE, 14, 1, 8), "first set here"),),
)
WHOLE_FILE = Diagnostic("PR002", Severity.ERROR, Location(FILE), "the file is empty", "write the clinic's settings")
ALL = [WRONG_WORD, SET_TWICE, WHOLE_FILE]


def report(name: str, diagnostics: Sequence[Diagnostic], source: str | None = SOURCE, *, color: bool = False) -> str:
    """What a reporter says when every file has this source."""
    return "\n".join(REPORTERS[name](diagnostics, lambda _: source, color=color))


def at(column: int, end_column: int, line: int = 1) -> Diagnostic:
    """A finding at a place, of which only the place matters."""
    return Diagnostic("PR205", Severity.WARNING, Location("c.yaml", line, column, end_column), "wrong")


def shown(source: str, column: int, end_column: int, line: int = 1) -> list[str]:
    """The line of the source and the line of its mark."""
    return report("text", [at(column, end_column, line)], source).splitlines()[3:]


# ---- text


def test_text_shows_the_place_as_compilers_do() -> None:
    assert report("text", [WRONG_WORD]) == (
        "error[PR204]: `automatc` is not one of `automatic`, `manual`\n"
        "  --> clinics/nordlys.yaml:14:10\n"
        "   |\n"
        "14 | process: automatc\n"
        "   |          ^^^^^^^^\n"
        "   = help: did you mean `automatic`?"
    )


def test_text_shows_related_places_in_one_margin() -> None:
    assert report("text", [SET_TWICE], SOURCE + "\n" * 104 + "process: manual\n") == (
        "error[PR103]: `process` is set twice\n"
        "   --> clinics/nordlys.yaml:120:1\n"
        "    |\n"
        "120 | process: manual\n"
        "    | ^^^^^^^\n"
        "    = help: keep one of the two\n"
        "note: first set here\n"
        "   --> clinics/nordlys.yaml:14:1\n"
        "    |\n"
        " 14 | process: automatc\n"
        "    | ^^^^^^^"
    )


def test_text_names_the_file_alone_where_no_line_is_meant() -> None:
    assert report("text", [WHOLE_FILE]) == (
        "error[PR002]: the file is empty\n --> clinics/nordlys.yaml\n  = help: write the clinic's settings"
    )


def test_text_does_without_the_line_of_a_file_that_cannot_be_read() -> None:
    assert report("text", [WRONG_WORD], None) == (
        "error[PR204]: `automatc` is not one of `automatic`, `manual`\n"
        "  --> clinics/nordlys.yaml:14:10\n"
        "   = help: did you mean `automatic`?"
    )


def test_text_separates_findings_by_a_blank_line() -> None:
    assert report("text", [at(1, 2), at(1, 2)], None) == (
        "warning[PR205]: wrong\n --> c.yaml:1:1\n\nwarning[PR205]: wrong\n --> c.yaml:1:1"
    )


def test_text_of_nothing_is_nothing() -> None:
    assert list(REPORTERS["text"]([], lambda _: None)) == []


def test_text_names_no_more_than_five_related_places() -> None:
    places = tuple(Related(Location("c.yaml"), f"rule {n}") for n in range(7))
    covered = Diagnostic("PR352", Severity.WARNING, Location("c.yaml"), "covered", related=places)
    lines = report("text", [covered]).splitlines()
    assert [line for line in lines if line.startswith("note")] == [
        "note: rule 0",
        "note: rule 1",
        "note: rule 2",
        "note: rule 3",
        "note: rule 4",
        "note: and 2 more places",
    ]


def test_text_is_coloured_only_when_asked() -> None:
    assert "\x1b" not in report("text", ALL)
    assert report("text", [WRONG_WORD], color=True) == (
        "\x1b[31m\x1b[1merror[PR204]\x1b[0m: \x1b[1m`automatc` is not one of `automatic`, `manual`\x1b[0m\n"
        "  \x1b[34m\x1b[1m-->\x1b[0m clinics/nordlys.yaml:14:10\n"
        "   \x1b[34m\x1b[1m|\x1b[0m\n"
        "\x1b[34m\x1b[1m14\x1b[0m \x1b[34m\x1b[1m|\x1b[0m process: automatc\n"
        "   \x1b[34m\x1b[1m|\x1b[0m          \x1b[31m\x1b[1m^^^^^^^^\x1b[0m\n"
        "   \x1b[34m\x1b[1m=\x1b[0m help: did you mean `automatic`?"
    )


def test_text_reads_each_file_once() -> None:
    asked: list[str] = []

    def source(file: str) -> str:
        asked.append(file)
        return "abc"

    list(REPORTERS["text"]([at(1, 2), at(2, 3), at(3, 4)], source))
    assert asked == ["c.yaml"]


# ---- the line of the source


@pytest.mark.parametrize(
    ("source", "column", "end_column", "lines"),
    [
        pytest.param("a: b", 4, 5, ["1 | a: b", "  |    ^"], id="plain"),
        pytest.param("a: b # why", 4, 0, ["1 | a: b # why", "  |    ^^^^^^^"], id="to the end of the line"),
        pytest.param("a: [b,  ", 4, 0, ["1 | a: [b,", "  |    ^^^"], id="white space at the end"),
        pytest.param("a:", 3, 3, ["1 | a:", "  |   ^"], id="behind the last character"),
        pytest.param("a:", 30, 33, ["1 | a:", "  |   ^"], id="far behind it"),
        pytest.param("", 1, 1, ["1 |", "  | ^"], id="an empty line"),
        pytest.param("\tb: c", 2, 3, ["1 |     b: c", "  |     ^"], id="a tab before"),
        pytest.param("a\tb: c", 1, 4, ["1 | a    b: c", "  | ^^^^^^"], id="a tab inside"),
        pytest.param("名前: 心", 5, 6, ["1 | 名前: 心", "  |       ^^"], id="wide characters"),
        pytest.param("e\u0301: x", 5, 6, ["1 | e\u0301: x", "  |    ^"], id="a combining character"),
        pytest.param("a: \x1b[31mb", 4, 5, ["1 | a: ␛[31mb", "  |    ^"], id="an escape"),
        pytest.param("a: \u202eb", 4, 5, ["1 | a: <U+202E>b", "  |    ^^^^^^^^"], id="text turned around"),
        pytest.param("a:\u00a0b", 3, 4, ["1 | a:<U+00A0>b", "  |   ^^^^^^^^"], id="a space that does not break"),
        pytest.param("\ufeffa: b", 1, 2, ["1 | a: b", "  | ^"], id="a byte order mark"),
    ],
)
def test_mark_stands_below_what_is_meant(source: str, column: int, end_column: int, lines: list[str]) -> None:
    assert shown(source, column, end_column) == lines


def test_line_without_a_column_gets_no_mark() -> None:
    assert report("text", [at(0, 0)], "a: b").splitlines()[1:] == [" --> c.yaml:1", "  |", "1 | a: b"]


def test_line_after_the_last_is_not_shown() -> None:
    assert shown("a: b", 1, 1, line=2) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_lines_end_where_the_yaml_parser_ends_them(end: str) -> None:
    assert lines_of(f"a: b{end}c: d") == ["a: b", "c: d"]


def test_lines_do_not_end_elsewhere() -> None:
    assert lines_of("a\x0bb\x0cc\x1cd") == ["a\x0bb\x0cc\x1cd"]


def test_long_line_is_cut_on_both_sides_of_the_mark() -> None:
    line = "x" * 500 + "BAD" + "y" * 500
    assert shown(line, 501, 504) == ["1 | …" + "x" * 40 + "BAD" + "y" * 57 + "…", "  | " + " " * 41 + "^^^"]


def test_long_line_is_cut_behind_a_mark_at_its_beginning() -> None:
    assert shown("BAD" + "y" * 500, 1, 4) == ["1 | BAD" + "y" * 97 + "…", "  | ^^^"]


def test_long_line_is_cut_before_a_mark_at_its_end() -> None:
    assert shown("x" * 500 + "BAD", 501, 504) == ["1 | …" + "x" * 97 + "BAD", "  | " + " " * 98 + "^^^"]


def test_mark_is_no_longer_than_what_is_shown() -> None:
    assert shown("x" * 500, 1, 501) == ["1 | " + "x" * 100 + "…", "  | " + "^" * 100]


def test_wide_characters_count_twice_where_a_line_is_cut() -> None:
    cut = excerpt("心" * 200, 101, 102)
    assert cut == ("…" + "心" * 50 + "…", 41, 2)


def test_line_of_a_megabyte_is_cut_like_any_other() -> None:
    cut = excerpt("x" * 1_000_000, 500_000, 900_000)
    assert len(cut.text) == LONGEST + 2


# ---- what a terminal would obey


def test_messages_cannot_steer_the_terminal() -> None:
    evil = Diagnostic(
        "PR201", Severity.ERROR, Location("\x1b.yaml"), "`\x1b[2J`\r\n", "\x07", (Related(Location("\udcff"), "\x9b"),)
    )
    assert report("text", [evil]) == ("error[PR201]: `␛[2J`␍␊\n --> ␛.yaml\n  = help: ␇\nnote: <U+009B>\n --> <U+DCFF>")


@pytest.mark.parametrize("text", ["Ærlig talt, 心 – “ok” × 5", "naïve 😀"])
def test_printable_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


# ---- JSON


def test_json_is_one_object_a_line() -> None:
    lines = report("json", ALL).splitlines()
    assert [json.loads(line)["code"] for line in lines] == ["PR204", "PR103", "PR002"]
    assert json.loads(lines[1]) == {
        "code": "PR103",
        "severity": "error",
        "message": "`process` is set twice",
        "help": "keep one of the two",
        "file": "clinics/nordlys.yaml",
        "line": 120,
        "column": 1,
        "end_column": 8,
        "pointer": "",
        "related": [{"file": "clinics/nordlys.yaml", "line": 14, "column": 1, "message": "first set here"}],
    }


def test_json_holds_to_its_schema() -> None:
    schema = json.loads(read_schema("diagnostic.v1.schema.json"))
    for line in report("json", ALL).splitlines():
        jsonschema.validate(json.loads(line), schema)


def test_json_is_ascii_whatever_the_text() -> None:
    line = report("json", [Diagnostic("PR201", Severity.ERROR, Location("å\udcff.yaml"), "心\u2028\n")])
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["message"] == "心\u2028\n"


# ---- GitHub


def test_github_is_one_command_a_line() -> None:
    assert report("github", ALL) == (
        "::error file=clinics/nordlys.yaml,line=14,col=10,endColumn=18,"
        "title=PR204 the value is not one of those allowed"
        "::`automatc` is not one of `automatic`, `manual`%0Ahelp: did you mean `automatic`?\n"
        "::error file=clinics/nordlys.yaml,line=120,col=1,endColumn=8,title=PR103 a key is set twice"
        "::`process` is set twice%0Ahelp: keep one of the two%0Anote: first set here (clinics/nordlys.yaml:14:1)\n"
        "::error file=clinics/nordlys.yaml,title=PR002 the file is empty"
        "::the file is empty%0Ahelp: write the clinic's settings"
    )


def test_github_escapes_what_would_end_a_property_or_a_command() -> None:
    evil = Diagnostic("PR351", Severity.WARNING, Location("a,b:100%\r\n.yaml", 1), "100%, ::error::\r\n")
    assert report("github", [evil]) == (
        "::warning file=a%2Cb%3A100%25%0D%0A.yaml,line=1,"
        "title=PR351 the rule can never match%3A its conditions exclude each other::100%25, ::error::␍␊"
    )


def test_github_names_no_more_than_five_related_places() -> None:
    places = tuple(Related(Location("c.yaml", n), f"rule {n}") for n in range(1, 7))
    covered = Diagnostic("PR352", Severity.WARNING, Location("c.yaml"), "covered", related=places)
    assert report("github", [covered]).endswith("%0Anote: rule 5 (c.yaml:5)%0Anote: and 1 more place")


# ---- SARIF


def sarif_run(diagnostics: Sequence[Diagnostic]) -> dict[str, object]:
    """The only run of the log."""
    log = json.loads(report("sarif", diagnostics))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_sarif_of_nothing_is_a_run_without_results() -> None:
    assert sarif_run([]) == {
        "tool": {"driver": {"name": "payrules", "version": __version__, "rules": []}},
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r", "\x85", "\u2028", "\u2029"],
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The top of the repository."}}},
        "results": [],
    }


def test_sarif_result_has_its_rule_place_and_related_places() -> None:
    results = sarif_run(ALL)["results"]
    assert isinstance(results, list)
    prints = [result.pop("partialFingerprints")["codeFileMessage/v1"] for result in results]
    assert len(set(prints)) == 3
    nordlys = {"uri": "clinics/nordlys.yaml", "uriBaseId": "%SRCROOT%"}
    assert results == [
        {
            "ruleId": "PR204",
            "ruleIndex": 2,
            "level": "error",
            "message": {
                "text": "`automatc` is not one of `automatic`, `manual`\nhelp: did you mean `automatic`?",
            },
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": nordlys,
                        "region": {"startLine": 14, "startColumn": 10, "endColumn": 18},
                    },
                    "logicalLocations": [{"fullyQualifiedName": "/process"}],
                }
            ],
        },
        {
            "ruleId": "PR103",
            "ruleIndex": 1,
            "level": "error",
            "message": {"text": "`process` is set twice\nhelp: keep one of the two"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": nordlys,
                        "region": {"startLine": 120, "startColumn": 1, "endColumn": 8},
                    }
                }
            ],
            "relatedLocations": [
                {
                    "id": 1,
                    "physicalLocation": {
                        "artifactLocation": nordlys,
                        "region": {"startLine": 14, "startColumn": 1, "endColumn": 8},
                    },
                    "message": {"text": "first set here"},
                }
            ],
        },
        {
            "ruleId": "PR002",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": "the file is empty\nhelp: write the clinic's settings"},
            "locations": [{"physicalLocation": {"artifactLocation": nordlys}}],
        },
    ]


def test_sarif_rules_are_the_codes_that_were_found() -> None:
    tool = sarif_run([WRONG_WORD, WHOLE_FILE, WRONG_WORD])["tool"]
    assert isinstance(tool, dict)
    rules = tool["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["PR002", "PR204"]
    assert rules[1]["shortDescription"] == {"text": "the value is not one of those allowed"}
    assert rules[1]["fullDescription"]["text"].startswith("The key takes one of a few words, and this is none of them.")
    assert rules[1]["help"]["markdown"] == CODES["PR204"].page
    assert rules[1]["defaultConfiguration"] == {"level": "error"}


@pytest.mark.parametrize(
    ("file", "location"),
    [
        ("klinikk å/50%.yaml", {"uri": "klinikk%20%C3%A5/50%25.yaml", "uriBaseId": "%SRCROOT%"}),
        ("a:b.yaml", {"uri": "a%3Ab.yaml", "uriBaseId": "%SRCROOT%"}),
        ("\udcff.yaml", {"uri": "%FF.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/srv/klinikk å.yaml", {"uri": "file:///srv/klinikk%20%C3%A5.yaml"}),
    ],
)
def test_sarif_file_is_a_uri(file: str, location: dict[str, str]) -> None:
    results = sarif_run([Diagnostic("PR002", Severity.ERROR, Location(file), "empty")])["results"]
    assert isinstance(results, list)
    assert results[0]["locations"][0]["physicalLocation"] == {"artifactLocation": location}


def test_sarif_message_keeps_its_braces() -> None:
    results = sarif_run([Diagnostic("PR109", Severity.ERROR, Location(FILE), "`{0}`")])["results"]
    assert isinstance(results, list)
    assert results[0]["message"] == {"text": "`{{0}}`"}


def fingerprints(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """What tells the results apart from run to run."""
    results = sarif_run(diagnostics)["results"]
    assert isinstance(results, list)
    return [result["partialFingerprints"]["codeFileMessage/v1"] for result in results]


def test_sarif_knows_a_finding_again_when_its_line_has_moved() -> None:
    assert fingerprints([at(1, 2, line=1), at(1, 2, line=9)]) == fingerprints([at(3, 4, line=5), at(3, 4, line=6)])
    assert len(set(fingerprints([at(1, 2, line=1), at(1, 2, line=9)]))) == 2


# ---- all of them


@pytest.mark.parametrize("name", REPORTERS)
def test_severity_is_that_of_the_diagnostic_not_of_the_table(name: str) -> None:
    strict = Diagnostic("PR352", Severity.ERROR, Location(FILE, 14, 1, 8), "can never match")
    lines = report(name, [strict]).splitlines()
    assert any('"level": "error"' in line for line in lines) if name == "sarif" else "error" in lines[0]


@pytest.mark.parametrize("name", REPORTERS)
def test_lines_have_no_line_ends(name: str) -> None:
    evil = Diagnostic(
        "PR201", Severity.ERROR, Location("a\nb"), "a\nb\rc", "a\nb", (Related(Location("c\nd"), "a\nb"),)
    )
    assert all("\n" not in line and "\r" not in line for line in REPORTERS[name]([evil], lambda _: "a\r\nb"))


# ---- the summary and the pages


@pytest.mark.parametrize(
    ("files", "severities", "line"),
    [
        (12, "eww", "12 clinic files: 1 error, 2 warnings"),
        (1, "ee", "1 clinic file: 2 errors"),
        (3, "w", "3 clinic files: 1 warning"),
        (1_000, "", "1,000 clinic files: no errors"),
        (0, "e", "no clinic file: 1 error"),
    ],
)
def test_summary(files: int, severities: str, line: str) -> None:
    kinds = {"e": Severity.ERROR, "w": Severity.WARNING}
    assert summary(files, [Diagnostic("PR001", kinds[s], Location(FILE), "x") for s in severities]) == line


@pytest.mark.parametrize("written", ["PR313", "pr313", " 313 "])
def test_explain_shows_the_page(written: str) -> None:
    assert explain(written) == (
        "error[PR313]: two reminders are due at the same time\n"
        "\n"
        "Two entries of `reminders` are equally long, such as `24h` and `1d`. A client\n"
        "who has not paid would get two messages at once, and be right to complain.\n"
        "\n"
        "Wrong:\n"
        "\n"
        "    reminders: [24h, 1d, 7d]\n"
        "\n"
        "Right:\n"
        "\n"
        "    reminders: [1d, 7d]"
    )


def test_explain_keeps_lists_as_lists() -> None:
    page = explain("PR205")
    assert page is not None
    assert (
        "\n\n- a duration is a whole number and `m`, `h` or `d`, without a space: `15m`,\n  `2h`, `3d`;\n- an amount"
        in page
    )


@pytest.mark.parametrize("code", CODES)
def test_explain_fits_a_terminal(code: str) -> None:
    page = explain(code)
    assert page is not None
    assert page.startswith(f"{CODES[code].severity}[{code}]: {CODES[code].title}\n\n")
    assert "```" not in page
    assert all(len(line) <= 80 or line.startswith("    ") for line in page.splitlines())


@pytest.mark.parametrize("written", ["PR999", "", "PR", "nonsense", "PR2040"])
def test_explain_knows_no_other_code(written: str) -> None:
    assert explain(written) is None


@pytest.mark.parametrize(
    ("written", "first"),
    [("PR2O4", "PR204"), ("PR0204", "PR204"), ("byte order", "PR006"), ("TIME ZONE", "PR302"), ("summer", "PR307")],
)
def test_similar_codes_help_on(written: str, first: str) -> None:
    assert similar_codes(written)[0] == first


def test_similar_codes_are_few() -> None:
    assert similar_codes("the") == ["PR001", "PR002", "PR003", "PR004", "PR005"]
    assert similar_codes("zebra crossing") == []
    assert similar_codes("") == []
