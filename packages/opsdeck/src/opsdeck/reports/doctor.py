"""Is the deck itself well? In: its parts as they run. Out: a check each, with what to do where something is wrong.

It only looks. `Running` names what it looks at, so that nothing here knows how a deck is put together.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from opsdeck import timing
from opsdeck.collect.door import Door
from opsdeck.collect.journal import Journal
from opsdeck.collect.loader import Loader
from opsdeck.measure import figures
from opsdeck.model import Delivery, TickRun, Window
from opsdeck.probe import health
from opsdeck.stores.api import UNREADABLE, EventStore, StateStore, Transaction

State = Literal["ok", "warn", "fail", "unknown"]

ORDER: tuple[State, ...] = ("ok", "unknown", "warn", "fail")
DISK_LOW = 1_000_000_000  # bytes
LAG_HIGH = 64 * 1024 * 1024  # bytes: a minute of the fastest ingest that one machine acknowledges
OVERDUE = timedelta(minutes=2)  # as long as a crashed owner's claim may hold a tick up
DAY = timedelta(days=1)


class Periodic(Protocol):
    """A piece of periodic work."""

    @property
    def name(self) -> str: ...
    @property
    def every(self) -> timedelta: ...


class Running(Protocol):
    """What doctor looks at."""

    @property
    def home(self) -> Path: ...
    @property
    def events(self) -> EventStore: ...
    @property
    def state(self) -> StateStore: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def door(self) -> Door: ...
    @property
    def loader(self) -> Loader: ...
    @property
    def trouble(self) -> Mapping[str, str]: ...
    @property
    def ticks(self) -> Sequence[Periodic]: ...


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its state, what was found, and what to do ("" where nothing is to do)."""

    name: str
    title: str
    state: State
    text: str
    hint: str = ""


def doctor(deck: Running, now: datetime) -> tuple[Check, ...]:
    """Every check, in the order of the flow of an event."""
    with deck.state.begin(write=False) as tx:
        ticks, deliveries = tuple(_ticks(deck, tx, now)), _deliveries(tx)
    return (_ingest(deck), *ready(deck, now), _loader(deck, now), _space(deck), *ticks, deliveries)


def ready(deck: Running, now: datetime) -> tuple[Check, ...]:
    """The checks without which the deck can neither take events nor answer questions."""
    found = health.examine(health.dependencies(deck.events, deck.state, deck.home, now))
    return (_journal(deck), *map(_answer, found), *map(_broken, deck.trouble.items()))


def worst(checks: Sequence[Check]) -> State:
    """The gravest state among the checks."""
    return max((check.state for check in checks), key=ORDER.index, default="unknown")


def _broken(trouble: tuple[str, str]) -> Check:
    name, text = trouble
    state: State = "fail" if text else "ok"
    return Check(
        f"trouble_{name}",
        f"Loop {name}",
        state,
        text or "works again",
        "it is tried again every second" if text else "",
    )


def _answer(found: health.Health) -> Check:
    text = f"answers in {figures.say(round(found.duration, 1), 'ms')}" if found.ok else found.message
    hint = "" if found.ok else "look at the deck's output; is the disk full or the database gone?"
    return Check(
        found.name.replace(" ", "_"), found.name.capitalize(), "ok" if found.ok else "fail", text, hint
    )


def _ingest(deck: Running) -> Check:
    counts = deck.door.counts()
    refused = {**counts.refused_requests, **counts.refused_events}
    said = f"{counts.accepted:,} events accepted since the start"
    if counts.redacted:
        said += f", secrets taken out of {counts.redacted:,}"
    if counts.dropped_fields:
        said += f"; fields left out: {', '.join(sorted(counts.dropped_fields))}"
    if not refused:
        return Check("ingest", "Ingest", "ok", said)
    reasons = ", ".join(f"{code} {number:,}" for code, number in sorted(refused.items()))
    return Check(
        "ingest", "Ingest", "warn", f"{said}; refused: {reasons}", "docs/ingest.md says what each code means"
    )


def _journal(deck: Running) -> Check:
    standing = deck.journal.standing()
    if standing.trouble:
        return Check("journal", "Journal", "fail", standing.trouble, f"free some disk under {deck.home}")
    text = f"{standing.kept:,} bytes kept, {standing.waiting:,} waiting for the disk"
    return Check("journal", "Journal", "ok", text)


def _loader(deck: Running, now: datetime) -> Check:
    lag = deck.loader.lag()
    unreadable = sum(sample.value for sample in deck.events.samples(UNREADABLE, "", Window.last(DAY, now)))
    if lag > LAG_HIGH:
        return Check(
            "loader",
            "Loader",
            "warn",
            f"{lag:,} bytes behind the journal",
            "it catches up when ingest slows down",
        )
    if unreadable:
        text = f"{unreadable:,.0f} lines of the journal could not be read in the last day"
        return Check(
            "loader",
            "Loader",
            "warn",
            text,
            "they are still in the journal: opsdeck rebuild reads them again",
        )
    return Check("loader", "Loader", "ok", f"{lag:,} bytes behind the journal")


def _space(deck: Running) -> Check:
    free = shutil.disk_usage(deck.home).free
    low = free < DISK_LOW
    return Check(
        "space",
        "Disk space",
        "warn" if low else "ok",
        f"{free / 1e9:,.1f} GB free under {deck.home.name}",
        "free some" if low else "",
    )


def _ticks(deck: Running, tx: Transaction, now: datetime) -> Iterator[Check]:
    for tick in deck.ticks:
        name, title = f"tick_{tick.name}", f"Tick {tick.name}"
        last = tx.get(TickRun, tick.name)
        if last is None or last.last_at is None:
            yield Check(name, title, "unknown", "has not run yet", f"it runs every {timing.say(tick.every)}")
        elif last.error:
            yield Check(
                name,
                title,
                "fail",
                f"failed at {timing.iso(last.last_at)}: {last.error}",
                "it is tried again when due",
            )
        elif now - last.due_at > OVERDUE:
            yield Check(
                name,
                title,
                "warn",
                f"last ran at {timing.iso(last.last_at)}, overdue",
                "is the deck busy or stopped?",
            )
        else:
            yield Check(
                name, title, "ok", f"last ran at {timing.iso(last.last_at)}, every {timing.say(tick.every)}"
            )


def _deliveries(tx: Transaction) -> Check:
    failed = tx.find(Delivery, status="failed")
    waiting = tx.find(Delivery, status="pending")
    text = f"{len(waiting):,} waiting, {len(failed):,} failed for good"
    if not failed:
        return Check("notifications", "Notifications", "ok", text)
    latest = max(failed, key=lambda delivery: delivery.created_at)
    hint = f"opsdeck alerts explain {latest.alert}"
    return Check(
        "notifications",
        "Notifications",
        "warn",
        f"{text}; the latest over {latest.channel}: {latest.error}",
        hint,
    )
