"""Decisions as a table, JSON, CSV and Markdown."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from payrules.adapters.resources import read_schema
from payrules.adapters.zones import load_zone, zone_names
from payrules.app.catalogue import ClinicFile, compile_files
from payrules.app.records import Record
from payrules.app.simulate import Changed, Simulated, Simulation, compare
from payrules.compiler.compile import Compiler
from payrules.entrypoints.decisions import DecisionFormat, reporter
from payrules.entrypoints.decisions.lines import COLUMNS
from payrules.entrypoints.decisions.markdown import LONGEST, MOST_NAMED

CLINIC = """\
payrules: 1
clinic: tern-clinic
name: Tern Clinic
country: NO
language: nb
contact: {email: post@tern.example}
timezone: Europe/Oslo
currency: NOK
payments: active
process: automatic
notification:
  send: after_appointment
  offset: 15m
  quiet_hours: {from: "21:00", to: "08:00", channels: [sms]}
reminders: [7d]
session_types:
  talk: {name: Talk, price: "1250.00"}
  free: {name: Free, price: "0.00"}
  open: {name: Price agreed later}
  pair: {name: Pair}
rules:
  - id: by-hand
    when: {session_type: [open, pair]}
    set: {process: manual, manual: {default_method: card_terminal}}
  - id: elsewhere
    when: {payer: insurer}
    set: {process: manual, manual: {create_draft: false}}
  - id: first-visit
    when: {first_visit: true}
    set: {notification: {send: before_appointment, offset: 2d}, reminders: []}
"""
LATE = CLINIC.replace("payments: active\n", "payments: active\neffective_from: 2026-12-01T12:00\n")
FULL_CLIENT = {"id": "c", "email": "c@mail.example", "phone": "+47 990 00 001"}

Simulate = Callable[..., list[Simulated]]


def simulation(*texts: str) -> Simulation:
    compiler = Compiler(read_schema("clinic.v1.schema.json"), load_zone, zone_names)
    files = [ClinicFile(f"clinics/{re.findall('clinic: (.*)', text)[0]}.yaml", text.encode()) for text in texts]
    catalogue = compile_files(files, compiler)
    assert not [d for d in catalogue.diagnostics if d.severity == "error"], catalogue.diagnostics
    return Simulation(catalogue, load_zone)


def record(booking_id: str, **facts: Any) -> Record:
    fields = {
        "id": booking_id,
        "clinic": "tern-clinic",
        "client": FULL_CLIENT,
        "session_type": "talk",
        "starts_at": "2026-12-01T10:00:00+01:00",
        "ends_at": "2026-12-01T10:50:00+01:00",
        "booked_at": "2026-11-25T10:00:00+01:00",
        "first_visit": False,
    }
    return Record(1, 1, {name: value for name, value in (fields | facts).items() if value is not None})


def simulate(*records: Record, text: str = CLINIC) -> list[Simulated]:
    results = list(simulation(text).run(records))
    assert all(isinstance(result, Simulated) for result in results), results
    return [result for result in results if isinstance(result, Simulated)]


def changes(before: str, after: str, *records: Record) -> list[Changed]:
    results = list(compare(simulation(before), simulation(after), records))
    return [result for result in results if isinstance(result, Changed)]


def written(form: str, results: Iterable[Simulated | Changed], **options: Any) -> str:
    lines: list[str] = []
    report = reporter(form, lines.append, **options)
    for result in results:
        report.add(result)
    report.finish()
    return "".join(lines)


EVENING = {"starts_at": "2026-12-01T20:10:00+01:00", "ends_at": "2026-12-01T21:00:00+01:00"}
ALL_OUTCOMES = (
    record("auto"),
    record("late", **EVENING),
    record("draft", session_type="pair", price={"amount": "2100.00", "currency": "NOK"}),
    record("unpriced", session_type="open"),
    record("insured", payer={"kind": "insurer", "email": "i@mail.example"}),
    record("gratis", session_type="free"),
    record("unknown", first_visit=None),
    record("silent", client={"id": "c"}),
)


def test_every_format_has_a_reporter_and_no_other() -> None:
    assert [str(form) for form in DecisionFormat] == ["table", "json", "csv", "markdown"]
    for form in DecisionFormat:
        assert written(form, simulate(record("bk-1")))
    with pytest.raises(ValueError, match="yaml"):
        reporter("yaml", print)


@pytest.mark.parametrize("form", ["json", "csv"])
def test_formats_for_programs_write_at_once_and_never_import_rich(form: str) -> None:
    lines: list[str] = []
    report = reporter(form, lines.append)
    report.add(simulate(record("bk-1"))[0])
    assert any("bk-1" in line for line in lines)
    probe = f"""
