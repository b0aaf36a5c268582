"""Templates of messages: a small part of Jinja2 that cannot fail when a message is due.

A text may hold variables of a closed list and `{% if %}`, in which `reminder` alone can be compared. Nothing else of
the language is let in, so every way through a text is known when the file is validated, and all of them are tried.
"""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import product
from typing import Any, NamedTuple

from payrules.compiler.findings import did_you_mean, listed

VARIABLES = ("clinic_name", "name", "amount", "due_on", "invoice_number", "starts_at", "link", "reminder")
"""All that a text can name."""
OPTIONAL = ("name", "due_on", "invoice_number")
"""Those that may be missing: then they are false, and nothing is shown for them."""
MOST_REMINDERS = 20

_MOST_NESTED = 20
_MOST_COMPILED = 1024
_KNOWN = f"known here: {listed(VARIABLES)}"
_ONLY_THESE = "use variables and `{% if %}` alone"
# Of a private area, so that no text has them.
_LINK, _GAP = "\ue000", "\ue001"
_TAGS = ("if", "elif", "else", "endif")
_CASES_NAMED = {"name": "a name", "due_on": "a due date", "invoice_number": "an invoice number"}
_CALCULATIONS = ("Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow", "Neg", "Pos", "Concat")
_NAMED = {
    **dict.fromkeys(_CALCULATIONS, "a calculation"),
    "For": "a loop",
    "Filter": "a filter",
    "FilterBlock": "a filter",
    "Call": "a call",
    "Test": "`is`",
    "Getattr": "a part of a variable",
    "Getitem": "a part of a variable",
    "Assign": "`set`",
    "AssignBlock": "`set`",
    "Include": "another template",
    "Import": "another template",
    "FromImport": "another template",
    "Extends": "another template",
}


class TextFault(NamedTuple):
    """What is wrong with a text: the code of a diagnostic, the words, and what to do."""

    code: str
    message: str
    help: str


