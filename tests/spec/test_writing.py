"""What `init` writes, the schema for its editor, and services appended to a file with its comments kept."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from opsdeck import spec
from opsdeck.errors import OpsdeckError, UsageError

ROOT = Path(__file__).parents[2]
DEFAULTS = sorted(Path(spec.__file__).with_name("defaults").glob("*.yaml"))


class Loader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: a date is a text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def refusals(text: str) -> list[str]:
    validator = Draft202012Validator(spec.schema())
    return [error.json_path for error in validator.iter_errors(yaml.load(text, Loader))]


def test_the_text_to_edit_is_good_and_changes_nothing(tmp_path: Path, shipped: spec.Spec) -> None:
    path = tmp_path / "operations.yaml"
    path.write_text(spec.text())
    assert spec.problems(path) == ()
    assert spec.diff(shipped, spec.load(path)) == []


def test_the_text_points_editors_at_the_schema_beside_it() -> None:
    assert spec.text().startswith(f"# yaml-language-server: $schema={spec.SCHEMA_FILE}\n")


def test_the_text_names_no_address_but_examples() -> None:
    addresses = [word for word in spec.text().split() if "://" in word]
    assert addresses == ["https://example.com/hook"]


def test_the_text_is_short_and_mentions_every_inherited_thing_an_owner_sets_first() -> None:
    text = spec.text()
    assert len(text.splitlines()) < 70
    for key in ("contacts:", "calendar:", "channels:", "alerts:", "services:", "unjucks-cli:", "terraform:"):
        assert key in text


def test_the_commented_examples_of_the_text_are_good_too(tmp_path: Path) -> None:
    head, _, body = spec.text().partition("spec: 1")
    prose = ("# Who", "# Business", "# Where", "# Rules", "# What")
    lines = [
        line if line.startswith(prose) else line.replace("# ", "", 1)
        for line in body.splitlines()
        if line.strip() != "unjucks-cli:"
    ]
    path = tmp_path / "operations.yaml"
    path.write_text("\n".join(["spec: 1", *lines]))
    assert spec.problems(path) == ()
    assert spec.load(path).service("terraform").success_exit_codes == {0, 2}
    assert head


def test_the_committed_schema_is_the_one_that_is_written() -> None:
    committed = json.loads((ROOT / "docs" / "operations.schema.json").read_text())
    assert committed == spec.schema()


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(spec.schema())


@pytest.mark.parametrize("path", DEFAULTS, ids=[path.name for path in DEFAULTS])
def test_the_shipped_defaults_follow_the_schema(path: Path) -> None:
    assert refusals(path.read_text()) == []


def test_the_text_and_the_example_follow_the_schema() -> None:
    assert refusals(spec.text()) == []
    assert refusals((ROOT / "examples" / "accelerated" / "operations.yaml").read_text()) == []


SCHEMA: dict[str, tuple[str, bool]] = {
    "nothing is required": ("alerts: {service_down: {severity: high}}", True),
    "off is legal in place of an entry": ("alerts: {service_down: off}", True),
    "an entry may be left empty": ("services: {unjucks-cli: }", True),
    "a section may be left empty": ("services:", True),
    "an unknown section is not": ("bogus: 1", False),
    "an unknown key is not": ("alerts: {service_down: {bogus: 1}}", False),
    "a third tier is not": ("alerts: {service_down: {tier: 3}}", False),
    "an unknown severity is not": ("alerts: {service_down: {severity: grave}}", False),
    "a name with a space is not": ("services: {my tool: {}}", False),
}


@pytest.mark.parametrize("sentence", SCHEMA)
def test_in_the_schema(sentence: str) -> None:
    text, legal = SCHEMA[sentence]
    assert (refusals(text) == []) == legal


def test_every_phrase_of_the_schema_shows_an_example() -> None:
    every = spec.schema()["$defs"]["Evaluation"]["properties"]["every"]
    assert every["examples"] == ["5 minutes", "200ms", "7 years"]
    assert every["description"] == "A duration."


# ---- services appended ----------------------------------------------------------------------------------------------

BEFORE = """\
# our deck
services: # what we run
  # the first one
  unjucks-cli:
    title: unjucks
    # a note inside
  # a note behind

calendar:
  zone: UTC
"""
AFTER = """\
# our deck
services: # what we run
  # the first one
  unjucks-cli:
    title: unjucks
    # a note inside
  # a note behind
  terraform:
    title: "Terraform"

