"""What a user sees: files of several tools in, one list out; statements, accepted risks and their end; the alert."""

import json
from typing import Any

import pytest

from opsdeck.model import AlertState

CRITICAL = {"CVE-2021-35042", "CVE-2020-14343"}
ALL = CRITICAL | {"CVE-2019-10906", "CVE-2018-18074", "CVE-2023-32681", "CVE-2021-33503"}
FOUR = ("pip-audit.json", "osv-scanner.json", "trivy.json", "grype.json")
SARIF = ("trivy.sarif", "grype.sarif", "osv-scanner.sarif", "pip-audit.json")


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {row["id"] for row in rows}


def phase(operator: Any, rule: str = "security_scan_failure") -> str:
    with operator.deck.state.begin(write=False) as tx:
        found = tx.get(AlertState, f"unjucks-cli/{rule}")
    return found.phase if found else "none"


@pytest.mark.parametrize(
    "files", [FOUR, FOUR[::-1], ("sbom-with-vulnerabilities.cdx.json", *FOUR), SARIF], ids=str
)
def test_the_same_findings_of_four_tools_are_one_list(operator: Any, files: tuple[str, ...]) -> None:
    for file in files:
        assert operator.bring(file)["findings"] >= 6
    found = operator.found()
    assert ids(found) == ALL
    assert len(found) == len(ALL)
    assert all(len(one["tools"]) >= 4 for one in found)


def test_a_finding_has_all_its_names_its_package_as_everybody_spells_it_and_the_fix(operator: Any) -> None:
    for file in FOUR:
        operator.bring(file)
    one = next(row for row in operator.found() if row["id"] == "CVE-2020-14343")
    assert one["ids"]["all"] == ["CVE-2020-14343", "GHSA-8q59-q68h-6hv4", "PYSEC-2021-142"]
    assert (one["package"], one["version"], one["fixed_in"]) == ("pkg:pypi/pyyaml", "5.3", "5.4")
    assert (one["severity"], one["score"]) == ("critical", 9.8)


def test_what_no_tool_rates_is_unknown_and_shown(operator: Any) -> None:
    assert operator.bring("pip-audit.json")["critical"] == 0
    assert {row["severity"] for row in operator.found(severity="unknown")} == {"unknown"}
    assert operator.listing()["counts"]["open"] == {"unknown": 6}


@pytest.mark.parametrize(
    "file", ["vex.openvex.json", "vex.cdx.json", "lib4vex.openvex.json", "lib4vex.cdx.json"]
)
def test_not_affected_lowers_the_count(operator: Any, file: str) -> None:
    assert operator.bring("trivy.json")["critical"] == 2
    done = operator.bring(file)
    assert (done["critical"], done["applied"]) == (1, 1)
    assert ids(operator.found(severity="critical")) == {"CVE-2021-35042"}
    assert ids(operator.found(status="not_affected")) == {"CVE-2020-14343"}


def test_a_statement_that_came_first_holds_for_the_scan_that_follows(operator: Any) -> None:
    operator.bring("vex.openvex.json")
    assert operator.bring("trivy.json")["critical"] == 1


def test_a_newer_statement_overrides_an_older_one(operator: Any, sample: Any) -> None:
    operator.bring("trivy.json")
    operator.bring("vex.openvex.json")
    operator.clock.advance(days=1)
    again = (
        sample("vex.openvex.json")
        .replace(b'"not_affected"', b'"affected"')
        .replace(b"2026-11-24", b"2026-11-25")
    )
    assert operator.bring(again)["critical"] == 2


def test_a_withdrawn_record_ends_a_finding_all_of_whose_names_it_covers(operator: Any) -> None:
    operator.bring("trivy.json")
    operator.bring("osv-withdrawn.json")
    assert ids(operator.found(status="not_affected")) == {"CVE-2021-33503"}


def test_a_withdrawn_record_leaves_a_finding_with_another_name_open(operator: Any, sample: Any) -> None:
    operator.bring(sample("trivy.json").replace(b'"GHSA-q2q7-5pp4-w6pg"', b'"GHSA-aaaa-bbbb-cccc"'))
    operator.bring("osv-withdrawn.json")
    assert "CVE-2021-33503" in ids(operator.found())


def test_a_critical_finding_fires_the_rule_and_its_repair_resolves_it(operator: Any, sample: Any) -> None:
    operator.passes(seconds=15)
    assert phase(operator) == "inactive"
    operator.bring("trivy.json")
    operator.passes(seconds=15)
    assert phase(operator) == "firing"
    operator.clock.advance(hours=1)
    operator.bring(sample("trivy.json").replace(b'"CRITICAL"', b'"HIGH"').replace(b"T20:00", b"T22:00"))
    operator.passes(seconds=15)
    assert phase(operator) == "inactive"


def test_an_accepted_risk_counts_again_when_its_time_is_over(operator: Any) -> None:
    operator.bring("trivy.json")
    for name in CRITICAL:
        assert operator.accept(name, "5 days").status_code == 201
    operator.passes(seconds=15)
    assert (phase(operator), ids(operator.found(status="accepted"))) == ("inactive", CRITICAL)
    operator.passes(days=5)
    assert (phase(operator), ids(operator.found(severity="critical"))) == ("firing", CRITICAL)
    assert ("unjucks-cli/CVE-2021-35042", "accepted", "expired") in operator.log("waiver")


