"""Governance: what an auditor can check without trusting the deck."""
