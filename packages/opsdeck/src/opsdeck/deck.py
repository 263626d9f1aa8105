"""The composition root: a home folder, a spec and a clock in, a Deck out with every port bound and every tick listed.

Nothing below knows how it is put together; nothing above opens a store by itself.
"""

import fcntl
import json
import os
import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from opsdeck import alerts, detect, faults, spec
from opsdeck.collect.door import Door
from opsdeck.collect.journal import Damage, Journal
from opsdeck.collect.limit import Intake
from opsdeck.collect.loader import Loader
from opsdeck.collect.scans import tick as scans
from opsdeck.detect import habits
from opsdeck.errors import UsageError
from opsdeck.govern import audit
from opsdeck.identity import access, keys
from opsdeck.identity.keys import Keyring
from opsdeck.measure import host
from opsdeck.model import Change, Detection, IngestKey, Setting, TickRun
from opsdeck.probe import health
from opsdeck.probe import tick as probe
from opsdeck.reports import services
from opsdeck.respond import enforce, notify
from opsdeck.respond.channels import Channel, build
from opsdeck.spec import Difference
from opsdeck.spec.model import Spec
from opsdeck.stores.api import EventStore, StateStore
from opsdeck.stores.events import open_events
from opsdeck.stores.state import open_state
from opsdeck.timing import Clock, SystemClock

LEASE = timedelta(minutes=2)  # longer than a tick should take; a crashed owner's work is free after it
NOTIFY_EVERY = timedelta(seconds=1)
DETECT_EVERY = timedelta(seconds=1)
HABITS_EVERY = timedelta(minutes=5)
RETRY = timedelta(seconds=1)  # between two attempts on a store that fails
SAMPLE_EVERY = timedelta(seconds=10)
FAULTS_EVERY = timedelta(seconds=2)
AUDIT_EVERY = timedelta(seconds=5)  # how long a change may be in the log before it is signed
SCANS_EVERY = timedelta(minutes=1)  # how late a waiver may end
LOCAL = "local"
SPEC_IN_FORCE = "spec"
RULES_IN_FORCE = "rules"


@dataclass(frozen=True, slots=True)
class Tick:
    """A piece of periodic work: idempotent, given `now`, returns how much it did."""

    name: str
    every: timedelta
    run: Callable[[datetime], int]


