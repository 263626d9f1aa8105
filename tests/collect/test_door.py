"""The door: what is accepted, refused, completed and kept, through `accept` and the journal."""

import asyncio
import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import zstandard

from opsdeck.collect.codes import EVENT_CODES, REQUEST_CODES, Limits, NoneAcceptableError
from opsdeck.collect.door import INLINE, Door
from opsdeck.collect.journal import Journal
from opsdeck.errors import RejectedError
from opsdeck.fingerprint import fingerprint
from opsdeck.model import IngestKey
from opsdeck.spec.model import Spec
from opsdeck.timing import ManualClock

Make = Callable[..., dict[str, Any]]
Body = Callable[..., bytes]
Stored = Callable[[], list[dict[str, Any]]]


def test_the_frameworks_example_is_stored_field_by_field(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored
) -> None:
    assert door.accept(body(entry()), key).accepted == 1
    found = stored()[0]
    assert {name: found[name] for name in entry()} == entry()
    assert list(found)[:10] == list(entry())[:10]


def test_what_the_stores_count_by_is_always_written_down(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored
) -> None:
    door.accept(body(entry(), entry(category="application", userType="human"), entry({"eventId": ...})), key)
    assert [(e["category"], e["userType"]) for e in stored()] == [("application", "human")] * 3
    assert all(e["eventId"] and e["receivedAt"] for e in stored())


def test_a_failing_run_keeps_its_error(
    door: Door, key: IngestKey, failing: Make, body: Body, stored: Stored
) -> None:
    door.accept(body(failing()), key)
    error = stored()[0]["error"]
    assert error.pop("category") == "user_errors"
    assert error.pop("fingerprint").startswith("1:")
    assert error == failing()["error"]


def test_a_json_array_is_a_batch_too(door: Door, key: IngestKey, entry: Make, stored: Stored) -> None:
    assert door.accept(json.dumps([entry(), entry()]).encode(), key).accepted == 2
    assert len(stored()) == 2


