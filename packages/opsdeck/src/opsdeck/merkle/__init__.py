"""Merkle trees as RFC 6962 has them, in the formats of C2SP: leaves, roots, proofs, tiles, signed checkpoints. Pure."""
