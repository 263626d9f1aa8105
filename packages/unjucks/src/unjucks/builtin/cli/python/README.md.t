---
to: "{{ name | kebab }}/README.md"
---
# {{ name | kebab }}

{{ description }}

    pip install --editable '.[dev]'
    {{ name | kebab }} --help
    pytest
