---
to: app/__init__.py
unless_exists: true
---
