"""Bad input of every kind: its own diagnostic with its place, and what is good beside it is still done."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.acceptance.conftest import Run
from tests.builders import clinic_text, record_fields

GOOD = clinic_text(clinic="good")
BAD = "clinics/bad.yaml"
HEAD = clinic_text(clinic="bad")
PRICE = "session_types: {a: {name: A, price: %s}}\n"


@pytest.fixture(autouse=True)
def clinics(folder: Path) -> Path:
    """A folder with one good clinic file."""
    (folder / "clinics").mkdir()
    (folder / "clinics/good.yaml").write_text(GOOD, encoding="utf-8")
    return folder / "clinics"


def bomb() -> str:
    lines = ['a: &a ["x", "x", "x", "x", "x", "x", "x", "x", "x"]']
    lines += [f"{chr(n + 1)}: &{chr(n + 1)} [{', '.join([f'*{chr(n)}'] * 9)}]" for n in range(97, 106)]
    return HEAD + "\n".join(lines) + "\n"


FILES: dict[str, tuple[str | bytes, str, str]] = {
    # Content, code and place: of the file as a whole, or `:line:column`.
    "empty": ("", "PR002", ""),
    "only comments": ("# nothing yet\n", "PR002", ""),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "PR003", ""),
    "not UTF-8": (HEAD.replace("Fjord Fys", "Bærum Fys").encode("latin-1"), "PR004", ":3:8"),
    "UTF-16": (HEAD.encode("utf-16"), "PR004", ":1:1"),
    "2 MiB": (HEAD + "# " + "x" * 2 * 1024 * 1024, "PR005", ""),
    "2 MiB of nothing": (b" " * (2 * 1024 * 1024), "PR005", ""),
    "a list": ("- payrules: 1\n", "PR107", ":1:1"),
    "a single value": ("hello\n", "PR107", ":1:1"),
    "two documents": (HEAD + "---\n" + HEAD, "PR106", ":12:1"),
    "10,000 levels": (HEAD + "rules: " + "[" * 10_000 + "]" * 10_000, "PR105", ":12:39"),
    "10,000 levels of mappings": (HEAD + "manual: " + "{a: " * 10_000, "PR105", ":12:133"),
    "10,000 levels, unclosed, at the top": ("[" * 10_000, "PR107", ":1:1"),
    "full of aliases": (bomb(), "PR104", ":13:8"),
    "a merge key": (HEAD + "manual: &m {}\ninvoice:\n  <<: *m\n", "PR104", ":14:7"),
    "duplicate keys": (HEAD + "currency: SEK\n", "PR103", ":12:1"),
    "unknown keys": (HEAD + "remainders: [7d]\n", "PR201", ":12:1"),
    "a tab": (HEAD + "manual:\n\tcreate_draft: false\n", "PR102", ":13:1"),
    "broken syntax": (HEAD + 'manual: {create_draft: "no}\n', "PR101", ":"),
    "a tag": (HEAD + "manual: !!python/object:os.system {}\n", "PR108", ":12:9"),
    "a key that is a list": (HEAD + "[a]: 1\n", "PR109", ":12:1"),
    "an escape character": (HEAD + "# \x1b[2J\n", "PR110", ":12:3"),
    "a wrong type": (HEAD + "reminders: 7d\n", "PR203", ":12:12"),
    "a number for an amount": (HEAD + PRICE % "500.00", "PR203", ":12:37"),
    "NaN for an amount": (HEAD + PRICE % ".nan", "PR203", ":12:37"),
    "infinity for an amount": (HEAD + PRICE % ".inf", "PR203", ":12:37"),
    "NaN as text": (HEAD + PRICE % '"NaN"', "PR205", ":12:37"),
    "a wrong word": (clinic_text(clinic="bad", process="autmatic"), "PR204", ":10:10"),
    "a missing key": (clinic_text(clinic="bad", without=["currency"]), "PR202", ":1:1"),
    "another format version": (clinic_text(clinic="bad", payrules="2"), "PR208", ":1:11"),
    "the name of another clinic": (clinic_text(clinic="other"), "PR301", ":2:9"),
}

bad_files = pytest.mark.parametrize(("content", "code", "place"), FILES.values(), ids=FILES)


def write(content: str | bytes, path: str = BAD) -> None:
    Path(path).write_bytes(content if isinstance(content, bytes) else content.encode())


def rows_of(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@bad_files
def test_a_bad_clinic_file_has_its_own_diagnostic(run: Run, content: str | bytes, code: str, place: str) -> None:
    write(content)
    result = run("validate")
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"error[{code}]: ")
    assert lines[1].strip().startswith(f"--> {BAD}{place}")
    assert lines[-1].startswith("2 clinic files: ")
    # Nothing of the file reaches the terminal as an order to it, and none of it fills the screen.
    assert "\x1b" not in result.output
    assert max(map(len, lines)) < 250


@bad_files
def test_the_good_clinic_beside_a_bad_file_is_still_simulated(
    run: Run, content: str | bytes, code: str, place: str
) -> None:
    write(content)
    records = [record_fields(id="bk-1", clinic="good"), record_fields(id="bk-2", clinic="bad")]
    write("".join(json.dumps(r) + "\n" for r in records), "bookings.jsonl")
    result = run("simulate", "--bookings", "bookings.jsonl", "--format", "json")
    assert result.exit_code == 3
    assert [(d["booking_id"], d["outcome"]) for d in rows_of(result)] == [("bk-1", "automatic")]
    assert f"error[{code}]" in result.stderr
    assert "bookings.jsonl:2: refused record 2 (bk-2): `clinic`: " in result.stderr


@bad_files
def test_compile_tells_the_same(run: Run, content: str | bytes, code: str, place: str) -> None:
    write(content)
    result = run("compile", BAD)
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"error[{code}]" in result.stderr


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
@bad_files
def test_programs_are_told_the_same(run: Run, content: str | bytes, code: str, place: str, form: str) -> None:
    write(content)
    result = run("validate", "--format", form)
    assert result.exit_code == 3
    assert code in result.stdout
    if form == "json":
        assert rows_of(result)[0]["code"] == code
    elif form == "sarif":
        assert json.loads(result.stdout)["runs"][0]["results"][0]["ruleId"] == code


def test_a_folder_without_files(run: Run) -> None:
    Path("nothing").mkdir()
    result = run("validate", "nothing")
    assert result.exit_code == 3
    assert result.stdout.startswith("error[PR009]: ")
    assert "--> nothing" in result.stdout
    result = run("validate", "nothing", "clinics")
    assert result.exit_code == 3


def test_a_link_that_leaves_the_tree(run: Run) -> None:
    write("secret: word\n", "secret.yaml")
    Path(BAD).symlink_to("../secret.yaml")
    result = run("validate")
    assert result.exit_code == 3
    assert result.stdout.startswith(f"error[PR008]: this link leads out of `clinics`\n --> {BAD}\n")
    assert "word" not in result.stdout
    assert result.stdout.endswith("\n2 clinic files: 1 error\n")


def test_a_path_that_does_not_exist(run: Run) -> None:
    result = run("validate", "clinics", "clinic/typo.yaml")
    assert result.exit_code == 3
    assert "error[PR001]" in result.stdout
    assert "--> clinic/typo.yaml" in result.stdout


def test_one_clinic_in_two_files(run: Run) -> None:
    Path("more").mkdir()
    write(GOOD, "more/good.yaml")
    result = run("validate", "clinics", "more")
    assert result.exit_code == 3
    assert "error[PR012]" in result.stdout
    assert "more/good.yaml:2:9" in result.stdout
    assert "clinics/good.yaml:2:9" in result.stdout


@pytest.mark.parametrize("name", ["a\nb.yaml", "a\x1b[2Jb.yaml", "\udcff.yaml"], ids=["line", "escape", "not UTF-8"])
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_a_file_name_that_no_terminal_should_see(run: Run, name: str, form: str) -> None:
    write("", f"clinics/{name}")
    result = run("validate", "--format", form)
    assert result.exit_code == 3
    assert "PR002" in result.stdout
    assert "\x1b" not in result.stdout


def test_a_hundred_bad_files_are_all_told_and_none_hides_a_good_one(run: Run) -> None:
    for number in range(100):
        write(clinic_text("remainders: [7d]\n", clinic=f"bad-{number:02}"), f"clinics/bad-{number:02}.yaml")
    result = run("validate", "--format", "json")
    assert result.exit_code == 3
    assert [row["code"] for row in rows_of(result)] == ["PR201"] * 100


# Bookings.

Change = dict[str, Any]
FIELDS: dict[str, tuple[Change, str, str]] = {
    # What is changed in a good record, the field that is named, and words of the problem.
    "naive start": ({"starts_at": "2026-12-01T10:00:00"}, "starts_at", "has no offset"),
    "naive end": ({"ends_at": "2026-12-01T10:50:00"}, "ends_at", "has no offset"),
    "naive booking": ({"booked_at": "2026-11-24T09:00"}, "booked_at", "has no offset"),
    "end before start": ({"ends_at": "2026-12-01T09:50:00+01:00"}, "ends_at", "is not after `starts_at`"),
    "end at the start": ({"ends_at": "2026-12-01T09:00:00Z"}, "ends_at", "is not after `starts_at`"),
    "another currency": ({"price": {"amount": "1", "currency": "SEK"}}, "price.currency", "`NOK`"),
    "unknown clinic": ({"clinic": "god"}, "clinic", "is not a clinic that is known"),
    "NaN amount": ({"price": {"amount": "NaN", "currency": "NOK"}}, "price.amount", "is not an amount"),
    "a number for an amount": ({"price": {"amount": 1250.0, "currency": "NOK"}}, "price.amount", "must be text"),
    "negative amount": ({"price": {"amount": "-1", "currency": "NOK"}}, "price.amount", "negative"),
    "too many decimals": ({"price": {"amount": "1.005", "currency": "NOK"}}, "price.amount", "decimals"),
    "no such day": ({"starts_at": "2026-02-30T10:00:00Z"}, "starts_at", "not in the calendar"),
    "unknown field": ({"sesion_type": "a"}, "sesion_type", "is not a field"),
    "unknown time zone": ({"client": {"id": "c", "timezone": "Europe/Olso"}}, "client.timezone", "not a time zone"),
    "wrong word": ({"location": "at home"}, "location", "allowed"),
    "text for a truth": ({"first_visit": "yes"}, "first_visit", "true or false"),
    "no client": ({"client": None}, "client.id", "is missing"),
    "no id": ({"id": None}, "id", "is missing"),
    "a list for an id": ({"id": ["bk"]}, "id", "must be text"),
}


def three(second: str | bytes) -> list[bytes]:
    """Three lines of a file of bookings: a good one, what is given, and a good one."""
    first, third = (json.dumps(record_fields(id=f"bk-{n}", clinic="good")).encode() for n in (1, 3))
    return [first, second if isinstance(second, bytes) else second.encode(), third]


def simulate(run: Run, content: bytes, name: str = "bookings.jsonl") -> Result:
    write(content, name)
    return run("simulate", "--bookings", name, "--format", "json")


@pytest.mark.parametrize(("change", "field", "words"), FIELDS.values(), ids=FIELDS)
def test_a_bad_record_is_refused_with_its_line_and_field(run: Run, change: Change, field: str, words: str) -> None:
    record = record_fields(**({"id": "bk-2", "clinic": "good"} | change))
    result = simulate(run, b"\n".join(three(json.dumps(record))))
    assert result.exit_code == 7
    assert [d["booking_id"] for d in rows_of(result)] == ["bk-1", "bk-3"]
    [line] = result.stderr.splitlines()
    name = " (bk-2)" if isinstance(record.get("id"), str) else ""
    assert line.startswith(f"bookings.jsonl:2: refused record 2{name}: `{field}`: ")
    assert words in line


LINES: dict[str, str | bytes] = {
    "broken JSON": '{"id": "bk-2", ',
    "broken JSON that looks like two records": '{"id": "bk-2"}{"id": "bk-2"}',
    "not JSON at all": "id=bk-2",
    "NaN for an amount": json.dumps(record_fields(price={"amount": float("nan"), "currency": "NOK"})),
    "a list": "[1, 2]",
    "a text": '"bk-2"',
    "null": "null",
    "not UTF-8": b'{"id": "\xff"}',
    "a control character": '{"id": "a\x01b"}',
    "half a surrogate pair": '{"id": "\\ud800"}',
    "duplicate keys": '{"id": "bk-2", "id": "bk-2"}',
    "100,000 levels": '{"id": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "100,000 levels, unclosed": '{"id": ' + '{"a":' * 100_000,
    "a number of 10,000 digits": '{"id": ' + "9" * 10_000 + "}",
    "NUL": b'{"id": \0}',
    "a huge line": b'{"id": "bk-2", "practitioner": "' + b"x" * 20_000_000 + b'"}',
    "a huge line of nothing": b"x" * 20_000_000,
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_line_that_is_no_record_is_refused_and_the_next_are_read(run: Run, line: str | bytes) -> None:
    result = simulate(run, b"\n".join(three(line)) + b"\n")
    assert result.exit_code == 7
    assert [d["booking_id"] for d in rows_of(result)] == ["bk-1", "bk-3"]
    refusals = result.stderr.splitlines()
    assert refusals
    assert all(text.startswith("bookings.jsonl:2: refused record 2") for text in refusals)
    assert max(map(len, refusals)) < 500


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.jsonl", b""),
        ("blank.jsonl", b"\n \n\n"),
        ("empty.json", b"[]"),
        ("empty.csv", b"id,clinic\n"),
        ("empty.yaml", b"[]\n"),
        ("mark.jsonl", b"\xef\xbb\xbf"),
    ],
)
def test_no_bookings_where_some_were_meant_is_a_failure(run: Run, name: str, content: bytes) -> None:
    result = simulate(run, content, name)
    assert (result.exit_code, result.stdout) in [(1, ""), (7, "")]
    assert name in result.stderr


def test_a_file_of_bookings_that_does_not_exist(run: Run) -> None:
    result = run("simulate", "--bookings", "gone.jsonl")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: gone.jsonl: cannot be read: No such file or directory\n"


def test_a_folder_in_place_of_bookings(run: Run) -> None:
    result = run("simulate", "--bookings", "clinics")
    assert result.exit_code in {1, 2}
    assert "clinics" in result.stderr


@pytest.mark.parametrize(
    ("name", "write_them"),
    [
        ("b.json", json.dumps),
        ("b.yaml", json.dumps),
        (
            "b.csv",
            lambda rows: (
                "id,clinic,client.id,client.phone,starts_at,ends_at,booked_at,price.amount,price.currency\n"
                + "".join(
                    f"{r['id']},{r['clinic']},c,+47 990 00 001,{r['starts_at']},{r['ends_at']},{r['booked_at']},1,NOK\n"
                    for r in rows
                )
            ),
        ),
    ],
)
def test_other_formats_refuse_a_record_alike(
    run: Run, name: str, write_them: Callable[[list[dict[str, Any]]], str]
) -> None:
    rows = [record_fields(id=f"bk-{n}", clinic="good") for n in (1, 2, 3)]
    rows[1]["starts_at"] = "2026-12-01T10:00:00"
    result = simulate(run, write_them(rows).encode(), name)
    assert result.exit_code == 7
    assert [d["booking_id"] for d in rows_of(result)] == ["bk-1", "bk-3"]
    assert "refused record 2 (bk-2): `starts_at`: " in result.stderr


def test_a_json_list_that_breaks_off_says_that_the_rest_was_not_read(run: Run) -> None:
    text = json.dumps([record_fields(id=f"bk-{n}", clinic="good") for n in (1, 2)])[:-40]
    result = simulate(run, text.encode(), "b.json")
    assert result.exit_code == 7
    assert [d["booking_id"] for d in rows_of(result)] == ["bk-1"]
    assert "b.json:1: refused record 2" in result.stderr


def test_no_refusal_tells_a_clients_name_or_address(run: Run) -> None:
    client = {"id": "client-77", "name": "Zebulon Quist", "email": "zq@client.example", "phone": "+47 990 00 123"}
    records = [
        record_fields(id="bk-1", clinic="good", client=client, starts_at="zq@client.example"),
        record_fields(id="Zebulon Quist", clinic="good", client=client),
        record_fields(id="bk-3", clinic="good", client=client | {"tags": "Zebulon Quist"}),
        record_fields(id="bk-4", clinic="good", client=client | {"Zebulon Quist": 1}),
        record_fields(id="bk-5", clinic="good", client="Zebulon Quist"),
        record_fields(id="bk-6", clinic="+47 990 00 123", client=client),
    ]
    broken = '{"id": "bk-7", "client": {"name": "Zebulon Quist" "email": 1}}'
    result = simulate(run, "\n".join([*map(json.dumps, records), broken]).encode())
    assert result.exit_code == 7
    for secret in ("Zebulon", "Quist", "zq@", "990 00"):
        assert secret not in result.output
