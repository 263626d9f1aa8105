---
to: "tests/test_{{ name | plural | snake }}.py"
---
from uuid import uuid4

from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


def test_a_created_{{ name | snake }}_can_be_read() -> None:
    created = client.post("/{{ name | plural | kebab }}", json={"name": "first"})
    assert created.status_code == 201
    assert client.get(f"/{{ name | plural | kebab }}/{created.json()['id']}").json() == created.json()
    assert created.json() in client.get("/{{ name | plural | kebab }}").json()


def test_a_deleted_{{ name | snake }}_is_gone() -> None:
    id = client.post("/{{ name | plural | kebab }}", json={"name": "first"}).json()["id"]
    assert client.delete(f"/{{ name | plural | kebab }}/{id}").status_code == 204
    assert client.get(f"/{{ name | plural | kebab }}/{id}").status_code == 404


def test_an_unknown_{{ name | snake }}_is_not_found() -> None:
    assert client.get(f"/{{ name | plural | kebab }}/{uuid4()}").status_code == 404


def test_a_{{ name | snake }}_needs_a_name() -> None:
    assert client.post("/{{ name | plural | kebab }}", json={}).status_code == 422
