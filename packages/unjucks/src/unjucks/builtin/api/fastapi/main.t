---
to: app/main.py
unless_exists: true
---
"""The application: one router per resource."""

from fastapi import FastAPI

from app.routers import {{ name | plural | snake }}

app = FastAPI()
app.include_router({{ name | plural | snake }}.router)


@app.get("/healthz")
def health() -> dict[str, str]:
    return {"status": "ok"}
