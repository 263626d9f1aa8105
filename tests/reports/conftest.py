"""Stories to report on."""

from collections.abc import Callable, Sequence

import pytest

from opsdeck import spec
from opsdeck.spec.model import Spec
from opsdeck.testing import Load, Story, failing, given, probes, runs


@pytest.fixture(scope="session")
def shipped() -> Spec:
    return spec.load(None)


def tell(spec: Spec, loads: Sequence[Load], until: str, looks: str = "") -> Story:
    """A story of the spec's first service, come to `until`; its rules are looked at from `looks` on."""
    story = given(spec, *loads)
    return (story.jump(looks) if looks else story).at(until)


@pytest.fixture
def story(shipped: Spec) -> Callable[..., Story]:
    """Tells a story until 12:30; its rules are looked at in the last minutes, unless told otherwise."""
    return lambda *loads, until="12:30", looks="12:29": tell(shipped, loads, until, looks)


BUSY = (
    probes(every="1 minute", until="12:20"),
    probes(failing, every="1 minute", at="12:20", until="12:22"),
    probes(every="1 minute", at="12:22", until="12:30"),
    probes(every="1 minute", until="12:30", operation="health_check", duration=2.0),
    runs(7, every="1 minute", until="12:30", session="sess_2", user="user_2"),
    runs(3, failing, every="1 minute", until="12:30", template="component/vue", duration=900),
)


@pytest.fixture(scope="session")
def busy(shipped: Spec) -> Story:
    """Half an hour: ten runs a minute of which three fail, probes that are well but for two minutes. To look at only."""
    return tell(shipped, BUSY, "12:30", "12:14")


@pytest.fixture
def mine(shipped: Spec) -> Story:
    """The same half an hour, to change; only its last minutes are looked at."""
    return tell(shipped, BUSY, "12:30", "12:24")
