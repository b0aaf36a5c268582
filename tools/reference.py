"""Writes docs/reference/*.md from what is the case: the table of codes, the schemas, the command line.

`python -m tools.reference` writes the pages; `--check` writes nothing, names the pages that have drifted, and
ends with exit code 1 if there are any.
"""

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
from tools import reference_settings

from payrules.domain.codes import CODES
from payrules.domain.events import EventType
from payrules.domain.lifecycle import SENTENCES, TABLE, Note, Refusal
from payrules.domain.record import BookingState
from payrules.entrypoints.cli import main as command_line
from payrules.entrypoints.exit_codes import MEANINGS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs/reference"
SAMPLE = "clinics/nordlys-psykologi.yaml"
SAMPLE_TESTS = "clinics/nordlys-psykologi.tests.yaml"

Json = dict[str, Any]

INLINE = 60
"""The longest example that stands in the line, and the longest pattern that is shown."""
WIDTH = 90

STAGES = {
    "PR0": "Reading files",
    "PR1": "YAML",
    "PR2": "Form: what the schema describes",
    "PR3": "Meaning: checks beyond the schema",
    "PR5": "Policy tests",
}


# ---- diagnostics.md


def diagnostics_page() -> str:
    """Every code with its page."""
    lines = [
        "# Diagnostics",
        "",
        "What `payrules validate` can find in a clinic file, and `payrules test` in a tests file. An **error** keeps",
        "the file from being used: as long as it has one, nothing of the file counts. A **warning** does not;",
        "`payrules validate --strict` takes warnings for errors. A code keeps its meaning for ever.",
        "",
        "`payrules explain CODE` shows a page in the terminal.",
    ]
    for prefix, stage in STAGES.items():
        lines += ["", f"## {stage}", "", "| code | severity | what is wrong |", "| --- | --- | --- |"]
        lines += [
            f"| [{code}](#{code.lower()}) | {row.severity} | {row.title} |"
            for code, row in CODES.items()
            if code.startswith(prefix)
        ]
    for code, row in CODES.items():
        lines += ["", f"## {code}", "", f"**{row.severity}: {row.title}**", "", row.page.rstrip("\n")]
    return written("src/payrules/domain/codes", lines)


# ---- clinic-file.md and booking.md


class Style(NamedTuple):
    """How values are written on a page: in the line, and as a block under a key (which may be empty)."""

    language: str
    inline: Callable[[Any], str]
    block: Callable[[str, Any], str]


def clinic_file_page() -> str:
    """Every key of the clinic file, and a whole file."""
    sample = (ROOT / SAMPLE).read_text(encoding="utf-8").rstrip("\n")
    page = SchemaPage("schema/clinic.v1.schema.json", Style("yaml", yaml_inline, yaml_block))
    return page.write("The clinic file", ["## A whole file", "", f"`{SAMPLE}`:", "", "```yaml", sample, "```"])


def tests_file_page() -> str:
    """Every key of the tests file, and a whole file."""
    sample = (ROOT / SAMPLE_TESTS).read_text(encoding="utf-8").rstrip("\n")
    page = SchemaPage("schema/tests.v1.schema.json", Style("yaml", yaml_inline, yaml_block))
    return page.write("The tests file", ["## A whole file", "", f"`{SAMPLE_TESTS}`:", "", "```yaml", sample, "```"])


def booking_page() -> str:
    """Every field of a booking, and a whole booking."""
    page = SchemaPage("schema/booking.v1.schema.json", Style("json", json_inline, json_block))
    whole = json_block("", page.schema["examples"][0])
    return page.write("A booking", ["## A whole booking", "", "```json", whole, "```"])


