---
to: "{{ name | kebab }}/src/{{ name | snake }}/__init__.py"
---
"""{{ description | replace('"', "'") }}"""

__version__ = "0.1.0"