import sys
from payrules.entrypoints.decisions import reporter
reporter({form!r}, print)
assert "rich" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", probe], check=True)


# ---- json


def test_json_is_the_rendered_decision_one_a_line() -> None:
    results = simulate(*ALL_OUTCOMES)
    lines = written("json", results).splitlines()
    assert [json.loads(line) for line in lines] == [result.rendered() for result in results]
    explained = json.loads(written("json", results[:1], explain=True))
    assert [rule["result"] for rule in explained["explain"]["rules"]] == ["failed", "failed", "failed"]


def test_json_keeps_letters_as_they_are() -> None:
    named = record("bk-1", session_type="søvn", price={"amount": "1.00", "currency": "NOK"})
    assert '"actual": "søvn"' in written("json", simulate(named), explain=True)


def test_json_of_changes_leaves_out_what_stays() -> None:
    after = CLINIC.replace("offset: 15m", "offset: 30m")
    found = changes(CLINIC, after, record("bk-1"), record("bk-2", session_type="free"))
    (line,) = written("json", found).splitlines()
    change = json.loads(line)
    assert list(change) == ["booking_id", "clinic", "changed", "before", "after"]
    assert change["changed"] == ["settings", "actions"]
    assert change["before"]["actions"] != change["after"]["actions"]


# ---- csv


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_row_an_action_and_one_where_there_are_none() -> None:
    found = rows(written("csv", simulate(record("auto"), record("unknown", first_visit=None))))
    assert [(row["booking_id"], row["action"], row["channel"]) for row in found] == [
        ("auto", "create_invoice", ""),
        ("auto", "issue_invoice", ""),
        ("auto", "send_payment_link", "sms"),
        ("auto", "send_payment_link", "email"),
        ("auto", "send_reminder", "sms"),
        ("auto", "send_reminder", "email"),
        ("unknown", "", ""),
    ]
    assert tuple(found[0]) == COLUMNS
    assert found[0]["price"] == "1250.00"
    assert found[0]["due_local"] == "2026-11-25T10:00:00+01:00"
    assert (found[6]["outcome"], found[6]["rule"], found[6]["missing"]) == ("undecided", "first-visit", "first_visit")


def test_csv_separates_what_is_missing_and_ends_lines_plainly() -> None:
    text = written("csv", simulate(record("silent", client={"id": "c"})))
    assert rows(text)[0]["missing"] == "client.phone;client.email"
    assert "\r" not in text


def test_csv_of_changes_has_both_sides() -> None:
    after = CLINIC.replace("process: automatic", "process: manual")
    found = rows(written("csv", changes(CLINIC, after, record("bk-1"), record("bk-2", first_visit=None))))
    assert next(iter(found[0])) == "side"
    # The second booking is undecided before and after.
    assert {(row["side"], row["booking_id"], row["outcome"]) for row in found} == {
        ("before", "bk-1", "automatic"),
        ("after", "bk-1", "draft"),
    }
    new = changes(CLINIC.replace("tern-clinic", "gull-clinic"), CLINIC, record("bk-1"))
    assert {row["side"] for row in rows(written("csv", new))} == {"after"}


