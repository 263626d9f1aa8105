---
to: app/main.py
inject: true
before: /^from app\.routers import |^app = FastAPI/
skip_if: /^from app\.routers import {{ name | plural | snake }}$/
---
from app.routers import {{ name | plural | snake }}