calendar:
  zone: UTC
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    one = tmp_path / "operations.yaml"
    one.write_text(BEFORE)
    return one


def test_a_service_is_appended_and_every_comment_stays(path: Path) -> None:
    spec.add_service(path, "terraform", "Terraform")
    assert path.read_text() == AFTER
    assert spec.load(path).service("terraform").title == "Terraform"


def test_without_a_title_the_name_is_the_title(path: Path) -> None:
    spec.add_service(path, "kubectl")
    assert spec.load(path).service("kubectl").title == "kubectl"


def test_a_title_is_one_text_whatever_it_holds(path: Path) -> None:
    spec.add_service(path, "terraform", 'It\'s: "x" # ä\n- y')
    assert spec.load(path).service("terraform").title == 'It\'s: "x" # ä\n- y'


PLACES: dict[str, str] = {
    "a file without services": "spec: 1\n",
    "an empty file": "",
    "a file whose last line has no end": "spec: 1\nservices:\n  a: {}",
    "services with nothing below": "services:\ncalendar: {zone: UTC}\n",
    "services that are all comments": "services:\n  # a: {}\ncalendar: {zone: UTC}\n",
    "services in the middle": "spec: 1\nservices:\n  a:\n    title: A\nalerts:\n  service_down: off\n",
    "services indented by four": "services:\n    a:\n        title: A\n",
    "services of Windows": "services:\r\n  a: {}\r\nspec: 1\r\n",
    "the text that init writes": "",
}


@pytest.mark.parametrize("sentence", PLACES)
def test_a_service_is_appended_to(path: Path, sentence: str) -> None:
    before = PLACES[sentence] if sentence != "the text that init writes" else spec.text()
    path.write_bytes(before.encode())
    spec.add_service(path, "terraform")
    assert spec.problems(path) == ()
    assert "terraform" in spec.load(path).services
    kept = path.read_bytes().decode()
    assert [line for line in before.splitlines() if line not in kept.splitlines()] == []


def test_line_ends_stay_what_they_were(path: Path) -> None:
    path.write_bytes(b"services:\r\n  a: {}\r\n")
    spec.add_service(path, "b")
    assert path.read_bytes() == b'services:\r\n  a: {}\r\n  b:\r\n    title: "b"\r\n'


def test_the_mode_of_the_file_stays(path: Path) -> None:
    path.chmod(0o640)
    spec.add_service(path, "b")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_folder_gets_it_where_its_services_are(tmp_path: Path, path: Path) -> None:
    (tmp_path / "a.yaml").write_text("calendar: {zone: UTC}\n")
    path.write_text("services:\n  x: {}\n")
    spec.add_service(tmp_path, "terraform")
    assert "terraform" in path.read_text()
    assert "terraform" in spec.load(tmp_path).services


def test_an_empty_folder_gets_a_file(tmp_path: Path) -> None:
    spec.add_service(tmp_path, "terraform")
    assert [one.name for one in tmp_path.iterdir()] == ["services.yaml"]


REFUSED: dict[str, tuple[str, str, type[OpsdeckError], str]] = {
    "a name that is taken": (BEFORE, "unjucks-cli", UsageError, "already has a service 'unjucks-cli'"),
    "a name with a space": (BEFORE, "my tool", UsageError, "'my tool' is not a name"),
    "a name that is a path": (BEFORE, "../x", UsageError, "'../x' is not a name"),
    "services on one line": ("services: {a: {}}\n", "b", OpsdeckError, "not written as a block of lines"),
    "a file with a syntax error": ("services: [\n", "b", OpsdeckError, "cannot be extended"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_service_is_not_appended_and_the_file_stays(path: Path, sentence: str) -> None:
    before, name, error, message = REFUSED[sentence]
    path.write_text(before)
    with pytest.raises(error, match=message) as refused:
        spec.add_service(path, name)
    assert path.read_text() == before
    assert [one.name for one in path.parent.iterdir()] == ["operations.yaml"]
    assert refused.value.hint or error is UsageError


def test_many_services_one_after_the_other(path: Path) -> None:
    for number in range(20):
        spec.add_service(path, f"tool-{number}")
    loaded: dict[str, Any] = dict(spec.load(path).services)
    assert list(loaded) == ["unjucks-cli", *(f"tool-{number}" for number in range(20))]
