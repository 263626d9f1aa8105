---
to: "{{ name | kebab }}/pyproject.toml"
---
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{{ name | kebab }}"
version = "0.1.0"
description = {{ description | tojson }}
readme = "README.md"
requires-python = ">={{ python }}"
dependencies = []

[project.optional-dependencies]
dev = ["pytest"]

[project.scripts]
{{ name | kebab }} = "{{ name | snake }}.cli:main"

[tool.hatch.build.targets.wheel]
packages = ["src/{{ name | snake }}"]

[tool.pytest.ini_options]
pythonpath = ["src"]
