"""The webhook channel against a real HTTP server: what it sends, what it makes of the answer."""

import hashlib
import hmac
import json
import threading
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from receivers import Hook, free_port

from opsdeck.errors import DeliveryError, UsageError
from opsdeck.model import Delivery
from opsdeck.respond.channels import build, webhook
from opsdeck.spec.model import Channel

NOW = datetime(2025, 9, 9, 12, 5, tzinfo=UTC)


def delivery(key: str = "7/hook/engineer@company.com") -> Delivery:
    said = {"title": "FIRING", "text": "it fires", "status": "firing", "fired_seq": 7}
    return Delivery(key, 7, "cli/x", "hook", "engineer@company.com", said, "pending", NOW, 0, "", NOW)


def send(hook: Hook, home: Path, one: Delivery | None = None, **settings: str) -> None:
    declared = Channel("hook", "webhook", {"url": hook.url, **settings})
    build([declared], home)["hook"].deliver(one or delivery(), NOW)


def test_it_posts_the_payload_as_json(hook: Hook, tmp_path: Path) -> None:
    send(hook, tmp_path)
    headers, body = hook.requests[0]
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["text"] == "it fires"
    assert json.loads(body)["delivery"] == "7/hook/engineer@company.com"


def test_a_repeat_carries_the_same_key_in_headers_and_body(hook: Hook, tmp_path: Path) -> None:
    send(hook, tmp_path)
    send(hook, tmp_path)
    keys = {(h["idempotency-key"], h["webhook-id"], json.loads(body)["id"]) for h, body in hook.requests}
    assert len(keys) == 1
    assert len(set(keys.pop())) == 1


def test_another_delivery_carries_another_key(hook: Hook, tmp_path: Path) -> None:
    send(hook, tmp_path)
    send(hook, tmp_path, delivery("8/hook/engineer@company.com"))
    assert len({headers["idempotency-key"] for headers, _ in hook.requests}) == 2


@pytest.mark.parametrize(
    ("secret", "key"),
    [("plain words", b"plain words"), ("whsec_" + b64encode(b"raw key").decode(), b"raw key")],
    ids=["a plain secret", "a secret as Standard Webhooks writes it"],
)
def test_the_signature_is_over_id_timestamp_and_body(
    hook: Hook, tmp_path: Path, secret: str, key: bytes
) -> None:
    (tmp_path / "hook.secret").write_text(secret + "\n")
    send(hook, tmp_path, secret_file="hook.secret")
    headers, body = hook.requests[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    version, _, signature = headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert b64decode(signature) == hmac.digest(key, signed, hashlib.sha256)


def test_the_timestamp_is_the_moment_of_sending(hook: Hook, tmp_path: Path) -> None:
    send(hook, tmp_path)
    assert hook.requests[0][0]["webhook-timestamp"] == str(int(NOW.timestamp()))


def test_without_a_secret_nothing_is_signed(hook: Hook, tmp_path: Path) -> None:
    send(hook, tmp_path)
    assert "webhook-signature" not in hook.requests[0][0]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (503, False), (408, False), (425, False), (429, False),
     (400, True), (401, True), (404, True), (410, True), (301, True), (307, True)],
)  # fmt: skip
def test_which_answers_are_permanent(hook: Hook, tmp_path: Path, status: int, permanent: bool) -> None:
    hook.answers = [status]
    with pytest.raises(DeliveryError, match=str(status)) as caught:
        send(hook, tmp_path)
    assert caught.value.permanent is permanent


def test_redirects_are_not_followed(hook: Hook, tmp_path: Path) -> None:
    hook.answers = [307]
    with pytest.raises(DeliveryError, match="redirects are not followed"):
        send(hook, tmp_path)
    assert len(hook.requests) == 1


def test_a_receiver_that_does_not_answer_in_time_is_tried_again(hook: Hook, tmp_path: Path) -> None:
    hook.hold = threading.Event()
    with pytest.raises(DeliveryError, match=r"no answer within 0\.2 s") as caught:
        send(hook, tmp_path, timeout="200 ms")
    assert caught.value.permanent is False


def test_a_receiver_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    dead = Hook(url=f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(DeliveryError, match="webhook") as caught:
        send(dead, tmp_path)
    assert caught.value.permanent is False


def test_a_target_with_any_letters_is_safe_in_a_header(hook: Hook, tmp_path: Path) -> None:
    send(hook, tmp_path, delivery("7/hook/zoë\r\nX-Evil: 1"))
    assert "x-evil" not in hook.requests[0][0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "lacks its setting 'url'"),
        ({"url": "file:///etc/passwd"}, "neither http:// nor https://"),
        ({"url": "http://x", "secret_file": "none"}, "cannot read"),
    ],
    ids=["no url", "a file", "a secret that is not there"],
)
def test_settings_that_cannot_work_say_so(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        webhook.build(settings, tmp_path)


def test_a_secret_that_is_no_base64_says_so(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("whsec_!!")
    with pytest.raises(UsageError, match="base64"):
        webhook.build({"url": "http://x", "secret_file": "s"}, tmp_path)
