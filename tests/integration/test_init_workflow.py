"""The workflow that `payrules init` writes: well formed, with few rights, and its shell steps run in a real repository.

A small program stands in for GitHub's `gh`; all else is real: git, bash and payrules.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from payrules.adapters.new_repository.content import common_files

WORKFLOW = ".github/workflows/payrules.yml"
MARK = "<!-- payrules plan -->"
BOT = "github-actions[bot]"
NUMBER = "7"

# Answers as `gh api` does, out of a file of comments: [id, author, body].
GH = f"""\
#!{sys.executable}
import json, pathlib, sys
state = pathlib.Path(__file__).with_name("comments.json")
comments = json.loads(state.read_text())
command, *rest = sys.argv[1:]
assert command == "api"
options = {{}}
while rest:
    word = rest.pop(0)
    if word in ("--paginate", "--silent"):
        options[word] = True
    elif word in ("--jq", "--method", "--field"):
        options[word] = rest.pop(0)
    else:
        path = word
if "--method" not in options:
    assert path == "repos/org/clinics/issues/{NUMBER}/comments"
    assert options["--paginate"]
    for word in ('.user.login == "{BOT}"', 'startswith("{MARK}")'):
        assert word in options["--jq"]
    for number, author, body in comments:
        if author == "{BOT}" and body.startswith("{MARK}"):
            print(number)
else:
    name, _, file = options["--field"].partition("=@")
    assert name == "body"
    body = pathlib.Path(file).read_text(encoding="utf-8")
    if options["--method"] == "POST":
        assert path == "repos/org/clinics/issues/{NUMBER}/comments"
        comments.append([len(comments) + 1, "{BOT}", body])
    else:
        assert options["--method"] == "PATCH"
        (comment,) = [one for one in comments if path == f"repos/org/clinics/issues/comments/{{one[0]}}"]
        comment[2] = body
    state.write_text(json.dumps(comments))
