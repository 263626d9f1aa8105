---
to: "{{ dir }}/{{ number | pad(4) }}-{{ name | lower | kebab }}.md"
---
# {{ number }}. {{ name[:1] | upper }}{{ name[1:] }}

Status: {{ status }}

## Context

What is the problem, and what limits the answer?

## Options

1. …
2. …

## Decision

We will …

## Consequences

What becomes easier, what becomes harder, and how we will notice if this was wrong?
