"""The page of vulnerabilities: empty, full, one finding, risks accepted there; hostile texts stay texts."""

import json
from typing import Any

import pytest

HTML = {"accept": "text/html"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def page(operator: Any, path: str = "/scans", **asked: str) -> str:
    answer = operator.ask("GET", path, params=asked, headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def key(operator: Any, name: str) -> str:
    return str(next(one["key"] for one in operator.found(status="any") if one["id"] == name))


def test_empty_it_says_what_to_type(operator: Any) -> None:
    assert "opsdeck scan run . --service unjucks-cli" in page(operator)
    assert "unknown, not zero" in page(operator)


def test_full_it_shows_the_worst_first_with_tools_and_imports(operator: Any) -> None:
    operator.bring("trivy.json")
    operator.bring("grype.json")
    shown = page(operator)
    assert shown.index("CVE-2020-14343") < shown.index("CVE-2019-10906") < shown.index("CVE-2023-32681")
    assert "trivy:project" in shown
    assert "somebody looked" in shown


@pytest.mark.parametrize(("asked", "there", "not_there"), [
    ({"severity": "critical"}, "CVE-2020-14343", "CVE-2018-18074"), ({"text": "REQUESTS"}, "CVE-2018-18074", "CVE-2020-14343"),
    ({"status": "gone"}, "No finding is like that", "CVE-2020-14343"), ({"status": "any"}, "CVE-2020-14343", "No finding"),
    ({"offset": "50"}, "Worse ones", "CVE-2020-14343"), ({"offset": "-5"}, "CVE-2020-14343", "Worse ones"),
])  # fmt: skip
def test_the_filter(operator: Any, asked: dict[str, str], there: str, not_there: str) -> None:
    operator.bring("trivy.json")
    shown = page(operator, **asked)
    assert there in shown
    assert not_there not in shown


def test_one_finding_with_its_names_and_its_fix(operator: Any) -> None:
    operator.bring("osv-scanner.json")
    shown = page(operator, "/scans/unjucks-cli/PYSEC-2021-142")
    for said in (
        "CVE-2020-14343, GHSA-8q59-q68h-6hv4, PYSEC-2021-142",
        "CVSS 9.8",
        "5.4",
        "osv-scanner (critical)",
    ):
        assert said in shown


def test_a_risk_is_accepted_and_the_waiver_withdrawn_on_the_page(operator: Any) -> None:
    operator.bring("trivy.json")
    path = f"/scans/unjucks-cli/{key(operator, 'CVE-2021-35042')}"
    body = "vulnerability=CVE-2021-35042&package=pkg:pypi/django&until=30+days&reason=fine"
    assert operator.ask("POST", f"{path}/accept", content=body, headers=FORM).headers["location"] == path
    assert "the risk is accepted" in page(operator, path)
    waiver = operator.ask("GET", "/api/waivers").json()["waivers"][0]["key"]
    assert 'name="reason" required' in page(operator)
    answers = [
        operator.ask("POST", f"/waivers/{waiver}/withdraw", content=said, headers=FORM | HTML).status_code
        for said in ("", "reason=+", f"reason={'x' * 501}", "reason=reachable")
    ]
    assert answers == [422, 422, 422, 303]
    assert "a scan reports it" in page(operator, path)


def test_a_form_without_a_reason_is_refused_on_a_page(operator: Any) -> None:
    operator.bring("trivy.json")
    path = f"/scans/unjucks-cli/{key(operator, 'CVE-2021-35042')}/accept"
    said = operator.ask("POST", path, content="vulnerability=CVE-2021-35042&until=1+day", headers=FORM | HTML)
    assert (said.status_code, "why is the risk acceptable" in said.text) == (422, True)
    said = operator.ask("POST", path, content="vulnerability=" + "C" * 200, headers=FORM | HTML)
    assert (said.status_code, "more than 128" in said.text) == (422, True)


def test_hostile_texts_are_shown_as_texts(operator: Any) -> None:
    evil = '"><script>alert(1)</script>\x1b[2J'
    vulns = [{"id": "CVE-2020-1", "description": evil, "fix_versions": [evil[:20]]}]
    operator.bring(
        json.dumps({"dependencies": [{"name": "a" + evil[:25], "version": "<i>", "vulns": vulns}]}).encode(),
        source=evil,
    )
    for path in ("/scans", "/scans/unjucks-cli/CVE-2020-1"):
        shown = page(operator, path)
        assert "<script>alert" not in shown
        assert "\x1b" not in shown
        assert "&lt;i&gt;" in shown


def test_what_is_accepted_is_told_beside_what_is_open(operator: Any) -> None:
    operator.bring("trivy.json")
    assert "accepted or not affected" not in page(operator)
    operator.accept("CVE-2021-35042")
    shown = page(operator)
    assert "open, 1 accepted" in shown
    assert "1 accepted or not affected</a> hidden" in shown


@pytest.mark.parametrize("file", ["vex.openvex.json", "vex.cdx.json", "osv-withdrawn.json"])
def test_an_import_of_statements_is_among_the_last_imports(operator: Any, file: str) -> None:
    operator.bring(file)
    (one,) = operator.ask("GET", "/api/scans").json()["scans"]
    assert (one["stated_only"], one["findings"]) == (True, 0)
    assert '<span class="soft">statements</span>' in page(operator)
    assert "nobody has looked at the packages yet" in page(operator)


def test_the_fix_stands_under_the_package_where_a_phone_shows_it(operator: Any) -> None:
    operator.bring("trivy.json")
    cell = page(operator).split("pkg:pypi/pyyaml</span>")[1].split("</td>")[0]
    assert "5.3, fixed in 5.4" in cell


@pytest.mark.parametrize(("none", "tile"), [(False, "All"), (True, "None")])
def test_a_tile_of_what_is_no_risk_is_there_when_something_is(
    operator: Any, sample: Any, none: bool, tile: str
) -> None:
    operator.bring(sample("grype.json").replace(b'"Medium"', b'"None"' if none else b'"Medium"'))
    shown = page(operator).split('aria-label="Open findings by severity"')[1].split("</dl>")[0]
    assert [word for word in (">All<", ">None<") if word in shown] == [f">{tile}<"]