@dataclass
class Deck:
    """A running deck. `spec` is the one in force and changes with `apply`; the ports stay for its lifetime."""

    home: Path
    spec_path: Path | None
    spec: Spec
    clock: Clock
    events: EventStore
    state: StateStore
    journal: Journal
    door: Door
    loader: Loader
    keyring: Keyring
    standing: enforce.Standing
    channels: Mapping[str, Channel]
    sample: Callable[[datetime], int]
    rules: tuple[detect.Rule, ...]
    owner: str
    trouble: dict[str, str] = field(default_factory=dict)
    """What does not work at the moment, by tick: kept in memory, for the state store may be what is gone."""
    announced: int = 0
    """How many detections the last tick handed in: the alerts on them are looked at by the next, not by their turn."""

    @classmethod
    def open(cls, home: Path, spec_path: Path | None = None, clock: Clock | None = None) -> "Deck":
        """Open the deck of `home`. Raises SpecError, DamagedError, OSError; takes no lock (see `only_one`)."""
        clock = clock or SystemClock()
        loaded = spec.load(spec_path)
        rules = detect.load(loaded.framework, spec_path)
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        state = open_state(os.environ.get("OPSDECK_STATE") or f"sqlite:///{home / 'state.db'}")
        events = open_events(
            os.environ.get("OPSDECK_EVENTS") or f"duckdb:///{home / 'events.duckdb'}", loaded.edges
        )
        journal = Journal(home / "journal")
        standing = enforce.Standing(state)
        standing.refresh(clock.now())
        deck = cls(
            home=home,
            spec_path=spec_path,
            spec=loaded,
            clock=clock,
            events=events,
            state=state,
            journal=journal,
            door=Door(journal, loaded, clock, state, intake=Intake(lambda: standing.restricted)),
            loader=Loader(journal, events),
            keyring=Keyring(state),
            standing=standing,
            channels=build(loaded.channels, home),
            sample=host.sampler(events),
            rules=rules,
            owner=f"{socket.gethostname()}:{home}",
        )
        deck._log_damage(journal.damage)
        deck._log_spec("opened", actor=deck.owner)
        deck._log_rules("opened", actor=deck.owner)
        return deck

    def close(self) -> None:
        """Load what is journaled, then release every file."""
        self.loader.tick()
        self.journal.close()
        self.events.close()
        self.state.close()

    # ---- the spec in force --------------------------------------------------------------------------------------

    def apply(self, actor: str) -> list[Difference]:
        """Read the spec again and put it in force as a logged change. Raises SpecError and keeps the old one.

        Raises UsageError where the deck runs on the spec as shipped: there is no file to read again.
        """
        if self.spec_path is None:
            raise UsageError(
                "this deck runs on the spec as shipped, not on a file",
                hint="stop it, then: opsdeck up --spec operations.yaml",
            )
        loaded = spec.load(self.spec_path)
        rules = detect.load(loaded.framework, self.spec_path)
        changed = spec.diff(self.spec, loaded)
        self.rules = rules
        self.channels = build(loaded.channels, self.home)
        self.spec = self.door.spec = loaded
        self._log_spec("applied", actor)
        return [*changed, *self._log_rules("applied", actor)]

    def _log_spec(self, reason: str, actor: str) -> None:
        with self.state.begin() as tx:
            known = tx.get(Setting, SPEC_IN_FORCE)
            old = known.value if known else ""
            if old != self.spec.digest:
                tx.put(Setting(SPEC_IN_FORCE, self.spec.digest))
                tx.append(
                    Change("spec", "operations.yaml", old, self.spec.digest, reason, actor), self.clock.now()
                )

    def _log_rules(self, reason: str, actor: str) -> list[Difference]:
        """Which files of detection rules are not what they were; one row says so."""
        files = detect.digests(self.spec.framework, self.spec_path)
        with self.state.begin() as tx:
            known = tx.get(Setting, RULES_IN_FORCE)
            before: dict[str, str] = json.loads(known.value) if known else {}
            changed = [
                Difference(f"security.rules: {name}", before.get(name, ""), files.get(name, ""))
                for name in sorted(before.keys() | files.keys())
                if before.get(name) != files.get(name)
            ]
            if changed:
                tx.put(Setting(RULES_IN_FORCE, json.dumps(files)))
                data = {one.path: {"old": one.old, "new": one.new} for one in changed}
                new = f"{len(files)} files, {len(changed)} changed"
                old = f"{len(before)} files" if known else ""
                change = Change("rules", "security.rules", old, new, reason, actor, data)
                tx.append(change, self.clock.now())
        return changed

    # ---- periodic work ------------------------------------------------------------------------------------------

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """All periodic work of this deck, intervals from the spec in force."""
        probes = min(
            (s.probe_every for s in self.spec.services.values() if s.probes), default=timedelta(minutes=1)
        )
        return (
            Tick("evaluate", self.spec.evaluate_every, self._evaluate),
            Tick("faults", FAULTS_EVERY, self._faults),
            Tick("detect", DETECT_EVERY, self._detect),
            Tick("habits", HABITS_EVERY, self._habits),
            Tick("notify", NOTIFY_EVERY, self._notify),
            Tick("probe", probes, self._probe),
            Tick("sample", SAMPLE_EVERY, self.sample),
            Tick("scans", SCANS_EVERY, lambda now: scans.tick(self.state, self.events, now)),
            Tick("audit", AUDIT_EVERY, lambda now: audit.tick(self.state, self.home, self.owner, now)),
        )

    def tick(self, name: str) -> Tick:
        """The tick of that name, as the spec in force has it."""
        return next(tick for tick in self.ticks if tick.name == name)

    def run_due(self, tick: Tick, now: datetime) -> timedelta:
        """Run the tick if it is due and nobody else has it; returns how long to wait before asking again.

        Never raises: what breaks is in `trouble`, in doctor and in the log, and is tried again.
        """
        try:
            wait = self._turn(tick, now)
        except health.FAILURES as error:
            self._note(tick.name, f"{type(error).__name__}: {error}")
            return max(tick.every, RETRY)
        self._note(tick.name, "")
        return wait

    def _turn(self, tick: Tick, now: datetime) -> timedelta:
        with self.state.begin() as tx:
            last = tx.get(TickRun, tick.name) or TickRun(tick.name, due_at=now)
            if now < last.due_at <= now + tick.every:  # further away: the clock was set back since
                return last.due_at - now
            tx.put(last)
            if not tx.claim(TickRun, tick.name, self.owner, now, LEASE):
                return tick.every
        result, error = self._run(tick, now)
        with self.state.begin() as tx:
            tx.put(TickRun(tick.name, now + tick.every, now, result, error))
        return now + tick.every - self.clock.now()

    def _run(self, tick: Tick, now: datetime) -> tuple[int, str]:
        try:
            return tick.run(now), ""
        except Exception as error:  # noqa: BLE001  the edge of a tick; doctor shows what broke
            return 0, f"{type(error).__name__}: {error}"

    def load(self, wait: timedelta) -> timedelta:
        """Wait for the journal and move what is new into the event store; returns how long to wait before the next
        attempt: nothing, unless the store fails. Never raises, like `run_due`."""
        self.loader.wait(wait / timedelta(seconds=1))
        _, trouble = self._run(Tick("load", RETRY, lambda _: self.loader.tick()), self.clock.now())
        self._note("load", trouble)
        _, stale = self._run(Tick("standing", RETRY, self.standing.keep), self.clock.now())
        self._note("standing", stale)
        self._log_damage(self.journal.damage)
        return RETRY if trouble else timedelta(0)

    def _note(self, name: str, trouble: str) -> None:
        """Remember what broke, or that it works again; the change is a row in the log once the log can be written."""
        old = self.trouble.get(name, "")
        if trouble == old:
            return
        self.trouble[name] = trouble
        self._log(Change("trouble", name, old, trouble, trouble or "works again", self.owner))

    def _log(self, change: Change) -> bool:
        try:
            with self.state.begin() as tx:
                tx.append(change, self.clock.now())
        except health.FAILURES:
            return False
        return True

    def _evaluate(self, now: datetime) -> int:
        return alerts.tick(self.state, self.events, services.watched(self.events, self.spec, now), now)

    def _faults(self, now: datetime) -> int:
        return faults.tick(self.state, self.events, services.watched(self.events, self.spec, now), now)

    def _detect(self, now: datetime) -> int:
        watched = services.names(self.events, self.spec, now, services.DAY)
        found = detect.tick(self.state, self.events, watched, self.rules, self.spec.framework, now)
        enforced = enforce.tick(self.state, self.spec.framework, now)
        self.standing.refresh(now)
        changed = (
            self._evaluate(now) if self.announced else 0
        )  # what was announced a tick ago is loaded by now
        self.announced = detect.announce(self.state, self.door.accept, now)
        return found + enforced + changed + self.announced

    def _habits(self, now: datetime) -> int:
        framework = self.spec.framework
        found = 0
        for name in services.names(self.events, self.spec, now, services.DAY):
            with self.state.begin(write=False) as tx:
                judged = tx.find(Detection, service=name)
            hits = habits.look(self.events, judged, name, framework.baseline, now, lately=2 * HABITS_EVERY)
            found += detect.learned(self.state, name, hits, framework, now)
        return found

    def _notify(self, now: datetime) -> int:
        return notify.plan(self.state, self.spec, now) + notify.send(
            self.state, self.channels, self.owner, now
        )

    def _probe(self, now: datetime) -> int:
        checks = health.dependencies(self.events, self.state, self.home, now)
        key = IngestKey("probe", "*", "service", "probe", now)
        return probe.tick(
            self.spec.services.values(),
            checks,
            lambda body: self.door.accept(body, key),
            self.home / "probe",
            now,
        )

    def _log_damage(self, damage: deque[Damage]) -> None:
        while damage:
            found = damage[0]
            if not self._log(
                Change("journal", found.stream, "sound", "damaged", found.reason, self.owner, found.data())
            ):
                return
            damage.popleft()

    # ---- how the local machine finds it -------------------------------------------------------------------------

    def leave_keys(self, url: str) -> None:
        """Leave the URL, a write-only ingest key and an operator token in the home, mode 0600 each.

        The ingest key is kept from run to run, so that spooled events of a stopped deck still get in.
        """
        now = self.clock.now()
        path = self.home / "ingest.key"
        with self.state.begin() as tx:
            if not path.exists() or keys.find(tx, path.read_text().strip()) is None:
                _write_private(path, keys.mint(tx, "*", "", LOCAL, now))
            _write_private(self.home / "operator.token", access.token(tx, LOCAL, now))
        _write_private(self.home / "url", url)

    def take_url_away(self) -> None:
        """So that commands say at once that no deck is running."""
        (self.home / "url").unlink(missing_ok=True)

    def link(self) -> str:
        """A fresh sign-in link's secret: single use, five minutes."""
        with self.state.begin() as tx:
            return access.link(tx, LOCAL, self.clock.now())


def _write_private(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    fresh.replace(path)


@contextmanager
def only_one(home: Path) -> Iterator[bool]:
    """Hold the home's lock for the block; False where another process has it."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "deck.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