def test_a_withdrawn_waiver_counts_again(operator: Any) -> None:
    operator.bring("trivy.json")
    waiver = operator.accept("GHSA-xpfp-f569-q3p2", package="pkg:pypi/Django").json()["waiver"]
    assert ids(operator.found(severity="critical")) == {"CVE-2020-14343"}
    ended = operator.ask("POST", f"/api/waivers/{waiver['key'][:6]}/withdraw", json={"reason": "reachable"})
    assert ended.is_success
    assert ids(operator.found(severity="critical")) == CRITICAL


def test_what_the_next_scan_does_not_report_is_gone(operator: Any) -> None:
    operator.bring("trivy.json")
    operator.clock.advance(hours=1)
    done = operator.bring(b'{"SchemaVersion": 2, "ArtifactName": "project", "ArtifactType": "filesystem"}')
    assert (done["gone"], done["critical"], operator.found()) == (6, 0, [])
    assert ids(operator.found(status="gone")) == ALL


def test_it_is_not_gone_while_another_tools_newest_scan_reports_it(operator: Any) -> None:
    operator.bring("trivy.json")
    operator.bring("grype.json")
    done = operator.bring(b'{"SchemaVersion": 2, "ArtifactName": "project", "ArtifactType": "filesystem"}')
    assert (done["gone"], ids(operator.found())) == (0, ALL)


def test_scans_of_two_things_do_not_end_each_other(operator: Any) -> None:
    operator.bring("pip-audit.json", source="api")
    operator.bring(b'{"dependencies": []}', source="worker")
    assert ids(operator.found()) == ALL


def test_a_later_file_links_two_findings_that_were_apart(operator: Any) -> None:
    alone = b'{"dependencies": [{"name": "django", "version": "3.2.0", "vulns": [{"id": "PYSEC-2021-109"}]}]}'
    operator.bring(alone)
    operator.bring("trivy.sarif")
    assert len(operator.found(text="django")) == 2
    assert operator.bring("osv-record.json")["merged"] == 1
    (one,) = operator.found(text="django")
    assert one["ids"]["all"] == ["CVE-2021-35042", "GHSA-xpfp-f569-q3p2", "PYSEC-2021-109"]
    assert set(one["tools"]) == {"pip-audit", "trivy", "osv:GHSA-xpfp-f569-q3p2"}


def test_a_record_without_a_version_stands_alone_until_a_scan_names_one(operator: Any) -> None:
    operator.bring("osv-record.json")
    assert [row["version"] for row in operator.found()] == [""]
    operator.bring("pip-audit.json")
    assert [row["version"] for row in operator.found(text="django")] == ["3.2"]
    assert operator.found(text="django")[0]["severity"] == "critical"


def test_the_same_file_again_changes_nothing(operator: Any) -> None:
    operator.bring("trivy.json")
    rows = len(operator.log("scan"))
    again = operator.bring("trivy.json")
    assert (again["unchanged"], len(operator.log("scan"))) == (True, rows)


@pytest.mark.parametrize(("file", "asked"), [("pip-audit.json", {}), ("trivy.json", {"fresh": "true"})])
def test_the_same_file_is_a_new_look_where_it_has_no_time_or_somebody_says_so(
    operator: Any, file: str, asked: dict[str, str]
) -> None:
    operator.bring(file)
    operator.clock.advance(days=6)
    again = operator.bring(file, **asked)
    assert (again["unchanged"], again["new"], len(operator.log("scan"))) == (False, 0, 2)
    operator.passes(days=6)
    assert phase(operator, "scan_overdue") == "inactive"


def test_a_week_after_the_last_scan_it_is_overdue_and_the_count_unknown(operator: Any) -> None:
    operator.bring("trivy.json")
    operator.passes(days=7, seconds=1)
    assert phase(operator, "scan_overdue") == "firing"
    with operator.deck.state.begin(write=False) as tx:
        assert tx.get(AlertState, "unjucks-cli/security_scan_failure").value is None


def test_a_scan_that_is_older_than_the_newest_one_is_refused(operator: Any, sample: Any) -> None:
    operator.bring("trivy.json")
    refused = operator.bring(sample("trivy.json").replace(b"2026-11-24T20", b"2026-11-23T20"))
    assert (refused["status"], refused["code"]) == (409, "conflict")
    assert "--source" in refused["hint"]


def test_a_finding_that_turns_critical_is_a_row_too(operator: Any) -> None:
    operator.bring("pip-audit.json")
    assert operator.log("finding") == []
    operator.bring("osv-scanner.json")
    assert set(operator.log("finding")) == {
        (f"unjucks-cli/{name}", "unknown", "critical") for name in CRITICAL
    }


