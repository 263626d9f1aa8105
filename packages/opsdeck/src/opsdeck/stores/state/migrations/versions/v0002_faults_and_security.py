"""Error groups, security events and what they led to, entitlements, vulnerabilities."""

from opsdeck.stores.state.migrations.columns import record

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    record(
        "fault",
        text="service code template user_type title place status first_version last_version resolved_in resolved_by note",
        time="first_seen last_seen resolved_at? regressed_at?",
    )
    record(
        "fault_member",
        text="service code template user_type fingerprint fault reason",
        time="at",
        indexed="fault",
    )
    record(
        "detection",
        text="service event rule subject_kind subject action detail verdict reviewed_by note",
        whole="count",
        json="data",
        time="at first_at last_at reviewed_at?",
        indexed="verdict",
    )
    record(
        "restriction",
        text="service kind subject_kind subject reason detection lifted_by lift_reason",
        whole="step",
        time="since until lifted_at?",
        indexed="subject",
    )
    record("entitlement", text="service subject feature actor reason", time="at until?")
    record(
        "scan",
        text="service tool format source digest actor",
        whole="findings critical",
        time="made_at? imported_at",
    )
    record(
        "finding",
        text="service package version id severity title fixed_in status",
        real="score?",
        json="ids tools",
        time="first_seen last_seen",
        indexed="service",
    )
    record(
        "waiver",
        text="service vulnerability package kind status justification source actor",
        time="at until?",
    )
