"""What people install: the wheel and the source archive hold all that payrules needs to run."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import payrules

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that sees neither the checkout nor the variables of this process's Python."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "PAYRULES"))}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def build(kind: str, source: Path, target: Path) -> Path:
    """Build a `wheel` or an `sdist` of `source` into `target`, without network or isolation."""
    result = run(sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", target, cwd=source)
    assert result.returncode == 0, result.stderr
    (built,) = target.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of an environment with the wheel, and this environment's other packages.

    A path added by a `.pth` file is not searched for further `.pth` files, so the editable install
    of the checkout cannot be seen from there.
    """
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    places = sysconfig.get_paths(vars={"base": str(home), "platbase": str(home)})
    (Path(places["purelib"]) / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    scripts = Path(places["scripts"])
    python = scripts / Path(sys.executable).name
    install: list[str | Path] = [
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        wheel,
    ]
    result = run(sys.executable, *install, cwd=home)
    assert result.returncode == 0, result.stderr
    return scripts


def contents(archive: Path) -> set[str]:
    """The files of a wheel, or of a source archive without its top folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            return set(opened.namelist())
    with tarfile.open(archive) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


def unpack(archive: Path, target: Path) -> None:
    """Write the files of a source archive; `extractall` is safe, or says so, on some versions of Python only."""
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            if content := opened.extractfile(member):
                path = target / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


def test_wheel_holds_the_package_its_schemas_and_its_licence(wheel: Path) -> None:
    held = contents(wheel)
    schemas = {f"payrules/schema/{path.name}" for path in (ROOT / "schema").glob("*.json")}
    modules = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    assert schemas
    assert schemas | modules | {"payrules/py.typed"} <= held
    assert f"payrules-{payrules.__version__}.dist-info/licenses/LICENSE" in held
    assert {name.partition("/")[0] for name in held} == {"payrules", f"payrules-{payrules.__version__}.dist-info"}


def test_sdist_holds_what_the_tests_need_and_gives_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    folders = {name.partition("/")[0] for name in contents(sdist)}
    assert {"clinics", "examples", "requirements", "schema", "src", "tests"} <= folders
    unpack(sdist, tmp_path)
    (unpacked,) = tmp_path.iterdir()
    again = build("wheel", unpacked, tmp_path / "again")
    assert contents(again) == contents(wheel)


def test_installed_wheel_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    code = "import payrules; print(payrules.__file__)"
    result = run(installed / "python", "-c", code, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).is_relative_to(installed.parent)


def test_installed_wheel_tells_its_version(installed: Path, tmp_path: Path) -> None:
    for command in ([installed / "payrules"], [installed / "python", "-m", "payrules"]):
        result = run(*command, "--version", cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert payrules.__version__ in result.stdout


def test_installed_wheel_finds_its_schema(installed: Path, tmp_path: Path) -> None:
    clinic_file = min((ROOT / "clinics").glob("*.yaml"))
    result = run(installed / "python", "-m", "payrules", "validate", clinic_file, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_installed_wheel_refuses_what_the_schema_refuses(installed: Path, tmp_path: Path) -> None:
    clinic_file = tmp_path / "broken.yaml"
    clinic_file.write_text("payrules: 1\nclinic: broken\nunknown_key: 1\n", encoding="utf-8")
    result = run(installed / "payrules", "validate", clinic_file, cwd=tmp_path)
    assert result.returncode == 3, result.stdout + result.stderr
    assert "PR201" in result.stdout + result.stderr


def test_installed_wheel_begins_a_repository(installed: Path, tmp_path: Path) -> None:
    for folder, command in ((".", ["init", "new"]), ("new", ["validate", "--strict"]), ("new", ["test"])):
        result = run(installed / "payrules", *command, cwd=tmp_path / folder)
        assert result.returncode == 0, result.stdout + result.stderr
