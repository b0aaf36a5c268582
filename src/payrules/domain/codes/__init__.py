"""The table of diagnostic codes: the one source of every code's title, severity and page.

A page is Markdown: what the code means, why it matters, an example that is wrong and one that is right. The
numbers say which stage found the fault: 0xx reading files, 1xx YAML, 2xx schema, 3xx checks of the meaning
(from 350 on warnings), 5xx tests files. A code keeps its meaning for ever; one that is dropped is not given out again.
"""

from payrules.domain.codes.checks import CHECKS
from payrules.domain.codes.messages import MESSAGES
from payrules.domain.codes.policy_tests import POLICY_TESTS
from payrules.domain.codes.reading import READING
from payrules.domain.codes.schema import SCHEMA
from payrules.domain.codes.suspicions import SUSPICIONS
from payrules.domain.codes.syntax import SYNTAX
from payrules.domain.diagnostics import Code

CODES: dict[str, Code] = {
    row.code: row for row in (*READING, *SYNTAX, *SCHEMA, *CHECKS, *MESSAGES, *SUSPICIONS, *POLICY_TESTS)
}
"""Every code, in the order of their numbers."""