def test_one_event_may_stretch_over_several_lines(door: Door, key: IngestKey, entry: Make) -> None:
    strange = entry(color="blue")
    assert door.accept(json.dumps(strange, indent=2).encode(), key).accepted == 1


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("zstd", zstandard.compress),
        ("identity", bytes),
        ("", bytes),
    ],
)
def test_a_body_may_be_compressed(
    door: Door, key: IngestKey, entry: Make, body: Body, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    assert door.accept(pack(body(entry(), entry())), key, encoding=encoding).accepted == 2


def test_a_gzip_body_of_several_members_is_one_body(
    door: Door, key: IngestKey, entry: Make, body: Body
) -> None:
    packed = gzip.compress(body(entry())) + gzip.compress(body(entry()))
    assert door.accept(packed, key, encoding="gzip").accepted == 2


@pytest.mark.parametrize("size", [1, INLINE])
def test_the_event_loops_way_in_does_the_same(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored, size: int
) -> None:
    receipt = asyncio.run(door.take(body(*[entry()] * (size // 400 + 1), b"{}"), key))
    assert len(stored()) == receipt.accepted == size // 400 + 1
    assert [r.code for r in receipt.rejected] == ["missing_field"]


def test_the_event_loops_way_in_refuses_the_same(door: Door, key: IngestKey) -> None:
    with pytest.raises(RejectedError, match="no event"):
        asyncio.run(door.take(b"", key))


# ---- refusals of one event: code, index, field --------------------------------------------------------------------

ONE = {
    "no JSON": (b"{oops", "malformed_json", "malformed"),
    "half an object": (b'{"timestamp": "2025', "malformed_json", "truncated"),
    "not UTF-8": (b'{"level": "\xff"}', "malformed_json", "not UTF-8"),
    "half a surrogate pair": (b'{"level": "\\ud800", "version": 1}', "malformed_json", "surrogate"),
    "nested ten thousand deep": (
        b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        "malformed_json",
        "too deep",
    ),
    "an array for an event": (b"[1]", "invalid_field", "not a JSON object"),
    "a number for an event": (b"5", "invalid_field", "not a JSON object"),
    "a raw line feed in a string": (b'{"level": "a\x0bb"}', "malformed_json", "invalid character"),
}


@pytest.mark.parametrize(("line", "code", "message"), ONE.values(), ids=ONE)
def test_a_bad_line_is_refused_by_index_and_the_rest_is_kept(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored, line: bytes, code: str, message: str
) -> None:
    receipt = door.accept(body(entry(), line, entry()), key)
    assert (receipt.accepted, len(stored())) == (2, 2)
    assert [(r.index, r.code) for r in receipt.rejected] == [(1, code)]
    assert message in receipt.rejected[0].message


FIELD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no timestamp": ({"timestamp": ...}, "missing_field", "timestamp"),
    "no service": ({"service": ...}, "missing_field", "service"),
    "no operation": ({"operation": ...}, "missing_field", "operation"),
    "no success": ({"operation.success": ...}, "missing_field", "operation.success"),
    "no duration": ({"operation.duration": ...}, "missing_field", "operation.duration"),
    "an unknown level": ({"level": "DEBUG"}, "invalid_field", "level"),
    "a level in lower case": ({"level": "info"}, "invalid_field", "level"),
    "an unknown environment": ({"environment": "qa"}, "invalid_field", "environment"),
    "an unknown category": ({"category": "other"}, "invalid_field", "category"),
    "an unknown user type": ({"userType": "robot"}, "invalid_field", "userType"),
    "a negative duration": ({"operation.duration": -1}, "invalid_field", "operation.duration"),
    "a negative fraction": ({"operation.duration": -0.5}, "invalid_field", "operation.duration"),
    "a duration of years": ({"operation.duration": 10**12}, "invalid_field", "operation.duration"),
    "a duration of 400 digits": ({"operation.duration": 10**400}, "invalid_field", "operation.duration"),
    "a duration in words": ({"operation.duration": "2 s"}, "invalid_field", "operation.duration"),
    "success as a number": ({"operation.success": 1}, "invalid_field", "operation.success"),
    "a fraction of a file": ({"metadata.fileCount": 1.5}, "invalid_field", "metadata.fileCount"),
    "a negative size": ({"metadata.outputSize": -1}, "invalid_field", "metadata.outputSize"),
    "a phase below zero": ({"metadata.phasesMs": {"a": -1}}, "invalid_field", "metadata.phasesMs"),
    "too many phases": (
        {"metadata.phasesMs": dict.fromkeys(map(str, range(99)), 1)},
        "invalid_field",
        "metadata",
    ),
    "an exit code of 64 bits": ({"exitCode": 2**40}, "invalid_field", "exitCode"),
    "metadata as a list": ({"metadata": []}, "invalid_field", "metadata"),
    "an endless service": ({"service": "s" * 65}, "invalid_field", "service"),
    "an empty service": ({"service": ""}, "invalid_field", "service"),
    "an endless template": ({"operation.template": "t" * 257}, "invalid_field", "operation.template"),
    "an endless user": ({"userId": "u" * 129}, "invalid_field", "userId"),
    "an id that is no UUID": ({"eventId": "event-1"}, "invalid_field", "eventId"),
    "an id with its hyphens astray": (
        {"eventId": "01992e58d-e00-7000-8000-00000000000g"},
        "invalid_field",
        "eventId",
    ),
    "no zone": ({"timestamp": "2025-09-09T12:00:00.000"}, "invalid_timestamp", "timestamp"),
    "month 13": ({"timestamp": "2025-13-09T12:00:00.000Z"}, "invalid_timestamp", "timestamp"),
    "a time before the first year": (
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        "invalid_timestamp",
        "timestamp",
    ),
    "a time in words": ({"timestamp": "yesterday"}, "invalid_timestamp", "timestamp"),
    "a time as a number": ({"timestamp": 1757419200}, "invalid_field", "timestamp"),
    "a failure without an error": ({"operation.success": False}, "error_required", "error"),
    "a success with an error": ({"error": {"code": "X", "message": ""}}, "error_unexpected", "error"),
    "an error without a code": (
        {"operation.success": False, "error": {"message": "m"}},
        "missing_field",
        "error.code",
    ),
    "context as an object": (
        {"operation.success": False, "error": {"code": "X", "message": "", "context": {}}},
        "invalid_field",
        "error.context",
    ),
    "another service": ({"service": "terraform"}, "wrong_service", "service"),
    "a user type that only a key gives": ({"userType": "service"}, "reserved_user_type", "userType"),
    "more than an event may have": ({"x": "x" * 140_000}, "event_too_large", "the event is larger"),
}


@pytest.mark.parametrize(("changes", "code", "path"), FIELD.values(), ids=FIELD)
def test_a_field_that_cannot_be_is_refused_by_its_path(
    door: Door, key: IngestKey, entry: Make, body: Body, changes: dict[str, Any], code: str, path: str
) -> None:
    receipt = door.accept(body(entry(), entry(changes)), key)
    assert [(r.index, r.code) for r in receipt.rejected] == [(1, code)]
    assert receipt.rejected[0].message.startswith(path)


def test_the_tables_above_use_every_event_code() -> None:
    limited = {"rate_limited"}  # test_limit.py
    assert {row[1] for row in [*ONE.values(), *FIELD.values()]} == set(EVENT_CODES) - limited


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_a_number_that_is_none_is_refused(
    door: Door, key: IngestKey, entry: Make, body: Body, number: bytes
) -> None:
    line = json.dumps(entry()).encode().replace(b"1250", number)
    assert [r.index for r in door.accept(body(line, entry()), key).rejected] == [0]


def test_bad_elements_of_an_array_are_refused_by_index(door: Door, key: IngestKey, entry: Make) -> None:
    receipt = door.accept(json.dumps([5, entry(), {}, entry(level="X")]).encode(), key)
    assert [(r.index, r.code) for r in receipt.rejected] == [
        (0, "invalid_field"),
        (2, "missing_field"),
        (3, "invalid_field"),
    ]


def test_blank_lines_are_no_events(door: Door, key: IngestKey, entry: Make, body: Body) -> None:
    receipt = door.accept(b"\n\r\n" + body(entry(), b" ", b"{}", entry()) + b"\n", key)
    assert (receipt.accepted, [r.index for r in receipt.rejected]) == (2, [1])


# ---- refusals of a request ----------------------------------------------------------------------------------------

WHOLE = {
    "nothing": (b"", "", "empty"),
    "blank lines": (b" \n\r\n", "", "empty"),
    "an empty array": (b"[]", "", "empty"),
    "prose": (b"hello there", "", "unparseable"),
    "a broken array": (b'[{"a": 1},', "", "unparseable"),
    "an array nested too deep": (b"[" * 10_000 + b"]" * 10_000, "", "unparseable"),
    "binary": (bytes(range(256)), "", "unparseable"),
    "gzip that is none": (b"hello", "gzip", "bad_compression"),
    "gzip cut off": (gzip.compress(b"{}" * 100)[:-4], "gzip", "bad_compression"),
    "gzip and more": (gzip.compress(b"{}") + b"more", "gzip", "bad_compression"),
    "gzip of very many members": (gzip.compress(b"{}") * 65, "gzip", "bad_compression"),
    "zstd that is none": (b"hello", "zstd", "bad_compression"),
    "zstd cut off": (zstandard.compress(b"{}" * 100)[:-4], "zstd", "bad_compression"),
    "zstd and more": (zstandard.compress(b"{}") + b"more", "zstd", "bad_compression"),
    "a gzip bomb": (gzip.compress(bytes(50_000_000)), "gzip", "too_large"),
    "a zstd bomb": (zstandard.compress(bytes(500_000_000)), "zstd", "too_large"),
    "a body over the limit": (b" " * (Limits().body + 1), "", "too_large"),
    "more lines than events may be": (b"{}\n" * (Limits().events + 1), "", "too_many_events"),
    "more elements than events may be": (b"[" + b"{}," * Limits().events + b"{}]", "", "too_many_events"),
    "an array of very many numbers": (b"[" + b"0," * 2_000_000 + b"0]", "", "too_many_events"),
    "an unknown encoding": (b"{}", "br", "unsupported_encoding"),
    "two encodings": (b"{}", "gzip, gzip", "unsupported_encoding"),
    "no event that can be": (b'{"a":1}\n{"b":2}', "", "none_acceptable"),
    "numbers": (b"1\n2\n", "", "none_acceptable"),
}


@pytest.mark.parametrize(("sent", "encoding", "code"), WHOLE.values(), ids=WHOLE)
def test_a_body_that_cannot_be_is_refused_whole(
    door: Door, key: IngestKey, stored: Stored, sent: bytes, encoding: str, code: str
) -> None:
    with pytest.raises(RejectedError) as refusal:
        door.accept(sent, key, encoding=encoding)
    assert (refusal.value.code, refusal.value.status) == (code, REQUEST_CODES[code][0])
    assert stored() == []


def test_a_key_of_another_service_is_forbidden(door: Door, key: IngestKey, entry: Make, body: Body) -> None:
    with pytest.raises(NoneAcceptableError) as refusal:
        door.accept(body(entry(service="a"), entry(service="b")), key)
    assert (refusal.value.status, refusal.value.code) == (403, "wrong_service")
    assert [r.index for r in refusal.value.rejected] == [0, 1]


def test_full_batches_are_taken(door: Door, any_key: IngestKey, entry: Make, body: Body) -> None:
    few = Door(door._journal, door.spec, door._clock, limits=Limits(events=3))
    assert few.accept(body(entry(), entry(), entry()), any_key).accepted == 3
    with pytest.raises(RejectedError, match="more than 3"):
        few.accept(body(entry(), entry(), entry(), entry()), any_key)


# ---- what is changed on the way -----------------------------------------------------------------------------------


def test_unknown_fields_are_dropped_and_counted(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored
) -> None:
    door.accept(
        body(entry({"argv": ["--password", "x"], "metadata.color": "blue", "metadata.fileCount": 7})), key
    )
    assert "argv" not in stored()[0]
    assert stored()[0]["metadata"] == {**entry()["metadata"], "fileCount": 7}
    assert door.counts().dropped_fields == {"argv": 1, "metadata.color": 1}


def test_names_of_unknown_fields_are_counted_without_secrets_and_escapes(
    door: Door, key: IngestKey, entry: Make, body: Body
) -> None:
    door.accept(
        body(entry({"a\x1b[31mb": 1, "x-ghp_" + "a1" * 18: 1, "metadata.x ghp_" + "b2" * 18: 1})), key
    )
    assert door.counts().dropped_fields == {"a[31mb": 1, "x-[redacted]": 1, "metadata.x [redacted]": 1}


def test_countless_unknown_fields_do_not_fill_the_memory(
    door: Door, key: IngestKey, entry: Make, body: Body
) -> None:
    door.accept(body(entry({f"x{n}": 1 for n in range(500)})), key)
    assert len(door.counts().dropped_fields) == 201
    assert sum(door.counts().dropped_fields.values()) == 500


def test_a_null_is_an_absent_field(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored
) -> None:
    assert (
        door.accept(body(entry({"error": None, "userId": None, "operation.template": None})), key).accepted
        == 1
    )
    assert "userId" not in stored()[0]


def test_of_a_key_that_comes_twice_the_last_counts(
    door: Door, key: IngestKey, entry: Make, stored: Stored
) -> None:
    door.accept(json.dumps(entry()).encode()[:-1] + b',"level":"WARN"}', key)
    assert stored()[0]["level"] == "WARN"


def test_a_services_list_of_fields_is_all_that_is_kept(
    door: Door, any_key: IngestKey, failing: Make, body: Body, stored: Stored
) -> None:
    door.accept(body(failing(service="frugal", command="generate")), any_key, address="192.0.2.1")
    found = stored()[0]
    assert found["userId"] == "user_abc123"
    assert not {"sessionId", "requestId", "command"} & set(found)
    assert found["metadata"] == {}
    kept = {"code": "TEMPLATE_NOT_FOUND", "message": "", "category": "user_errors"}
    assert found["error"] == {**kept, "fingerprint": fingerprint("", "")}


def test_a_new_spec_holds_for_what_comes_after(
    door: Door, any_key: IngestKey, entry: Make, body: Body, stored: Stored, spec: Spec
) -> None:
    door.spec = replace(spec, services={"unjucks-cli": spec.services["frugal"]})
    door.accept(body(entry()), any_key)
    assert "requestId" not in stored()[0]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2025-09-09T12:00:00Z", "2025-09-09T12:00:00.000Z"),
        ("2025-09-09T14:00:00.123456+02:00", "2025-09-09T12:00:00.123Z"),
        ("2025-09-09 12:00:00.000Z", "2025-09-09T12:00:00.000Z"),
        ("2025-W37-2T12:00:00.000Z", "2025-09-09T12:00:00.000Z"),
    ],
)
def test_every_time_is_kept_in_the_frameworks_form(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored, sent: str, kept: str
) -> None:
    door.accept(body(entry(timestamp=sent)), key)
    assert stored()[0]["timestamp"] == kept


@pytest.mark.parametrize(
    ("at", "flags"),
    [
        ("2025-08-10T12:00:05.000Z", None),
        ("2025-08-10T12:00:04.999Z", ["late"]),
        ("2025-09-09T12:05:05.000Z", None),
        ("2025-09-09T12:05:05.001Z", ["ahead"]),
    ],
)
def test_late_and_early_entries_are_flagged(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored, at: str, flags: list[str] | None
) -> None:
    door.accept(body(entry(timestamp=at)), key)
    assert stored()[0].get("flags") == flags


def test_texts_beyond_their_limit_are_cut_and_flagged(
    door: Door, key: IngestKey, failing: Make, body: Body, stored: Stored
) -> None:
    door.accept(body(failing({"error.message": "m" * 5_000, "error.stack": "s" * 40_000})), key)
    found = stored()[0]
    assert (len(found["error"]["message"]), len(found["error"]["stack"])) == (4_096, 32_768)
    assert found["flags"] == ["truncated"]


def test_stamps_that_a_client_sends_are_overwritten(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored
) -> None:
    false = {"receivedAt": "1999-01-01T00:00:00.000Z", "addressHash": "me", "flags": ["late"]}
    door.accept(body(entry(false)), key)
    assert stored()[0]["receivedAt"] == "2025-09-09T12:00:05.000Z"
    assert not {"addressHash", "flags"} & set(stored()[0])


def test_an_address_is_kept_as_a_hash_of_the_day(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored, clock: ManualClock
) -> None:
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        door.accept(body(entry()), key, address)
    clock.advance(days=1)
    door.accept(body(entry()), key, "192.0.2.1")
    first, again, other, tomorrow = (found["addressHash"] for found in stored())
    assert first == again
    assert len({first, other, tomorrow}) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", found) for found in (first, other, tomorrow))


def test_the_keys_user_type_overrides_the_clients(
    door: Door, entry: Make, body: Body, stored: Stored, key: IngestKey
) -> None:
    probe = IngestKey("p", "unjucks-cli", "service", "probe", key.created_at)
    door.accept(body(entry(userType="human"), entry(userType="service"), entry(category="security")), probe)
    assert [(e["userType"], e["category"]) for e in stored()] == [
        ("service", "performance"),
        ("service", "performance"),
        ("service", "security"),
    ]


def test_a_client_may_say_human_or_ci(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored
) -> None:
    door.accept(body(entry(), entry(userType="ci")), key)
    assert [e["userType"] for e in stored()] == ["human", "ci"]


CATEGORY = {
    "the spec's for a code it knows": ("PATH_ESCAPE", "user_errors", "critical_errors"),
    "the sender's for another": ("E404", "user_errors", "user_errors"),
    "a system error where neither says": ("E404", None, "system_errors"),
    "a system error where the sender's is none of the spec's": ("E404", "my_errors", "system_errors"),
}


@pytest.mark.parametrize(("code", "said", "kept"), CATEGORY.values(), ids=CATEGORY)
def test_an_errors_category_is(
    door: Door,
    key: IngestKey,
    failing: Make,
    body: Body,
    stored: Stored,
    code: str,
    said: str | None,
    kept: str,
) -> None:
    door.accept(body(failing({"error.code": code, "error.category": said})), key)
    assert stored()[0]["error"]["category"] == kept


def test_an_abandoned_run_needs_no_duration(door: Door, key: IngestKey, failing: Make, body: Body) -> None:
    lost = failing({"operation.duration": ..., "error.code": "ABANDONED"})
    assert door.accept(body(lost), key).accepted == 1


# ---- identity -----------------------------------------------------------------------------------------------------


def test_an_entry_without_an_id_gets_the_same_one_again(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored, clock: ManualClock
) -> None:
    door.accept(body(entry(eventId=...)), key, "192.0.2.1")
    clock.advance(hours=1)
    door.accept(json.dumps(entry(eventId=...), indent=1).encode(), key, "192.0.2.9")
    door.accept(body(entry(eventId=..., userId="somebody else")), key)
    first, again, other = (e["eventId"] for e in stored())
    assert first == again != other
    assert re.fullmatch("01992e58-de00-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)


def test_ids_are_kept_in_lower_case(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored
) -> None:
    door.accept(body(entry(eventId="01992E58-DE00-7000-8000-00000000000A")), key)
    assert stored()[0]["eventId"] == "01992e58-de00-7000-8000-00000000000a"


# ---- where it goes ------------------------------------------------------------------------------------------------


def test_each_category_and_day_has_its_stream(
    door: Door, key: IngestKey, entry: Make, body: Body, journal: Journal, clock: ManualClock
) -> None:
    door.accept(body(entry(), entry(category="security"), entry(category="audit")), key)
    clock.advance(days=1)
    door.accept(body(entry()), key)
    assert sorted(journal.ends()) == [
        "application/2025-09-09",
        "application/2025-09-10",
        "audit/2025-09-09",
        "security/2025-09-09",
    ]


def test_a_secret_is_no_name_of_a_service(door: Door, any_key: IngestKey, entry: Make, body: Body) -> None:
    receipt = door.accept(body(entry(), entry(service="AKIAQX7R2M4P9T6W8Z1B")), any_key)
    assert [(one.index, one.code) for one in receipt.rejected] == [(1, "invalid_field")]


def test_an_undeclared_service_may_come_with_the_decks_own_key(
    door: Door, any_key: IngestKey, entry: Make, body: Body
) -> None:
    receipt = door.accept(
        body(entry(service="terraform"), entry(service="../x"), entry(service="a b")), any_key
    )
    assert (receipt.accepted, [r.index for r in receipt.rejected]) == (1, [1, 2])


def test_what_happened_is_counted(door: Door, key: IngestKey, failing: Make, body: Body) -> None:
    door.accept(body(failing({"error.message": "Bearer abcdefghijkl"}), b"{}"), key)
    with pytest.raises(RejectedError):
        door.accept(b"", key)
    counts = door.counts()
    assert (counts.accepted, counts.redacted) == (1, 1)
    assert (counts.refused_events, counts.refused_requests) == ({"missing_field": 1}, {"empty": 1})
