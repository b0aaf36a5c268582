"""`payrules init` as a newcomer uses it: in an empty folder, in one that has files, and with wrong options."""

import re
from pathlib import Path

import pytest
import yaml
from tests.acceptance.conftest import Run

from payrules import __version__

ROOT = Path(__file__).parents[2]
WRITTEN = [
    ".gitattributes",
    ".github/CODEOWNERS",
    ".github/workflows/payrules.yml",
    ".gitignore",
    ".pre-commit-config.yaml",
    "README.md",
    "clinics/first-clinic.tests.yaml",
    "clinics/first-clinic.yaml",
    "requirements.txt",
    "schema/clinic.v1.schema.json",
    "schema/tests.v1.schema.json",
]


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def told(output: str, word: str) -> list[str]:
    """The files of which a word is told."""
    return re.findall(rf"^{word} +(\S+)", output, re.MULTILINE)


def test_empty_folder_gets_all_that_a_repository_needs(run: Run, folder: Path) -> None:
    result = run("init")
    assert result.exit_code == 0
    assert told(result.output, "written") == files_in(folder) == WRITTEN
    assert result.output.partition("\n\n")[2] == (
        "Next:\n"
        "  git init\n"
        "  edit clinics/first-clinic.yaml and its tests, which are samples\n"
        "  payrules validate --strict && payrules test\n"
        "  pip install pre-commit && pre-commit install\n"
        "  git add . && git commit\n"
        ".github/CODEOWNERS has room for who approves changes; README.md tells the rest.\n"
    )


def test_what_it_wrote_is_valid_and_passes_its_tests(run: Run, folder: Path) -> None:
    run("init")
    result = run("validate", "--strict")
    assert (result.exit_code, result.stdout) == (0, "1 clinic file: no errors\n")
    result = run("test", "--min-coverage", "100")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "options",
    [
        ("--country", "GB"),
        ("--country", "US", "--timezone", "America/Denver"),
        ("--country", "JP"),
        ("--country", "DE"),
        ("--country", "IN", "--language", "en"),
        ("--country", "AU", "--timezone", "Australia/Lord_Howe", "--clinic", "42"),
        ("--country", "FI", "--language", "sv", "--currency", "SEK"),
        ("--country", "BG", "--currency", "EUR"),
    ],
    ids=" ".join,
)
def test_so_it_does_elsewhere(run: Run, folder: Path, options: tuple[str, ...]) -> None:
    assert run("init", *options).exit_code == 0
    assert run("validate", "--strict").exit_code == 0
    result = run("test")
    assert result.exit_code == 0, result.output


def test_options_stand_in_the_file(run: Run, folder: Path) -> None:
    run("init", "--clinic", "harbour-physio", "--country", "GB")
    file = yaml.safe_load((folder / "clinics/harbour-physio.yaml").read_text(encoding="utf-8"))
    assert (file["clinic"], file["name"]) == ("harbour-physio", "Harbour Physio")
    assert (file["country"], file["timezone"], file["currency"], file["language"]) == (
        *("GB", "Europe/London", "GBP", "en"),
    )


def test_what_is_there_is_kept(run: Run, folder: Path) -> None:
    (folder / "README.md").write_text("ours\n", encoding="utf-8")
    first = run("init")
    assert told(first.output, "kept") == ["README.md"]
    assert (folder / "README.md").read_text(encoding="utf-8") == "ours\n"
    before = {name: (folder / name).read_bytes() for name in WRITTEN}
    again = run("init")
    assert (again.exit_code, told(again.output, "written")) == (0, [])
    assert again.output.endswith("\n\nNothing was missing.\n")
    assert {name: (folder / name).read_bytes() for name in WRITTEN} == before


def test_a_repository_that_has_clinics_gets_no_sample_unless_it_asks(run: Run, folder: Path) -> None:
    run("init", "--clinic", "fjord-fysio")
    (folder / ".gitignore").unlink()
    result = run("init")
    assert told(result.output, "written") == [".gitignore"]
    result = run("init", "--clinic", "south")
    assert told(result.output, "written") == ["clinics/south.tests.yaml", "clinics/south.yaml"]
    assert run("validate", "--strict").exit_code == 0


def test_a_clinic_that_is_there_gets_no_tests_of_another(run: Run, folder: Path) -> None:
    (folder / "clinics").mkdir()
    (folder / "clinics/south.yaml").write_text("ours\n", encoding="utf-8")
    result = run("init", "--clinic", "south")
    assert told(result.output, "kept") == ["clinics/south.yaml"]
    assert files_in(folder / "clinics") == ["south.yaml"]