class SchemaPage:
    """A page that goes through a JSON Schema key by key."""

    def __init__(self, source: str, style: Style) -> None:
        self.source = source
        self.style = style
        self.schema: Json = json.loads((ROOT / source).read_text(encoding="utf-8"))
        self._documented: dict[str, str] = {}
        self._forms: list[str] = []

    def write(self, title: str, sample: list[str]) -> str:
        """The page: description, sample, the keys in a table, each key, the forms of values that keys take."""
        lines = [f"# {title}", "", self.schema["description"], "", *sample, "", "## Keys", ""]
        lines += ["| key | required | default | what |", "| --- | --- | --- | --- |"]
        for name, part in self.schema["properties"].items():
            resolved, _ = self._resolve(part)
            default = f"`{self.style.inline(resolved['default'])}`" if "default" in resolved else ""
            required = required_of(self.schema, name)
            lines.append(f"| [`{name}`](#{anchor(name)}) | {required} | {default} | {resolved['title']} |")
        lines.append("")
        lines += self._keys(self.schema, "")
        if self._forms:
            lines += ["## Forms of values", ""]
            for name in sorted(self._forms, key=self._title):
                lines += self._form(name)
        return written(self.source, lines)

    def _keys(self, parent: Json, path: str) -> Iterator[str]:
        for name, part in parent.get("properties", {}).items():
            yield from self._key(part, f"{path}.{name}".lstrip("."), required_of(parent, name))
        for mark, part in (("[]", parent.get("items")), (".<id>", parent.get("additionalProperties"))):
            if isinstance(part, dict) and "properties" in self._resolve(part)[0]:
                yield from self._key(part, path + mark, "")

    def _key(self, part: Json, path: str, required: str) -> Iterator[str]:
        level = "##" if re.fullmatch("[a-z_]+", path) else "###"
        # Anchors keep no brackets: without more words an item's heading would have its list's.
        yield f"{level} `{path}`" + (": each item" if path.endswith("[]") else "")
        yield ""
        definition = part.get("$ref")
        if definition in self._documented and not part.keys() - {"$ref"}:
            same = self._documented[definition]
            yield f"The same as [`{same}`](#{anchor(same)})."
            yield ""
            return
        if definition and not part.keys() - {"$ref", "default"}:
            self._documented[definition] = path
        resolved, form = self._resolve(part)
        yield resolved["description"]
        yield ""
        yield f"- **Value:** {self._value(resolved, form)}"
        if required:
            yield f"- **Required:** {required}"
        if "default" in resolved:
            yield f"- **Default:** `{self.style.inline(resolved['default'])}`"
        if not {"enum", "const"} & resolved.keys() and "boolean" not in resolved["type"]:
            yield from self._examples(path, resolved.get("examples", []))
        yield ""
        yield from self._keys(resolved, path)

    def _value(self, resolved: Json, form: str | None) -> str:
        """What a key takes, in words."""
        kinds = resolved["type"] if isinstance(resolved["type"], list) else [resolved["type"]]
        optional = " or `null`" if "null" in kinds and "enum" not in resolved else ""
        if form:
            return f"[{self._title(form)}](#{anchor(self._title(form))}){optional}"
        if "const" in resolved:
            return f"`{self.style.inline(resolved['const'])}`"
        if "enum" in resolved:
            return "one of " + ", ".join(f"`{self.style.inline(value)}`" for value in resolved["enum"])
        if "array" in kinds:
            item = self._value(*self._resolve(resolved["items"], item=True))
            return f"{item}, or a list of these" if "string" in kinds else f"a list{optional}; each item: {item}"
        if "object" in kinds:
            other = resolved.get("then", {}).get("const")
            return "a mapping" + (f", or `{other}`" if other else optional)
        named = {"boolean": "`true` or `false`", "integer": "a whole number"}.get(kinds[0])
        return (f"{named}, or `null`" if optional else named) if named else text_of(resolved) + optional

    def _examples(self, path: str, examples: list[Any]) -> Iterator[str]:
        short = [self.style.inline(value) for value in examples]
        if not examples:
            return
        if not any(isinstance(value, dict) for value in examples) and all(len(text) <= INLINE for text in short):
            yield f"- **Example{'' if len(short) == 1 else 's'}:** " + ", ".join(f"`{text}`" for text in short)
            return
        for value in examples:
            yield from ("", f"```{self.style.language}", self.style.block(path, value), "```")

    def _form(self, name: str) -> Iterator[str]:
        definition, _ = self._resolve(self.schema["$defs"][name])
        yield from (f"### {self._title(name)}", "", definition["description"], "")
        if len(definition["pattern"]) <= INLINE * 2:
            yield f"- **Pattern:** `{definition['pattern']}`"
        yield from self._examples("", definition["examples"])
        yield ""

    def _title(self, definition: str) -> str:
        return str(self.schema["$defs"][definition]["title"])

    def _resolve(self, part: Json, *, item: bool = False) -> tuple[Json, str | None]:
        """The part with what it refers to, its own words first, and the form of text that it only gives words to.

        An item of a list has no heading, so that its form is the place where its words stand.
        """
        form = None
        while "$ref" in part:
            name = part["$ref"].removeprefix("#/$defs/")
            target = self.schema["$defs"][name]
            if "pattern" in target and (item or "description" in part):
                form = name
                if name not in self._forms:
                    self._forms.append(name)
            part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
            if "$ref" in target:
                part["$ref"] = target["$ref"]
        return part, form


