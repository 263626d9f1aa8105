---
to: ".github/workflows/{{ name | kebab }}.yml"
---
name: {{ name | kebab }}

on:
  push:
    branches: [{{ branch }}]
  pull_request:

permissions:
  contents: read

concurrency:
  group: {% raw %}${{ github.workflow }}-${{ github.ref }}{% endraw %}

  cancel-in-progress: true

jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    strategy:
      fail-fast: false
      matrix:
{% if language == "python" %}
        python: ["3.11", "3.12", "3.13"]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: {% raw %}${{ matrix.python }}{% endraw %}

          cache: pip
      - run: python -m pip install --editable '.[dev]'
      - run: python -m pytest
{% else %}
        node: [20, 22]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: {% raw %}${{ matrix.node }}{% endraw %}

          cache: npm
      - run: npm ci
      - run: npm test
{% endif %}
