"""The page of a document: complete in itself, escaped, nothing loaded from elsewhere."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

from payrules.adapters.documents.document import Document
from payrules.adapters.documents.page import page_of

_TEMPLATE = Path(__file__).parent / "document.html"


def html_of(document: Document) -> str:
    """The document as an HTML page. Whatever names hold is shown as it is, and never read as HTML."""
    return _template().render(page_of(document)._asdict())


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
