---
to: app/routers/__init__.py
unless_exists: true
---
