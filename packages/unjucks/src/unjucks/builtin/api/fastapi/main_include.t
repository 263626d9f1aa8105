---
to: app/main.py
inject: true
after: app = FastAPI(
skip_if: "include_router({{ name | plural | snake }}.router)"
---
app.include_router({{ name | plural | snake }}.router)
