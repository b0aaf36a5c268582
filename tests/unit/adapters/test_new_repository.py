"""The files of a new repository: right for every country, and written nowhere else than they belong."""

import json
import re
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.builders import compile_text

from payrules.adapters.localities import locality_of
from payrules.adapters.new_repository.content import FirstClinic, clinic_file, common_files, policy_tests_file
from payrules.adapters.new_repository.placing import Placed, PlacingError, has_clinic_files, place
from payrules.compiler.countries import COUNTRIES

# Where a person has to say it: nobody lives there for good, or CLDR is slower than the world.
UNTOLD = {"AQ", "BV", "HM", "TF", "BG"}


# ---- what is in them


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_first_clinic_file_is_right_in_every_country(country: str) -> None:
    known = locality_of(country)
    if known.currency is None or known.language is None:
        assert country in UNTOLD
        return
    for timezone in known.timezones:
        first = FirstClinic("fjord-fysio", country, known.language, timezone, known.currency)
        compiled = compile_text(clinic_file(first), "clinics/fjord-fysio.yaml")
        assert compiled.diagnostics == ()


@pytest.mark.parametrize(
    ("country", "timezones", "currency", "language"),
    [
        ("NO", ("Europe/Oslo",), "NOK", "nb"),
        ("GB", ("Europe/London",), "GBP", "en"),
        ("IN", ("Asia/Kolkata",), "INR", "hi"),
        ("DE", ("Europe/Berlin",), "EUR", "de"),
        ("ES", ("Europe/Madrid", "Africa/Ceuta", "Atlantic/Canary"), "EUR", "es"),
    ],
)
def test_country_tells_the_rest(country: str, timezones: tuple[str, ...], currency: str, language: str) -> None:
    assert locality_of(country) == (timezones, currency, language)


@pytest.mark.parametrize("clinic", ["true", "null", "1e5", "007", "12-34", "a"])
def test_any_name_of_a_clinic_stays_text(clinic: str) -> None:
    first = FirstClinic(clinic, "NO", "no", "Europe/Oslo", "NOK")
    compiled = compile_text(clinic_file(first), f"clinics/{clinic}.yaml")
    assert compiled.diagnostics == ()
    assert compiled.version is not None
    assert compiled.version.policy.clinic == clinic
    assert yaml.safe_load(policy_tests_file(first))["clinic"] == clinic


def test_values_cannot_add_keys() -> None:
    first = FirstClinic("a", "NO\nmanual: {create_draft: false}", "nb", "Europe/Oslo", "NOK")
    (found,) = compile_text(clinic_file(first), "clinics/a.yaml").diagnostics
    assert found.location.pointer == "/country"


def test_nothing_is_left_to_fill_in() -> None:
    first = FirstClinic("a", "NO", "nb", "Europe/Oslo", "NOK")
    for text in (clinic_file(first), policy_tests_file(first), *common_files("1.2.3").values()):
        assert not re.search(r"<<\w+>>", text)


def test_schemas_are_those_of_the_package() -> None:
    files = common_files("1.2.3")
    for name in ("schema/clinic.v1.schema.json", "schema/tests.v1.schema.json"):
        assert json.loads(files[name])["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("write", [clinic_file, policy_tests_file])
def test_first_line_names_a_schema_that_is_there(write: Callable[[FirstClinic], str]) -> None:
    first_line = write(FirstClinic("a", "NO", "nb", "Europe/Oslo", "NOK")).splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=\.\./(.+)", first_line)
    assert found is not None
    assert found[1] in common_files("1.2.3")


# ---- writing them


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_files_are_written_and_then_kept(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deeper"
    assert place(folder, {"a/b.yaml": "å\n", "c": "1\n"}) == {"a/b.yaml": Placed.WRITTEN, "c": Placed.WRITTEN}
    assert (folder / "a/b.yaml").read_bytes() == "å\n".encode()
    (folder / "c").write_text("mine\n", encoding="utf-8")
    (folder / "a/b.yaml").unlink()
    assert place(folder, {"a/b.yaml": "2\n", "c": "2\n"}) == {"a/b.yaml": Placed.WRITTEN, "c": Placed.KEPT}
    assert (folder / "c").read_text(encoding="utf-8") == "mine\n"


def test_link_that_leads_nowhere_is_kept_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here/README.md").symlink_to("../elsewhere")
    assert place(tmp_path / "here", {"README.md": "x"}) == {"README.md": Placed.KEPT}
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_is_written_where_a_link_leads_out(tmp_path: Path) -> None:
    for name in ("here", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "here/.github").symlink_to("../elsewhere")
    with pytest.raises(PlacingError, match=r"\.github is a link that leads out of .*: nothing was written"):
        place(tmp_path / "here", {"README.md": "x", ".github/workflows/a.yml": "x"})
    assert names_in(tmp_path / "here") == [".github"]
    assert names_in(tmp_path / "elsewhere") == []


def test_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "clinics").symlink_to("real")
    assert place(tmp_path, {"clinics/a.yaml": "x"}) == {"clinics/a.yaml": Placed.WRITTEN}
    assert (tmp_path / "real/a.yaml").exists()


@pytest.mark.parametrize("name", ["schema/a.json", "schema/b/c.json"])
def test_a_file_in_the_way_is_told_before_anything_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "schema").write_text("mine", encoding="utf-8")
    with pytest.raises(PlacingError, match="schema is in the way: it is no folder"):
        place(tmp_path, {"README.md": "x", name: "x"})
    assert names_in(tmp_path) == ["schema"]


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(PlacingError, match="file is in the way"):
        place(tmp_path / "file", {"README.md": "x"})
    with pytest.raises(PlacingError, match=r"README\.md cannot be written: Not a directory"):
        place(tmp_path / "file" / "below", {"README.md": "x"})


def test_half_a_file_is_none(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(PlacingError, match=r"README\.md cannot be written: File too large"):
            place(tmp_path, {"README.md": "x" * 11})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names_in(tmp_path) == []


def test_clinic_files_are_found_below_the_folder(tmp_path: Path) -> None:
    assert not has_clinic_files(tmp_path / "nowhere")
    (tmp_path / "clinics/south").mkdir(parents=True)
    (tmp_path / "clinics/.gitkeep").touch()
    assert not has_clinic_files(tmp_path)
    (tmp_path / "clinics/south/a.yaml").touch()
    assert has_clinic_files(tmp_path)