def test_every_change_is_a_row_of_the_log(operator: Any) -> None:
    operator.bring("trivy.json")
    operator.bring("vex.openvex.json")
    assert operator.log("scan") == [
        ("unjucks-cli/trivy:project", "", "imported"),
        ("unjucks-cli/openvex:Example Author", "", "imported"),
    ]
    assert set(operator.log("finding")) == {
        ("unjucks-cli/CVE-2021-35042", "", "open"),
        ("unjucks-cli/CVE-2020-14343", "", "open"),
        ("unjucks-cli/CVE-2020-14343", "open", "not_affected"),
    }
    assert ("unjucks-cli/CVE-2020-14343", "", "not_affected") in operator.log("waiver")


def stated(operator: Any, name: str = "CVE-2020-14343") -> list[dict[str, Any]]:
    """The waivers in force about a vulnerability."""
    kept = operator.ask("GET", "/api/waivers").json()["waivers"]
    return [one for one in kept if one["vulnerability"] == name]


def withdraw(operator: Any, reason: str = "it is reachable") -> None:
    waiver = stated(operator)[0]
    ended = operator.ask("POST", f"/api/waivers/{waiver['key']}/withdraw", json={"reason": reason})
    assert ended.is_success, ended.text
    operator.clock.advance(hours=1)


UNDATED: dict[str, Any] = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "statements": [{"vulnerability": "CVE-2020-14343", "status": "not_affected"}],
}
TWICE = UNDATED | {
    "timestamp": "2026-01-01T00:00:00Z",
    "statements": [{"vulnerability": "CVE-2020-14343", "status": "affected"}, *UNDATED["statements"]],
}
FROM_THE_FUTURE = UNDATED | {"timestamp": "2066-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "file",
    ["vex.openvex.json", "vex.cdx.json", *(json.dumps(d).encode() for d in (UNDATED, TWICE, FROM_THE_FUTURE))],
)  # fmt: skip
def test_the_same_file_does_not_undo_a_withdrawal(operator: Any, file: str | bytes) -> None:
    operator.bring("trivy.json")
    assert operator.bring(file)["critical"] == 1
    withdraw(operator)
    again = operator.bring(file, fresh="true")
    assert (again["critical"], again["stay_withdrawn"], len(again["withdrawn_by"])) == (2, 1, 1)
    assert stated(operator) == []
    assert ids(operator.found(severity="critical")) == CRITICAL


def test_a_withdrawn_record_that_a_person_took_back_stays_so(operator: Any) -> None:
    operator.bring("trivy.json")
    named = operator.bring("osv-withdrawn.json")["statements"]
    for waiver in operator.ask("GET", "/api/waivers").json()["waivers"]:
        operator.ask("POST", f"/api/waivers/{waiver['key']}/withdraw", json={"reason": "it stands"})
    assert operator.bring("osv-withdrawn.json")["stay_withdrawn"] == named
    assert "CVE-2021-33503" in ids(operator.found())


@pytest.mark.parametrize(("was", "becomes", "critical"), [
    (b"2025-09-01", b"2025-09-20", 1), (b"2025-09-01", b"2025-08-20", 2),
    (b'"not_affected"', b'"fixed"', 1), (b'"not_affected"', b'"affected"', 2),
])  # fmt: skip
def test_a_newer_or_another_statement_ends_the_withdrawal(
    operator: Any, sample: Any, was: bytes, becomes: bytes, critical: int
) -> None:
    file = sample("vex.openvex.json").replace(b"2026-11-24", b"2025-09-01")
    operator.bring("trivy.json")
    operator.bring(file)
    withdraw(operator)
    operator.clock.advance(days=15)
    done = operator.bring(file.replace(was, becomes))
    assert (done["critical"], done["stay_withdrawn"]) == (critical, int(becomes == b"2025-08-20"))


def test_a_statement_is_withdrawn_once(operator: Any) -> None:
    operator.bring("vex.openvex.json")
    path = f"/api/waivers/{stated(operator)[0]['key']}/withdraw"
    answers = [operator.ask("POST", path, json={"reason": "reachable"}).status_code for _ in range(2)]
    assert answers == [200, 404]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}])
def test_a_withdrawal_needs_a_reason(operator: Any, body: dict[str, str]) -> None:
    operator.bring("vex.openvex.json")
    key = stated(operator)[0]["key"]
    assert operator.ask("POST", f"/api/waivers/{key}/withdraw", json=body).status_code == 422
    assert len(stated(operator)) == 1


@pytest.mark.parametrize(("asked", "shown", "hidden"), [
    ({}, 4, 2), ({"status": "all"}, 6, 0), ({"status": "any"}, 6, 0), ({"severity": "critical"}, 0, 2),
    ({"text": "django"}, 0, 1), ({"text": "requests"}, 2, 0), ({"status": "accepted"}, 1, 0),
], ids=str)  # fmt: skip
def test_a_list_says_how_many_waived_ones_it_hides(
    operator: Any, asked: dict[str, str], shown: int, hidden: int
) -> None:
    for file in ("trivy.json", "vex.openvex.json"):
        operator.bring(file)
    operator.accept("CVE-2021-35042")
    listed = operator.listing(**asked)
    assert (len(listed["findings"]), listed["hidden"]) == (shown, hidden)