def test_a_schema_of_another_version_is_kept_and_said_so(run: Run, folder: Path) -> None:
    run("init")
    (folder / "schema/clinic.v1.schema.json").write_text("{}", encoding="utf-8")
    output = run("init").output.splitlines()
    other = f"(payrules {__version__} has another one: remove it, and run init again)"
    assert f"kept     schema/clinic.v1.schema.json  {other}" in output
    assert "kept     schema/tests.v1.schema.json" in output


def test_a_kept_file_that_lacks_payrules_is_said_so(run: Run, folder: Path) -> None:
    for name in ("requirements.txt", ".pre-commit-config.yaml"):
        (folder / name).write_text("ours\n", encoding="utf-8")
    (folder / "README.md").mkdir()
    output = run("init").output.splitlines()
    missing = "(payrules is missing there: init in an empty folder shows what to add)"
    assert [line for line in output if line.startswith("kept")] == [
        f"kept     .pre-commit-config.yaml  {missing}",
        "kept     README.md",
        f"kept     requirements.txt  {missing}",
    ]


def test_another_folder_is_made(run: Run, folder: Path) -> None:
    result = run("init", "our clinics/all")
    assert result.exit_code == 0
    assert files_in(folder / "our clinics/all") == WRITTEN
    assert "Next:\n  cd 'our clinics/all'\n  git init\n" in result.output


def test_inside_a_repository_it_tells_what_counts_at_the_top_alone(run: Run, folder: Path) -> None:
    (folder / ".git").mkdir()
    assert "git init" not in run("init").output
    output = run("init", "below").output
    assert "git init" not in output
    assert f"This folder lies inside the repository {folder}: " in output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--clinic", "../out"), "--clinic: `../out` is no name of a clinic"),
        (("--clinic", "Fjord"), "--clinic: `Fjord` is no name of a clinic"),
        (("--clinic", "a" * 64), "is no name of a clinic"),
        (("--clinic", ""), "is no name of a clinic"),
        (("--country", "UK"), "--country: unknown country `UK`; did you mean `GB`?"),
        (("--country", ""), "--country: "),
        (("--country", "US"), "--country: `US` has 29 time zones: say which by --timezone (America/New_York, "),
        (("--country", "AQ"), "--country: `AQ` has "),
        (("--country", "AQ", "--timezone", "Antarctica/Troll"), "--currency: it is not known for `AQ`: say which"),
        (("--timezone", "Europe/Olso"), "--timezone: unknown time zone `Europe/Olso`; did you mean `Europe/Oslo`?"),
        (("--currency", "NKR"), "--currency: unknown currency `NKR`; did you mean `NOK`?"),
        (("--language", "norsk bokmål"), "--language: `norsk bokmål` is not a language code"),
    ],
)
def test_wrong_option_is_a_usage_error_and_writes_nothing(
    run: Run, folder: Path, options: tuple[str, ...], message: str
) -> None:
    result = run("init", "new", *options)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert list(folder.iterdir()) == []


def test_where_it_cannot_write_it_fails(run: Run, folder: Path) -> None:
    (folder / "new").write_text("mine", encoding="utf-8")
    result = run("init", "new")
    assert result.exit_code == 1
    assert result.stderr == f"error: {folder / 'new'} is in the way: it is no folder; nothing was written\n"


def test_hooks_are_those_of_this_repository_at_one_version(run: Run, folder: Path) -> None:
    run("init")
    (source,) = yaml.safe_load((folder / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    pin = f"payrules=={__version__}"
    assert pin in (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert source["repo"] == "local"
    assert all(hook.pop("additional_dependencies") == [pin] for hook in source["hooks"])
    # CI takes warnings for errors, so the hook does, too.
    assert source["hooks"][0].pop("entry") == f"{offered[0].pop('entry')} --strict"
    assert source["hooks"] == [{key: hook[key] for key in hook if key != "description"} for hook in offered]


def test_hooks_take_clinic_files_and_what_they_run_passes(run: Run, folder: Path) -> None:
    run("init")
    validate, test = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    files = [name for name in files_in(folder) if re.search(validate["files"], name)]
    assert files == ["clinics/first-clinic.tests.yaml", "clinics/first-clinic.yaml"]
    clinic_files = [name for name in files if not re.search(validate["exclude"], name)]
    assert clinic_files == ["clinics/first-clinic.yaml"]
    assert run(*validate["entry"].split()[1:], "--strict", *clinic_files).exit_code == 0
    assert test["files"] == validate["files"]
    assert test["pass_filenames"] is False
    assert run(*test["entry"].split()[1:]).exit_code == 0
