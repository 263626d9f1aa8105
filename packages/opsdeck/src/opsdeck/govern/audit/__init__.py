"""The audit log: a Merkle tree over the log, signed checkpoints, exports and proofs.

In: the log's rows. Out: tiles, checkpoints, and texts that a verifier reads. It must not know what the rows mean.
"""

from opsdeck.govern.audit.export import export
from opsdeck.govern.audit.proving import extension, inclusion
from opsdeck.govern.audit.tick import tick
from opsdeck.govern.audit.tree import Standing, standing
from opsdeck.govern.audit.witness import Witness

__all__ = ["Standing", "Witness", "export", "extension", "inclusion", "standing", "tick"]
