"""The OpenMetrics 1.0 text format. In: families of samples. Out: the text, ended by `# EOF`.

Source: OpenMetrics specification, text format (IETF draft-richih-opsawg-openmetrics). It must not know what is measured.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

Kind = Literal["counter", "gauge", "histogram", "stateset", "info"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One line: the suffix after the family's name (`_total`, `_bucket`, …), its labels and its value."""

    suffix: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """Samples of one name. `unit` is also the end of the name, as the format wants it; "" for none."""

    name: str
    kind: Kind
    help: str
    samples: tuple[Sample, ...] = field(default=())
    unit: str = ""


def text(families: Iterable[Family]) -> str:
    """All families; those without samples are left out, so that unknown is absent and never NaN."""
    lines: list[str] = []
    for family in families:
        if family.samples:
            lines += _head(family)
            lines += [_line(family.name, sample) for sample in family.samples]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _head(family: Family) -> list[str]:
    unit = [f"# UNIT {family.name} {family.unit}"] if family.unit else []
    return [f"# TYPE {family.name} {family.kind}", *unit, f"# HELP {family.name} {_escaped(family.help)}"]


def _line(name: str, sample: Sample) -> str:
    labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in sample.labels.items())
    return (
        f"{name}{sample.suffix}{{{labels}}} {number(sample.value)}"
        if labels
        else f"{name}{sample.suffix} {number(sample.value)}"
    )


def number(value: float) -> str:
    """A whole number without a point, anything else in full; infinity as the format spells it."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
