"""Languages of policies, Cedar and Rego: who may do what is what they are made for, and rules fit into them, too."""

import json
from importlib import import_module
from importlib.util import find_spec

from benchmarks.peers import Facts, Matcher, literals, parts_of
from payrules.compiler.compile import Version
from payrules.domain.policy import TagCondition


def cedar_matcher(version: Version) -> Matcher | None:
    """Cedar knows no order: each rule is a policy that permits, and the first of those that did is the rule."""
    if find_spec("cedarpy") is None:
        return None
    cedar = import_module("cedarpy")
    texts = (
        " && ".join(parts_of(rule.when, _cedar_among, _cedar_tags, "||", "&&", "context."))
        for rule in version.policy.rules
    )
    policies = cedar.PolicySet.from_str(
        "\n".join(f"permit (principal, action, resource) when {{ {text} }};" for text in texts)
    )
    request = {"principal": 'Clinic::"one"', "action": 'Action::"book"', "resource": 'Booking::"one"'}

    def match(facts: Facts) -> int | None:
        reasons = cedar.is_authorized(request | {"context": facts}, policies, []).diagnostics.reasons
        # Policies are named by where they stand: policy0, policy1, …
        return min((int(name[6:]) for name in reasons), default=None)

    return match


def rego_matcher(version: Version) -> Matcher | None:
    """Rego in C++ (regopy): one rule with an `else` for each further one, compiled once.

    Rego has no "or" between conditions: a span of times across midnight would be a rule of its own. None has one.
    """
    if find_spec("regopy") is None:
        return None
    bodies = [
        "; ".join(parts_of(rule.when, _rego_among, _rego_tags, "", ";", "input.")) for rule in version.policy.rules
    ]
    ways = " else ".join(f":= {number} if {{ {body} }}" for number, body in enumerate(bodies))
    rego = import_module("regopy").Interpreter()
    rego.add_module("clinic", f"package clinic\nimport rego.v1\nrule {ways} else := {len(bodies)}\n")
    compiled = rego.build("data.clinic.rule")

    def match(facts: Facts) -> int | None:
        rego.set_input(facts)
        number = int(rego.query_bundle(compiled)[0][0])
        return None if number == len(bodies) else number

    return match


def _rego_among(name: str, values: str) -> str:
    return f"{name} in {values}"


def _rego_tags(name: str, condition: TagCondition) -> list[str]:
    some = [f"some tag in {name}", f"tag in {literals(condition.any_of)}"] if condition.any_of else []
    every = [f"{json.dumps(tag)} in {name}" for tag in sorted(condition.all_of)]
    none = [f"not {json.dumps(tag)} in {name}" for tag in sorted(condition.none_of)]
    return some + every + none


def _cedar_among(name: str, values: str) -> str:
    return f"{values}.contains({name})"


def _cedar_tags(name: str, condition: TagCondition) -> list[str]:
    some = [f"{name}.containsAny({literals(condition.any_of)})"] if condition.any_of else []
    every = [f"{name}.containsAll({literals(condition.all_of)})"] if condition.all_of else []
    none = [f"!{name}.containsAny({literals(condition.none_of)})"] if condition.none_of else []
    return some + every + none