def required_of(parent: Json, name: str) -> str:
    """Whether a key is required: yes, no, or in which case."""
    if name in parent.get("required", []):
        return "yes"
    if name in parent.get("then", {}).get("required", []):
        [(other, case)] = parent["if"]["properties"].items()
        return f"where `{other}` is `{case['const']}`"
    return "no"


def text_of(resolved: Json) -> str:
    """A text, and its pattern where a person can read it."""
    pattern = resolved.get("pattern", "")
    return f"text of the form `{pattern}`" if 0 < len(pattern) <= INLINE else "text"


# ---- values as YAML and as JSON


PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/@+-]|:(?=\S))*(?<! )")
"""Text that means itself in YAML without quotation marks, but for `NOT_PLAIN`."""
NOT_PLAIN = re.compile(r"[0-9.]+|[0-9]{2}:[0-9]{2}|true|false|null", re.IGNORECASE)


def yaml_inline(value: Any) -> str:
    """A value in one line of YAML, as the clinic files write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {yaml_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(yaml_inline, value)) + "]"
    if isinstance(value, str) and PLAIN.fullmatch(value) and not NOT_PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def yaml_block(path: str, value: Any) -> str:
    """A value in YAML below the last key of its path, in as many lines as it needs."""
    name = path.rpartition(".")[2]
    if name.endswith("[]"):
        return "\n".join(yaml_lines([value]))
    return "\n".join(yaml_lines(value if not name or name.startswith("<") else {name: value}))


def yaml_lines(value: Any) -> Iterator[str]:
    """The lines of a mapping or list; what fits stands in one line."""
    parts = [("- ", item) for item in value] if isinstance(value, list) else [(f"{k}: ", v) for k, v in value.items()]
    for lead, item in parts:
        short = lead + yaml_inline(item)
        listed = [value[0]] if lead == "- " else item[:1] if isinstance(item, list) else []
        if len(short) <= WIDTH and not (listed and isinstance(listed[0], dict)):
            yield short
        elif lead == "- ":
            yield from (("- " if n == 0 else "  ") + line for n, line in enumerate(yaml_lines(item)))
        else:
            yield lead.rstrip()
            yield from ("  " + line for line in yaml_lines(item))


def json_inline(value: Any) -> str:
    """A value in one line of JSON."""
    return json.dumps(value, ensure_ascii=False)


def json_block(_path: str, value: Any) -> str:
    """A value in JSON, in as many lines as it needs."""
    short = json_inline(value)
    return short if len(short) <= WIDTH else json.dumps(value, ensure_ascii=False, indent=2)


# ---- command-line.md


def command_line_page() -> str:
    """Every command with its arguments, options and examples, and the exit codes."""
    lines = ["# The command line", "", *command_lines(command_line, "payrules")]
    lines += ["## Exit codes", "", "| code | meaning |", "| --- | --- |"]
    lines += [f"| {int(code)} | {meaning} |" for code, meaning in MEANINGS.items()]
    lines += ["", "Where several hold, 3 goes before 7, 7 before 4, and 4 before 5."]
    return written("src/payrules/entrypoints/cli.py", lines)


def command_lines(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[str]:
    """The part of a command, then those of the commands below it."""
    context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
    if parent is not None:
        yield from (f"## `{context.command_path}`", "")
    yield from (inspect.cleandoc(command.help or ""), "")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield from ("```text", usage, "```", "")
    for parameter in command.get_params(context):
        names, explained = parameter.get_help_record(context) or ("", "")
        if explained:
            yield f"- `{names}`: {explained}"
    yield ""
    # Commands of this project bring their examples in an attribute of their own.
    examples = getattr(command, "examples", ())
    if examples:
        yield from ("```console", *(f"$ {example}" for example in examples), "```", "")
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from command_lines(found, below, context)


# ---- lifecycle.md


DRAWING = """\
stateDiagram-v2
    [*] --> scheduled: automatic
    [*] --> draft: manual
    [*] --> unbilled: externally billed, no charge, undecided
    state "externally_billed, no_charge, undecided" as unbilled
    unbilled --> scheduled: facts, price, override
    unbilled --> draft: override
    scheduled --> draft: override
    draft --> scheduled: override
    scheduled --> unbilled: facts, price, override
    draft --> unbilled: facts, price, override
    scheduled --> stopped: no_show, charge
    draft --> stopped: no_show, charge
    stopped --> scheduled: override
    stopped --> draft: override
    stopped --> issued: invoice_issued
    scheduled --> issued: invoice_issued
    draft --> issued: invoice_issued
    scheduled --> paid: paid
    draft --> paid: paid
    stopped --> paid: paid
    issued --> paid: paid
    paid --> issued: refunded
    issued --> draft: credited
    paid --> draft: credited
    unbilled --> cancelled: cancelled
    scheduled --> cancelled: cancelled
    draft --> cancelled: cancelled
    stopped --> cancelled: cancelled
    issued --> cancelled: cancelled
    paid --> cancelled: cancelled
    cancelled --> scheduled: booked, replacing it"""


def lifecycle_page() -> str:
    """The diagram, every state with every event, the refusals and the notes."""
    lines = ["# The life of a booking", "", "```mermaid", *DRAWING.splitlines(), "```", ""]
    lines += [
        "An event from outside that is older than the last one applied of its kind is *stale*: it is recorded and",
        "changes nothing. Payments and refunds add up and are never stale.",
        "",
        "## Every state with every event",
        "",
    ]
    lines += ["| state | event | what follows |", "| --- | --- | --- |"]
    for state in BookingState:
        lines += [f"| `{state}` | `{kind}` | {entry_of(state, kind)} |" for kind in EventType]
    lines += ["", "## Refusals", "", "Each has a code for machines and a sentence.", ""]
    lines += ["| code | meaning |", "| --- | --- |"]
    lines += [f"| `{code}` | {sentence} |" for code, sentence in SENTENCES.items()]
    lines += ["", "## Notes", "", "What a person should know of a change that was made.", ""]
    lines += [f"- {note}" for note in Note]
    return written("src/payrules/domain/lifecycle/table.py", lines)


def entry_of(state: BookingState, kind: EventType) -> str:
    """What the table says of a pair: a refusal, or what its function says it does."""
    entry = TABLE[state, kind]
    if isinstance(entry, Refusal):
        return f"refused: `{entry}`"
    return re.sub(r"\s+", " ", inspect.cleandoc(entry.__doc__ or ""))


# ---- all pages


PAGES: dict[str, Callable[[], str]] = {
    "booking.md": booking_page,
    "clinic-file.md": clinic_file_page,
    "command-line.md": command_line_page,
    "diagnostics.md": diagnostics_page,
    "lifecycle.md": lifecycle_page,
    "settings.md": lambda: written(reference_settings.SOURCE, reference_settings.settings_lines()),
    "tests-file.md": tests_file_page,
}
"""Every generated page of docs/reference, and what writes it."""


def written(source: str, lines: list[str]) -> str:
    """A page with its lines, and a remark at the top on where it comes from."""
    remark = f"<!-- Written by tools/reference.py from {source}. Change that, then run `make docs`. -->"
    return "\n".join([remark, "", *lines]).rstrip("\n") + "\n"


def anchor(heading: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def drifted(folder: Path = FOLDER) -> list[str]:
    """The names of the pages that are missing or say something else than they should."""
    return [name for name, page in PAGES.items() if not is_up_to_date(folder / name, page())]


def is_up_to_date(path: Path, text: str) -> bool:
    """Whether a file holds exactly this text."""
    return path.is_file() and path.read_bytes() == text.encode()


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Write or check the pages; the exit code."""
    parser = argparse.ArgumentParser(prog="reference.py", description="Write the generated pages of docs/reference.")
    parser.add_argument("--check", action="store_true", help="write nothing, name what has drifted, exit code 1")
    options = parser.parse_args(arguments)
    names = drifted(folder)
    for name in names:
        if options.check:
            print(f"{name} has drifted; run `make docs`", file=sys.stderr)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(PAGES[name]().encode())
            print(f"wrote {name}")
    return 1 if options.check and names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