def test_csv_without_results_is_a_header() -> None:
    assert written("csv", []) == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_never_begins_a_cell_as_a_formula(begin: str) -> None:
    (result,) = simulate(record("bk-1"))
    odd = Simulated(
        result.booking._replace(id=f"{begin}cmd|' /C calc'!A1"), result.decision, result.version, result.in_force
    )
    text = written("csv", [odd])
    assert all(line.startswith(("'", "\"'")) for line in text.split("\n")[1:-1])


# ---- table


def test_table_shows_bookings_weeks_notices_and_totals() -> None:
    text = written("table", simulate(*ALL_OUTCOMES), width=110)
    assert [line.rstrip() for line in text.splitlines() if "─" not in line] == [
        f"Tern Clinic · tern-clinic · Europe/Oslo · {simulate(record('x'))[0].clinic_version.digest[:19]}",
        "  Booking   Appointment 2026       Session      NOK  Outcome              Decided by",
        "  auto      Tue 1 Dec 10:00–10:50  talk     1250.00  ✓ automatic          defaults",
        "            link Tue 1 Dec 11:05 by sms + email · to pay by 15 Dec · reminder Tue 8 Dec",
        "  draft     Tue 1 Dec 10:00–10:50  pair     2100.00  ✎ draft              by-hand:22",
        "            draft Wed 25 Nov 10:00, a person sends the link · manual payment by card terminal",
        "  unpriced  Tue 1 Dec 10:00–10:50  open           –  ✎ draft              by-hand:22",
        "            draft Wed 25 Nov 10:00, a person sends the link · cannot be sent without a price ·",
        "            manual payment by card terminal",
        "  insured   Tue 1 Dec 10:00–10:50  talk     1250.00  ↗ externally billed  elsewhere:25",
        "            manual without drafts",
        "  gratis    Tue 1 Dec 10:00–10:50  free        0.00  ○ no charge          defaults",
        "            the price is zero",
        "  unknown   Tue 1 Dec 10:00–10:50  talk     1250.00  ? undecided          first-visit:28",
        "            first_visit is not known, and the rule asks for it",
        "  silent    Tue 1 Dec 10:00–10:50  talk     1250.00  ? undecided          defaults",
        "            client.phone and client.email are missing: no message reaches the payer",
        "  late      Tue 1 Dec 20:10–21:00  talk     1250.00  ✓ automatic          defaults",
        "            link Tue 1 Dec 21:15 by email, Wed 2 Dec 08:00 by sms · to pay by 15 Dec · reminder Tue 8 Dec",
        "",
        "Week 49 · Mon 30 Nov – Sun 6 Dec 2026 · times in Europe/Oslo",
        "  Tue 1 Dec   11:05  auto  invoice issued, link by sms + email",
        "              21:15  late  invoice issued, link by email",
        "  Wed 2 Dec   08:00  late  link by sms (waited for quiet hours to end)",
        "",
        "Week 50 · Mon 7 Dec – Sun 13 Dec 2026 · times in Europe/Oslo",
        "  Tue 8 Dec   11:05  auto  reminder 1 by sms + email if unpaid",
        "              21:15  late  reminder 1 by email if unpaid",
        "  Wed 9 Dec   08:00  late  reminder 1 by sms if unpaid (waited for quiet hours to end)",
        "",
        "",
        "? undecided: nothing happens until somebody supplies what is missing",
        "  unknown  first_visit is not known, and the rule asks for it",
        "  silent   client.phone and client.email are missing: no message reaches the payer",
        "",
        "✎ drafts that cannot be sent before somebody gives them a price",
        "  unpriced",
        "",
        "↗ externally billed: no invoice and no message from payrules",
        "  manual without drafts: insured",
        "",
        "8 bookings: 2 automatic, 2 drafts, 1 externally billed, 1 no charge, 2 undecided",
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("explain", [False, True])
def test_table_keeps_to_the_width(width: int, explain: bool) -> None:
    text = written("table", simulate(*ALL_OUTCOMES), width=width, explain=explain)
    # The line of a booking is not folded, since half a row helps nobody; it needs 75 columns here.
    assert max(map(cell_len, text.splitlines())) <= max(width, 75)
    assert "\x1b" not in text
    assert not re.search(r" $", text, re.MULTILINE)


def test_table_names_the_rule_below_where_the_column_has_no_room() -> None:
    text = written("table", simulate(*ALL_OUTCOMES), width=84)
    assert "Decided by" not in text
    assert "            rule first-visit:28 ·\n            first_visit is not known" in text


def test_table_has_colour_only_when_asked() -> None:
    plain, coloured = (written("table", simulate(*ALL_OUTCOMES), colour=colour) for colour in (False, True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_table_obeys_nothing_in_a_booking() -> None:
    odd = record("bk-1", session_type="[red]a|\u200fb[/]", price={"amount": "1.00", "currency": "NOK"})
    for form in ("table", "markdown"):
        text = written(form, simulate(odd), colour=True, explain=True)
        assert "\u200f" not in text
        assert "[red]a|<U+200F>b[/]" in text
    (result,) = simulate(record("bk-1"))
    steering = Simulated(result.booking._replace(id="\x1b[2Jx"), result.decision, result.version, result.in_force)
    assert "\x1b" not in written("table", [steering])


def test_table_shows_the_first_bookings_and_every_number() -> None:
    records = [record(f"bk-{number}", first_visit=None if number % 2 else False) for number in range(1, 8)]
    text = written("table", simulate(*records), limit=2)
    assert "5 bookings not shown (2 automatic, 3 undecided); --format json and --format csv print them all" in text
    assert text.endswith("7 bookings: 3 automatic, 4 undecided\n")
    notices = text.split("? undecided: ")[1]
    # Undecided bookings beyond the limit are named all the same, up to the limit.
    assert re.findall(r"bk-\d", notices) == ["bk-1", "bk-3", "bk-5"]
    assert "bk-4" not in text


def test_table_keeps_no_more_than_its_limit() -> None:
    report = reporter("table", print, limit=3)
    (result,) = simulate(record("bk-1", first_visit=None))
    for _ in range(100):
        report.add(result)
    kept = report._kept  # type: ignore[attr-defined]  # constant memory is what this test is about
    assert (len(kept.simulated), len(kept.beyond)) == (3, 3)


def test_table_groups_by_clinic_and_aligns_them() -> None:
    other = CLINIC.replace("tern-clinic", "gull-clinic").replace("Tern", "Gull").replace("NOK", "SEK")
    mixed = [record("a-1"), record("g-1-long", clinic="gull-clinic"), record("a-2")]
    results = [result for result in simulation(CLINIC, other).run(mixed) if isinstance(result, Simulated)]
    lines = written("table", results).splitlines()
    starts = [line.index("Tue 1 Dec 10:00") for line in lines if "Tue 1 Dec 10:00" in line]
    assert len(starts) == 3
    assert len(set(starts)) == 1
    assert [line.split()[0] for line in lines if "✓" in line] == ["a-1", "a-2", "g-1-long"]


def test_table_tells_what_came_before_the_file() -> None:
    at = {"early": "11:59:59", "sharp": "12:00:00"}
    text = written(
        "table",
        simulate(*(record(name, booked_at=f"2026-12-01T{time}+01:00") for name, time in at.items()), text=LATE),
    )
    assert "from Tue 1 Dec 2026 12:00" in text
    assert "booked Tue 1 Dec 11:59:59, before the clinic file took effect (12:00)" in text
    assert "1 automatic, 1 externally billed" in text


def test_times_in_words_where_the_clock_alone_misleads() -> None:
    abroad = FULL_CLIENT | {"timezone": "America/New_York"}
    results = simulate(
        record("abroad", client=abroad),
        record("rushed", first_visit=True, booked_at="2026-11-30T10:00:00+01:00"),
        record(
            "night",
            starts_at="2026-10-25T02:10:00+02:00",
            ends_at="2026-10-25T02:20:00+01:00",
            booked_at="2026-10-01T10:00:00Z",
        ),
        record(
            "winter",
            starts_at="2026-10-25T01:20:00+01:00",
            ends_at="2026-10-25T02:10:00+01:00",
            booked_at="2026-10-01T10:00:00Z",
        ),
    )
    text = " ".join(written("table", results, width=300).split())
    assert "14:00 abroad link by sms (waited for quiet hours to end; 08:00 where the payer is)" in text
    assert "11:05 abroad invoice issued, link by email (05:05 where the payer is)" in text
    assert "10:00 rushed invoice issued, link by sms + email (at once, since the set time had already passed)" in text
    assert "the clocks change meanwhile: it takes 70 minutes" in text
    assert "02:25 winter invoice issued, link by email (the second 02:25 of that night)" in text


def test_explanation_says_why_and_why_not() -> None:
    results = simulate(
        record("bk-1", session_type="pair", first_visit=True, price={"amount": "1.00", "currency": "NOK"})
    )
    for form in ("table", "markdown"):
        text = " ".join(written(form, results, explain=True, width=200).split())
        assert "by-hand matches and decides (line 22)" in text
        assert "elsewhere no: payer is client, not insurer (line 25)" in text
        assert "first-visit would match too, but something before it has decided (line 28)" in text
        assert "process manual rule by-hand, line 24" in text
        assert "invoice.due_in 14d default" in text
    unknown = written("table", simulate(record("bk-1", first_visit=None)), explain=True, width=200)
    assert "cannot be settled: first_visit is not known, it wants true (line 28)" in unknown


# ---- changes


def test_table_of_changes_shows_before_and_after() -> None:
    after = CLINIC.replace("offset: 15m", "offset: 30m").replace("reminders: [7d]", "reminders: [7d, 9d]")
    found = changes(CLINIC, after, record("bk-1"), record("bk-2", session_type="free"))
    assert written("table", found).splitlines() == [
        "bk-1 · tern-clinic · Tue 1 Dec 2026 10:00–10:50 · talk",
        "  sends  Tue 1 Dec 11:05 → 11:20  invoice issued, link by sms + email",
        "         Tue 8 Dec 11:05 → 11:20  reminder 1 by sms + email if unpaid",
        "         + Thu 10 Dec 11:20  reminder 2 by sms + email if unpaid",
        "",
        "1 of 2 bookings changes: 1 keeps its outcome",
    ]


def test_changes_name_outcome_rule_price_and_terms() -> None:
    after = CLINIC.replace('price: "1250.00"', 'price: "1300.00"').replace("process: automatic", "process: manual")
    text = written("table", changes(CLINIC, after, record("bk-1")))
    assert "  outcome  ✓ automatic → ✎ draft" in text
    assert "  price    1250.00 NOK → 1300.00 NOK" in text
    assert "− Tue 1 Dec 11:05  invoice issued, link by sms + email" in text
    assert "1 of 1 booking changes: 1 from automatic to draft" in text
    terms = CLINIC + 'invoice: {due_in: 30d, vat_rate: "25", number_prefix: T-}\n'
    text = written("table", changes(CLINIC, terms, record("bk-1")))
    assert "  to pay by      15 Dec → 31 Dec" in text
    assert "  VAT            0 % (0.00 NOK) → 25 % (250.00 NOK)" in text
    assert "  number prefix  – → T-" in text


def test_changes_where_the_old_side_has_no_decision() -> None:
    other = CLINIC.replace("tern-clinic", "gull-clinic")
    plain = written("table", changes(other, CLINIC, record("bk-1")))
    assert "1 from not decided to automatic" in plain
    new = written("markdown", changes(other, CLINIC, record("bk-1")))
    assert "| outcome | not decided | ✓ automatic |" in new
    assert "| sends: invoice issued, link by sms + email | – | Tue 1 Dec 11:05 |" in new


def test_no_change_is_said() -> None:
    found = changes(CLINIC, CLINIC + "# a remark\n", record("bk-1"), record("bk-2"))
    assert written("table", found) == "0 of 2 bookings change\n"
    assert "**0 of 2 bookings change**" in written("markdown", found)
    assert written("json", found) == ""


def test_changes_beyond_the_limit_are_counted() -> None:
    after = CLINIC.replace("offset: 15m", "offset: 30m")
    found = changes(CLINIC, after, *(record(f"bk-{number}") for number in range(5)))
    text = written("table", found, limit=2)
    assert "3 changed bookings not shown; --format json and --format csv print them all" in text
    assert "5 of 5 bookings change: 5 keep their outcome" in text
    assert "bk-2" not in text


# ---- markdown


def test_markdown_has_totals_tables_and_weeks() -> None:
    lines = written("markdown", simulate(*ALL_OUTCOMES)).splitlines()
    assert lines[2] == "**8 bookings: 2 automatic, 2 drafts, 1 externally billed, 1 no charge, 2 undecided**"
    assert "- `tern-clinic` `unknown`: first_visit is not known, and the rule asks for it" in lines
    assert (
        "| `auto` | Tue 1 Dec 2026 10:00–10:50 | `talk` | 1250.00 NOK | ✓ automatic | defaults "
        "| link Tue 1 Dec 11:05 by sms + email<br>to pay by 15 Dec<br>reminder Tue 8 Dec |"
    ) in lines
    week = lines.index("**Week 49 · Mon 30 Nov – Sun 6 Dec 2026 · times in Europe/Oslo**")
    assert lines[week + 1 : week + 4] == [
        "",
        "- Tue 1 Dec",
        "  - 11:05 `auto` invoice issued, link by sms + email",
    ]


@given(st.text(alphabet="|`<>@&*_[]\\#~!-a:/. é漢", min_size=1, max_size=30).map(lambda text: f"x{text}x"))
def test_markdown_cells_cannot_be_broken(name: str) -> None:
    price = {"amount": "1.00", "currency": "NOK"}
    text = written("markdown", simulate(record("bk-1", session_type=name, price=price)))
    (row,) = (line for line in text.splitlines() if line.startswith("| `bk-1` |"))
    assert row.count("|") == 8
    cell = row.split(" | ")[2]
    assert re.fullmatch(r"`[^`|<>@&]+`|<code>(\w| |&#\d+;)+</code>", cell), cell


def test_markdown_mentions_nobody_and_makes_no_links() -> None:
    text = CLINIC.replace("Tern Clinic", "'@team *Tern* <b> #1 | www.tern.example https://tern.example'")
    heading = next(
        line
        for line in written("markdown", simulate(record("bk-1"), text=text)).splitlines()
        if line.startswith("### ")
    )
    assert not re.search(r"[@*<|]|(?<!&)#\d|www\.|://", heading.removeprefix("### "))
    assert "&#64;&#8203;team" in heading


@pytest.mark.parametrize("explain", [False, True])
def test_markdown_fits_a_comment_whatever_is_added(explain: bool) -> None:
    long_name = "長" * 100
    records = [
        record(f"bk-{number}-{'x' * 100}", session_type=long_name, first_visit=None if number % 3 else False)
        for number in range(600)
    ]
    text = written("markdown", simulate(*records), explain=explain)
    assert len(text.encode()) <= LONGEST
    shown = len(re.findall(r"^\| `bk-", text, re.MULTILINE))
    assert shown > 10
    assert f"{600 - shown} bookings not shown" in text
    assert "**600 bookings: " in text
    named = len(re.findall(r"^- `tern-clinic` `bk-", text, re.MULTILINE))
    assert MOST_NAMED <= named <= shown + MOST_NAMED


def test_markdown_shows_no_more_than_its_limit() -> None:
    text = written("markdown", simulate(*(record(f"bk-{number}") for number in range(5))), limit=2)
    assert len(re.findall(r"^\| `bk-", text, re.MULTILINE)) == 2
    assert "3 bookings not shown (3 automatic)" in text


def test_markdown_explanation_cannot_leave_its_block() -> None:
    odd = record("bk-1", session_type="a ``` b", price={"amount": "1.00", "currency": "NOK"})
    text = written("markdown", simulate(odd), explain=True)
    assert "````text\n" in text
    assert text.count("\n````\n") == 1