class _Missing:
    """An optional variable without a value, which leaves a mark where it is shown."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"{_GAP}{self.name}{_GAP}"


def render(template: str, values: Mapping[str, object]) -> str:
    """A text with its variables filled in. `values` has all of `VARIABLES`; a missing one is an empty text.

    The template must be one that `faults_of` finds nothing in.
    """
    rendered: str = _compiled(template).render(values)
    return rendered


def faults_of(template: str, *, is_reminder: bool, needs_link: bool) -> list[TextFault]:
    """What is wrong with a text of a clinic. Never raises, whatever the text."""
    from jinja2 import TemplateSyntaxError

    try:
        tree = _environment().parse(template)
    except TemplateSyntaxError as error:
        return [_unreadable(str(error.message), _line(template, error.lineno))]
    except (RecursionError, ValueError, OverflowError):
        # Thousands of parentheses, or of digits.
        return [_unreadable("", "")]
    found = list(_forbidden(template, tree))
    return found or list(_failing(template, tree, is_reminder=is_reminder, needs_link=needs_link))


@cache
def _environment() -> Any:
    # Imported here: most clinics have no texts of their own, and most commands start without it.
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # The texts are plain; the HTML of an email is made from them, and escaped there.
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@lru_cache(maxsize=_MOST_COMPILED)
def _compiled(template: str) -> Any:
    return _environment().from_string(template)


def _line(template: str, number: int) -> str:
    return f" in line {number} of the text" if "\n" in template.strip() else ""


def _unreadable(problem: str, where: str) -> TextFault:
    help = "write `{{ name }}` for a variable, and `{% if name %} … {% endif %}` around what depends on one"
    if problem.startswith("Encountered unknown tag"):
        tag = problem.split("'")[1]
        if tag in _TAGS:
            return TextFault("PR320", f"`{tag}` stands here without an `if`{where}", help)
        return TextFault("PR320", f"unknown tag `{tag}`{where}", did_you_mean(tag, _TAGS) or help)
    if problem.startswith("Unexpected end of template"):
        return TextFault("PR320", f"a tag is not closed{where}", "write `{% endif %}` where the part ends")
    return TextFault("PR320", f"the braces and what stands in them cannot be read{where}", help)


def _forbidden(template: str, tree: Any) -> Iterator[TextFault]:
    """PR321 and PR322: what a text may not hold, in the order of the text."""
    waiting: list[tuple[Any, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        kind, where = type(node).__name__, _line(template, node.lineno)
        if depth > _MOST_NESTED:
            yield TextFault("PR321", f"nested more than {_MOST_NESTED} levels deep{where}", "make the text simpler")
            return
        if kind == "Name" and node.name not in VARIABLES:
            help = did_you_mean(node.name, VARIABLES) or _KNOWN
            yield TextFault("PR322", f"unknown variable `{node.name[:60]}`{where}", help)
        elif kind == "Compare":
            if not all(_compares(side) for side in (node.expr, *(operand.expr for operand in node.ops))) or any(
                operand.op in ("in", "notin") for operand in node.ops
            ):
                help = f"write for example `{{% if reminder > 1 %}}`; a number up to {MOST_REMINDERS}"
                yield TextFault("PR321", f"only `reminder` can be compared, and with a number alone{where}", help)
        elif kind == "Const" and isinstance(node.value, float):
            yield TextFault("PR321", f"a number with decimals may not stand in a text{where}", _ONLY_THESE)
        elif kind in ("Template", "Output", "TemplateData", "Name", "If", "CondExpr", "Not", "And", "Or", "Const"):
            waiting += [(child, depth + 1) for child in reversed(list(node.iter_child_nodes()))]
        else:
            yield TextFault("PR321", f"{_NAMED.get(kind, 'this')} may not stand in a text{where}", _ONLY_THESE)


def _compares(node: Any) -> bool:
    if type(node).__name__ == "Name":
        return bool(node.name == "reminder")
    return type(node).__name__ == "Const" and type(node.value) is int and 0 <= node.value <= MOST_REMINDERS


def _failing(template: str, tree: Any, *, is_reminder: bool, needs_link: bool) -> Iterator[TextFault]:
    """PR323, PR324 and PR326: what comes out in one of the cases, each told once."""
    from jinja2 import nodes

    shown: set[str] = set()
    used = {node.name for node in tree.find_all(nodes.Name)}
    for case in _cases(used, is_reminder=is_reminder):
        text = render(template, case)
        missing = [name for name in OPTIONAL if name in used and not case[name]]
        # The mark encloses the name.
        bare = text.split(_GAP)[1::2]
        if bare and "PR324" not in shown:
            shown.add("PR324")
            help = f"put what depends on it between `{{% if {bare[0]} %}}` and `{{% endif %}}`"
            yield TextFault("PR324", f"`{bare[0]}` can be missing, and the text shows it all the same", help)
        when = _when(missing, case["reminder"] if "reminder" in used else None)
        if needs_link and _LINK not in text and "PR323" not in shown:
            shown.add("PR323")
            help = "write `{{ link }}` where every client gets it: without it nobody can pay"
            yield TextFault("PR323", f"the text has no payment link{when}", help)
        if not text.strip() and "PR326" not in shown:
            shown.add("PR326")
            yield TextFault("PR326", f"nothing is left of the text{when}", "write what holds in every case")


def _cases(used: set[str], *, is_reminder: bool) -> Iterator[dict[str, Any]]:
    """Values for every way through a text: with and without what may be missing, at every reminder."""
    fixed = {name: name for name in VARIABLES} | {"link": _LINK}
    numbers = range(1, MOST_REMINDERS + 2) if "reminder" in used else range(1, 2)
    choices = [(name, _Missing(name)) if name in used else (name,) for name in OPTIONAL]
    for *given, number in product(*choices, numbers if is_reminder else (0,)):
        yield fixed | dict(zip(OPTIONAL, given, strict=True)) | {"reminder": number}


def _when(missing: list[str], reminder: int | None) -> str:
    """The case in words, such as ` without a name`; empty for the plain one."""
    words = [f"without {_CASES_NAMED[name]}" for name in missing]
    words += [f"at reminder {reminder}"] if reminder else []
    return f" {' and '.join(words)}" if words else ""
