"""The check of every log line of the test run notices what it is there for."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TELLING = """
import io, logging, subprocess, sys
import click
from click.testing import CliRunner
from payrules.adapters.logs import open_log, pass_on_libraries

@click.command()
def command():
    click.echo("+44 7700 900123", err=True)

def test_event():
    open_log(io.StringIO()).warning("activated", clinic="Zebulon Quist")

def test_library():
    logging.getLogger("some.library").warning("no such user: %s", "other-17@client.example")

def test_exception_of_a_library():
    try:
        raise ValueError("990 00 017")
    except ValueError:
        logging.getLogger("some.library").exception("it failed")

def test_command():
    assert CliRunner().invoke(command, []).exit_code == 0

def test_process():
    subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('+4799' + '000018')"], stderr=subprocess.PIPE)

def test_process_with_a_file(tmp_path):
    with (tmp_path / "log").open("w") as log:
        subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('a' + '@client.example')"], stderr=log)

def test_process_that_shares_standard_error():
    subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('b' + '@client.example')"])

def test_of_nobody():
    log = open_log(io.StringIO())
    undo = pass_on_libraries(log)
    logging.getLogger("some.library").warning("row of Zebulon Quist")
    undo()
    log.tell("activated", store="postgresql://payrules@db.example/x", digest="sha256:a47990001230")
    log.tell("activated", name="Zebulon Quist")
    print("Zebulon Quist, +44 7700 900123")
"""


def test_whoever_names_a_client_fails(tmp_path: Path) -> None:
    (tmp_path / "test_telling.py").write_text(TELLING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.log_lines", "-p", "no:cacheprovider", "--tb=short"]
    ran = subprocess.run(
        [*command, "test_telling.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert "8 passed, 7 errors" in ran.stdout, ran.stdout
    told = re.findall(r"^(log event '.*'|logger '.*'|standard error).* tells .* of a client", ran.stdout, re.MULTILINE)
    assert told == ["log event 'activated'", *["logger 'some.library'"] * 2, *["standard error"] * 4]
