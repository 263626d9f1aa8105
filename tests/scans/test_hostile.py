"""Files that are cut off, swollen, nested, of wrong types or full of tricks: an error with its place, nothing kept."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers

from opsdeck.collect.scans import read as reading
from opsdeck.collect.scans.keep import Sender, take
from opsdeck.collect.scans.read import FORMATS, LARGEST, MOST_VALUES, read
from opsdeck.errors import ConflictError, OpsdeckError, RejectedError, UsageError
from opsdeck.server.api import scans
from opsdeck.stores.state import open_state
from opsdeck.testing import START

SAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "examples/scans").iterdir()
    if path.suffix in (".json", ".sarif")
)
NAMES = [path.name for path in SAMPLES]
WRONG: tuple[Any, ...] = (
    None,
    0,
    -1.5,
    1e300,
    True,
    "",
    "\0",
    "x" * 5_000,
    [],
    {},
    [[]],
    [None],
    [0],
    {"a": None},
    "\x1b[31m<b>",
    "pkg:",
    "CVE-1\n2",
)


def deps(*vulns: object, **package: object) -> bytes:
    one = {"name": "django", "version": "3.2.0", "vulns": list(vulns)} | package
    return json.dumps({"dependencies": [one]}).encode()


# what is wrong → the file, and what the answer says
REFUSED: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "the file is empty"),
    "white space": (b" \n\t", "the file is empty"),
    "no JSON": (b"hello", "not JSON"),
    "HTML": (b"<!doctype html>", "XML"),
    "CycloneDX XML": (b'<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>', "CycloneDX XML"),
    "UTF-16": ("{}".encode("utf-16"), "UTF-16"),
    "gzip": (b"\x1f\x8b\x08\x00", "gzip"),
    "SPDX": (b'{"spdxVersion": "SPDX-2.3", "packages": []}', "SPDX"),
    "SPDX tag-value": (b"SPDXVersion: SPDX-2.3", "SPDX tag-value"),
    "CSAF": (b'{"document": {"csaf_version": "2.0"}}', "CSAF"),
    "npm audit": (b'{"auditReportVersion": 2, "vulnerabilities": {}}', "npm audit"),
    "Syft": (b'{"artifacts": [], "schema": {}}', "Syft"),
    "an old Trivy": (b'[{"Target": "x", "Vulnerabilities": null}]', "before 0.20"),
    "the batch answer of osv.dev": (b'{"results": [{"vulns": [{"id": "GHSA-1"}]}]}', "batch answer"),
    "an SBOM that nobody scanned": (b'{"bomFormat": "CycloneDX", "components": []}', "lists components and no"),
    "an object that tells nothing": (b'{"hello": 1}', "tells no format (members: hello)"),
    "an empty object": (b"{}", "tells no format (members: none)"),
    "an empty list": (b"[]", "tells no format"),
    "a list of numbers": (b"[1, 2]", "tells no format"),
    "a number": (b"17", "not JSON"),
    "two documents": (deps() + deps(), "$: not JSON"),
    "NaN": (b'{"matches": [NaN]}', "$: not JSON"),
    "half a character": (b'{"dependencies": [{"name": "\xff", "version": "1", "vulns": []}]}', "not UTF-8"),
    "deep lists": (b'{"matches": ' + b"[" * 200_000, "$: nested too deep"),
    "deep objects": (b'{"dependencies": [{"x": ' + b'{"a": ' * 200_000, "$: nested too deep"),
    "an id that is a number": (deps({"id": 7}), "$.dependencies[0].vulns[0].id: expected `str`, got `int`"),
    "no id": (deps({}), "$.dependencies[0].vulns[0]: object missing required field `id`"),
    "an empty id": (deps({"id": ""}), "$.dependencies[0].vulns[0].id: '' is no name"),
    "a huge id": (deps({"id": "C" * 129}), "a name of 129 characters; 128 are the most"),
    "an id that is markup": (deps({"id": "<script>"}), "'<script>' is no name of a vulnerability"),
    "an id that steers a terminal": (deps({"id": "CVE-\x1b[2J"}), "'CVE- [2J' is no name"),
    "a NUL in an alias": (deps({"id": "CVE-1", "aliases": ["A\0"]}), "is no name of a vulnerability"),
    "65 names": (deps({"id": "CVE-1", "aliases": [f"A-{n}" for n in range(64)]}), "65 names for one vulnerability"),
    "a package without a name": (deps(name=""), "$.dependencies[0].name: no name of a package"),
    "a huge package": (deps(name="d" * 600), "$.dependencies[0].name"),
    "a version with a NUL": (deps(version="1\0"), "$.dependencies[0].version: '1' is no version"),
    "a huge version": (deps(version="1" * 201), "is no version"),
    "a list that is an object": (b'{"dependencies": {}}', "$.dependencies: expected `array | null`, got `object`"),
    "no purl": (b'{"matches": [{"vulnerability": {"id": "CVE-1"}, "artifact": {"name": "a", "purl": "pkg:"}}]}', "$.matches[0].artifact.purl: no package URL"),
    "a date out of range": (b'{"SchemaVersion": 2, "ArtifactName": "a", "CreatedAt": "99999-01-01T00:00:00Z"}', "$.CreatedAt: '99999-01-01T00:00:00Z' is no time"),
    "a date that is out of range in UTC": (b'{"SchemaVersion": 2, "ArtifactName": "a", "CreatedAt": "9999-12-31T23:59:59-14:00", "Results": []}', "is no time"),
    "an unknown status": (b'{"@context": "https://openvex.dev/ns", "statements": [{"vulnerability": "CVE-1", "status": "fine"}]}', "$.statements[0].status: 'fine' is none of not_affected"),
    "an unknown analysis": (b'{"bomFormat": "CycloneDX", "vulnerabilities": [{"id": "CVE-1", "analysis": {"state": "x"}}]}', "$.vulnerabilities[0].analysis.state: 'x' is none of"),
    "a component that is nowhere": (b'{"bomFormat": "CycloneDX", "components": [], "vulnerabilities": [{"id": "CVE-1", "affects": [{"ref": "x"}]}]}', "$.vulnerabilities[0].affects[0].ref: 'x' is no component"),
    "SARIF of a linter": (b'{"runs": [{"tool": {"driver": {"name": "CodeQL"}}}]}', "$.runs[0].tool.driver.name: 'CodeQL'"),
    "SARIF without the tool's words": (b'{"runs": [{"tool": {"driver": {"name": "Trivy"}}, "results": [{"ruleId": "CVE-2021-1", "message": {"text": "bad"}}]}]}', "$.runs[0].results[0].message.text"),
    "SARIF without a run": (b'{"runs": []}', "runs of 0 tools"),
    "an OSV record without a package": (b'{"id": "GHSA-1", "modified": "", "affected": []}', "$.affected: GHSA-1 names no package"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_with_its_place_and_nothing_is_kept(operator: Any, what: str) -> None:
    body, said = REFUSED[what]
    answer = operator.bring(body)
    assert (answer["status"], answer["code"]) == (422, "usage")
    assert said in answer["message"]
    assert answer["hint"]
    assert (operator.found(), operator.log("scan")) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_cut_off_anywhere_is_refused(name: str, sample: Any) -> None:
    body = sample(name).rstrip()
    kind = reading.recognised(body)
    for end in range(1, len(body), 17):
        with pytest.raises(UsageError):
            read(body[:end], kind)


@pytest.mark.parametrize("name", NAMES)
def test_any_value_that_turns_into_another_is_refused_or_kept_whole(name: str, sample: Any) -> None:
    chance, state = random.Random(name), open_state("memory://")
    said: list[OpsdeckError] = []
    for turn in range(150):
        document = json.loads(sample(name))
        spoil(document, chance)
        try:
            report = read(json.dumps(document).encode())
            with state.begin() as tx:
                take(tx, report, Sender("demo", "me", str(turn)), START)
        except (UsageError, ConflictError) as error:
            said.append(error)
    assert said
    assert all(error.message.isprintable() and error.hint for error in said)


def spoil(document: Any, chance: random.Random) -> None:
    """Put something wrong in one place, anywhere."""
    here = document
    while True:
        places = list(here) if isinstance(here, dict) else range(len(here))
        place = chance.choice(list(places))
        if not isinstance(here[place], dict | list) or not here[place] or chance.random() < 0.15:
            here[place] = chance.choice(WRONG)
            return
        here = here[place]


def test_duplicate_keys_the_last_one_counts() -> None:
    body = b'{"dependencies": [{"name": "a", "name": "b", "version": "1", "vulns": [{"id": "X-1", "id": "CVE-1"}]}]}'
    (one,) = read(body).found
    assert (one.package, one.ids) == ("pkg:pypi/b", ("CVE-1",))


def test_scores_that_are_none_are_unknown() -> None:
    ratings = [{"score": score, "method": "CVSSv3"} for score in (-1, 11, 1e300)] + [
        {"vector": "CVSS:3.1/AV:X"},
        {"vector": "(" * 500},
    ]
    document = {
        "bomFormat": "CycloneDX",
        "components": [],
        "vulnerabilities": [{"id": "CVE-1", "ratings": ratings, "affects": [{"ref": "pkg:npm/a@1"}]}],
    }
    (one,) = read(json.dumps(document).encode()).found
    assert (one.severity, one.score) == ("unknown", None)


def test_titles_lose_what_steers_a_terminal_or_turns_text_around() -> None:
    (one,) = read(deps({"id": "CVE-1", "description": "\x1b[31mred\u202egnp\0\x9b " + "x" * 1_000})).found
    assert one.title.startswith("[31mred gnp ")
    assert (len(one.title), one.title.isprintable()) == (300, True)


def test_more_values_than_a_file_may_hold_are_not_even_parsed() -> None:
    with pytest.raises(UsageError, match="more than 4,000,000 values"):
        read(b'{"matches": [' + b"0," * MOST_VALUES + b"0]}")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_format_that_is_given_is_not_guessed(format_: str) -> None:
    with pytest.raises(UsageError):
        read(b'{"hello": 1}', format_)


def test_a_format_that_is_none_says_which_there_are(operator: Any) -> None:
    answer = operator.bring("trivy.json", format="<b>xml")
    assert (answer["status"], answer["message"]) == (422, "there is no format '<b>xml'")
    assert "openvex" in answer["hint"]


def test_too_large_a_file_is_refused_by_its_length_alone(operator: Any) -> None:
    answer = operator.ask("POST", "/api/scans", content=b"{}", headers={"content-length": str(LARGEST + 1)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


class Drip:
    """A request whose body never says how long it is, and either never ends or never comes."""

    def __init__(self, *, waits: bool) -> None:
        self.headers = Headers({})
        self._waits = waits

    async def stream(self) -> Any:
        import asyncio

        while True:
            if self._waits:
                await asyncio.Event().wait()
            yield b"x" * 1_000


@pytest.mark.parametrize(("waits", "code"), [(False, "too_large"), (True, "slow_body")])
def test_a_body_without_an_end_is_given_up(waits: bool, code: str) -> None:
    import asyncio

    request: Any = Drip(waits=waits)
    with pytest.raises(RejectedError) as refused:
        asyncio.run(scans.received(request, 10_000, 0.05))
    assert refused.value.code == code


def test_nobody_without_a_token_brings_a_file(operator: Any) -> None:
    operator.headers = {}
    assert operator.bring("trivy.json")["status"] == 401


@pytest.mark.parametrize(("body", "place"), [
    ({"until": "yesterday"}, "until:"), ({"until": "2020-01-01T00:00:00Z"}, "a time to come"), ({"until": "0 days"}, "a time to come"),
    ({"reason": " \t"}, "why is the risk"), ({"vulnerability": "CVE-0"}, "no finding of unjucks-cli is CVE-0"),
    ({"package": "django"}, "'django' is no package URL"), ({"package": "pkg:pypi/flask"}, "in pkg:pypi/flask"),
    ({"service": "nobody"}, "nobody"), ({"reason": "x" * 501}, "500"), ({"more": 1}, "Extra inputs"),
])  # fmt: skip
def test_an_acceptance_that_means_nothing_is_refused(operator: Any, body: dict[str, Any], place: str) -> None:
    operator.bring("trivy.json")
    given = {"vulnerability": "CVE-2021-35042", "until": "30 days", "reason": "fine"} | body
    answer = operator.ask("POST", "/api/waivers", json=given)
    assert answer.status_code in (404, 422)
    assert place in answer.json()["error"]["message"]
    assert operator.log("waiver") == []


@pytest.mark.parametrize(("path", "said"), [
    ("/api/vulnerabilities?severity=bad", "there is no severity 'bad'"), ("/api/vulnerabilities?status=bad", "there is no status"),
    ("/api/vulnerabilities?limit=0", "limit: 0"), ("/api/vulnerabilities/unjucks-cli/CVE-1", "has no finding 'CVE-1'"),
    ("/api/vulnerabilities/nobody/CVE-1", "nobody"), ("/api/vulnerabilities?service=nobody", "nobody"),
])  # fmt: skip
def test_a_question_that_means_nothing_is_answered_with_why(operator: Any, path: str, said: str) -> None:
    answer = operator.ask("GET", path)
    assert answer.status_code in (404, 422)
    assert said in answer.json()["error"]["message"]
