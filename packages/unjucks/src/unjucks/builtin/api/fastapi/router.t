---
to: "app/routers/{{ name | plural | snake }}.py"
---
"""{{ name | plural | sentence }}, kept in memory: replace `store` by your database."""

from uuid import UUID, uuid4

from fastapi import APIRouter, HTTPException, status
from pydantic import BaseModel

router = APIRouter(prefix="/{{ name | plural | kebab }}", tags=["{{ name | plural | kebab }}"])


class {{ name | pascal }}Create(BaseModel):
    name: str


class {{ name | pascal }}({{ name | pascal }}Create):
    id: UUID


store: dict[UUID, {{ name | pascal }}] = {}


@router.get("")
def list_{{ name | plural | snake }}() -> list[{{ name | pascal }}]:
    return list(store.values())


@router.post("", status_code=status.HTTP_201_CREATED)
def create_{{ name | snake }}(wanted: {{ name | pascal }}Create) -> {{ name | pascal }}:
    created = {{ name | pascal }}(id=uuid4(), name=wanted.name)
    store[created.id] = created
    return created


@router.get("/{id}")
def read_{{ name | snake }}(id: UUID) -> {{ name | pascal }}:
    if id not in store:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "{{ name | sentence }} not found")
    return store[id]


@router.delete("/{id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_{{ name | snake }}(id: UUID) -> None:
    if store.pop(id, None) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "{{ name | sentence }} not found")