"""


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    """The workflow, every scalar as text: YAML 1.1 would take the key `on` for true."""
    loaded = yaml.load(common_files("1.2.3")[WORKFLOW], Loader=yaml.BaseLoader)  # noqa: S506  # makes texts alone
    assert isinstance(loaded, dict)
    return loaded


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


# ---- its form


def test_workflow_has_the_keys_that_github_knows(workflow: dict[str, Any]) -> None:
    assert set(workflow) == {"name", "on", "permissions", "concurrency", "defaults", "jobs"}
    # Never pull_request_target, which would run a stranger's files with rights to write.
    assert set(workflow["on"]) == {"pull_request", "push"}
    for job in workflow["jobs"].values():
        assert set(job) <= {"if", "runs-on", "timeout-minutes", "permissions", "steps"}
    for step in steps_of(workflow):
        assert set(step) <= {"name", "if", "uses", "with", "env", "run"}
        assert ("uses" in step) != ("run" in step)


def test_rights_are_as_few_as_can_be(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "check": {"contents": "read"},
        "plan": {"contents": "read", "pull-requests": "write"},
    }
    # The token is given to the one step that needs it.
    assert [step["name"] for step in steps_of(workflow) if "github.token" in json.dumps(step)] == ["Comment"]


def test_actions_are_pinned_and_a_plan_sees_the_whole_history(workflow: dict[str, Any]) -> None:
    used = [step for step in steps_of(workflow) if "uses" in step]
    assert all(re.fullmatch(r"actions/(checkout|setup-python)@v\d+", step["uses"]) for step in used)
    checkouts = [step["with"] for step in used if "checkout" in step["uses"]]
    assert [options.get("fetch-depth") for options in checkouts] == [None, "0"]
    assert all(options["persist-credentials"] == "false" for options in checkouts)


def test_no_expression_stands_in_a_shell_step(workflow: dict[str, Any]) -> None:
    scripts = [step["run"] for step in steps_of(workflow) if "run" in step]
    assert len(scripts) == 6
    assert not any("${{" in script for script in scripts)
    # What reaches a step by its environment is a number and a token, never a text that somebody wrote.
    given = [step["env"] for step in steps_of(workflow) if "env" in step]
    assert given == [
        {"GH_TOKEN": "${{ github.token }}", "PULL_REQUEST": "${{ github.event.pull_request.number }}"},
    ]


def test_forks_are_not_asked_to_write(workflow: dict[str, Any]) -> None:
    comment = workflow["jobs"]["plan"]["steps"][-1]
    assert comment["if"] == (
        "github.event.pull_request.head.repo.full_name == github.repository && github.actor != 'dependabot[bot]'"
    )


# ---- its steps, run


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@payrules.example", "-c", "commit.gpgsign=false")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-C", str(folder), *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True, env=environment)


class Hosted:
    """A repository at a host, and the clone a workflow runs in, with the branch `change` merged into it."""

    def __init__(self, home: Path) -> None:
        self.origin, self.clone, self.programs = home / "origin", home / "clone", home / "programs"
        self.summary = home / "summary.md"
        self.programs.mkdir()
        (self.programs / "gh").write_text(GH, encoding="utf-8")
        (self.programs / "gh").chmod(0o755)
        self.comments([])
        subprocess.run([sys.executable, "-m", "payrules", "init", self.origin], check=True, capture_output=True)
        git(self.origin, "init", "-q", "-b", "main")
        git(self.origin, "add", ".")
        git(self.origin, "commit", "-qm", "first")
        git(self.origin, "checkout", "-q", "-b", "change")

    def comments(self, new: list[Any] | None = None) -> list[Any]:
        """The comments of the pull request, replaced by `new` if given."""
        file = self.programs / "comments.json"
        if new is not None:
            file.write_text(json.dumps(new), encoding="utf-8")
        found = json.loads(file.read_text(encoding="utf-8"))
        assert isinstance(found, list)
        return found

    def commit(self, path: str, old: str, new: str) -> None:
        """Change a file in the branch, and check out what GitHub does: the branch merged into the main one."""
        file = self.origin / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        git(self.origin, "commit", "-qam", "change")
        shutil.rmtree(self.clone, ignore_errors=True)
        git(self.origin.parent, "clone", "-q", str(self.origin), str(self.clone))
        git(self.clone, "checkout", "-q", "--detach", "origin/main")
        git(self.clone, "merge", "-q", "--no-ff", "-m", "merge", "origin/change")

    def run(self, workflow: dict[str, Any], *names: str) -> "subprocess.CompletedProcess[str]":
        """Run the steps of these names, as GitHub's runner does; the last result, which alone may be a failure."""
        scripts = {step["name"]: step["run"] for step in steps_of(workflow) if "run" in step}
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_"))}
        environment |= {
            "PATH": os.pathsep.join([str(self.programs), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "GITHUB_BASE_REF": "main",
            "GITHUB_REPOSITORY": "org/clinics",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "PULL_REQUEST": NUMBER,
            "PYTHONUTF8": "1",
        }
        *before, last = names
        for name in before:
            done = self._step(scripts[name], environment)
            assert done.returncode == 0, done.stderr
        return self._step(scripts[last], environment)

    def _step(self, script: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(
            command, cwd=self.clone, env=environment, capture_output=True, encoding="utf-8", check=False
        )


CLINIC_FILE = "clinics/first-clinic.yaml"


@pytest.fixture
def hosted(tmp_path: Path) -> Hosted:
    return Hosted(tmp_path)


def test_what_init_wrote_passes(hosted: Hosted, workflow: dict[str, Any]) -> None:
    hosted.commit("README.md", "# Clinic files", "# Our clinic files")
    done = hosted.run(workflow, "Validate", "Test")
    assert done.returncode == 0, done.stdout + done.stderr


def test_faults_are_shown_beside_their_lines(hosted: Hosted, workflow: dict[str, Any]) -> None:
    hosted.commit(CLINIC_FILE, "offset: 15m", "offset: 15 min")
    done = hosted.run(workflow, "Validate")
    assert done.returncode == 3
    assert done.stdout.startswith(f"::error file={CLINIC_FILE},line=27,col=11,endColumn=17,")


def test_a_change_that_its_tests_do_not_expect_fails(hosted: Hosted, workflow: dict[str, Any]) -> None:
    hosted.commit(CLINIC_FILE, "offset: 15m", "offset: 30m")
    done = hosted.run(workflow, "Validate", "Test")
    assert done.returncode == 4
    assert "::error file=clinics/first-clinic.tests.yaml,line=" in done.stdout


def test_one_comment_is_written_and_then_kept_up_to_date(hosted: Hosted, workflow: dict[str, Any]) -> None:
    others = [[1, "mallory", f"{MARK}\nmine"], [2, BOT, "another workflow's"]]
    hosted.comments(others)
    hosted.commit(CLINIC_FILE, "offset: 15m", "offset: 30m")
    done = hosted.run(workflow, "Plan", "Comment")
    assert done.returncode == 0, done.stderr
    *kept, (number, author, body) = hosted.comments()
    assert (kept, number, author) == (others, 3, BOT)
    assert body.startswith(f"{MARK}\n")
    assert "30m" in body
    assert hosted.summary.read_text(encoding="utf-8") == body
    hosted.commit(CLINIC_FILE, "offset: 30m", "offset: 45m")
    assert hosted.run(workflow, "Plan", "Comment").returncode == 0
    *kept, (number, _, body) = hosted.comments()
    assert (kept, number) == (others, 3)
    assert "45m" in body
    assert "30m" not in body


def test_a_file_with_errors_gets_its_plan_all_the_same(hosted: Hosted, workflow: dict[str, Any]) -> None:
    hosted.commit(CLINIC_FILE, "offset: 15m", "offset: 15 min")
    assert hosted.run(workflow, "Plan", "Comment").returncode == 0
    ((_, _, body),) = hosted.comments()
    assert "first-clinic" in body


def test_a_plan_that_fails_writes_no_comment(hosted: Hosted, workflow: dict[str, Any]) -> None:
    hosted.commit(CLINIC_FILE, "offset: 15m", "offset: 30m")
    git(hosted.clone, "update-ref", "-d", "refs/remotes/origin/main")
    done = hosted.run(workflow, "Plan")
    assert done.returncode == 1
    assert "origin/main" in done.stderr


def test_a_pull_request_about_other_things_gets_no_comment(hosted: Hosted, workflow: dict[str, Any]) -> None:
    hosted.commit("README.md", "# Clinic files", "# Our clinic files")
    done = hosted.run(workflow, "Plan", "Comment")
    assert done.returncode == 0, done.stderr
    assert hosted.comments() == []
    # A comment that is there is kept true.
    hosted.comments([[1, BOT, f"{MARK}\nof an earlier commit"]])
    assert hosted.run(workflow, "Plan", "Comment").returncode == 0
    ((_, _, body),) = hosted.comments()
    assert "of an earlier commit" not in body
