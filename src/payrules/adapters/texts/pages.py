"""The HTML of an email, made from its text: escaped, its link a link, nothing loaded from elsewhere."""

from functools import cache
from typing import NamedTuple

from jinja2 import Environment, Template

from payrules.adapters.texts.built_in_texts import page_template

_SCHEMES = ("https://", "http://")


class Page(NamedTuple):
    """What an email's page is made from. A paragraph that is the link alone becomes a button, where it has words."""

    language: str
    clinic_name: str
    subject: str
    text: str
    link: str
    button: str


def html_of(page: Page) -> str:
    """The page as HTML. Whatever stands in the text is shown as it is, and never read as HTML."""
    # Another scheme might be a script.
    link = page.link if page.link.startswith(_SCHEMES) else ""
    return _template().render(
        page._asdict(),
        link=link,
        paragraphs=page.text.split("\n\n"),
        pieces=lambda line: line.split(link) if link else [line],
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, keep_trailing_newline=True)
    return environment.from_string(page_template())
