"""The wire form: what YAML may say, section by section. Strict, and free of meaning beyond each single value.

document.py    a whole spec            framework.py   the sections of the whole house
service.py     what services inherit   base.py        strict maps and phrases
"""

from opsdeck.spec.wire.document import INHERITED, Channel, Document

__all__ = ["INHERITED", "Channel", "Document"]
