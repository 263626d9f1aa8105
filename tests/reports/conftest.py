"""Stories to report on."""

from collections.abc import Callable

import pytest

from opsdeck import spec
from opsdeck.spec.model import Spec
from opsdeck.testing import Load, Story, failing, given, probes, runs


@pytest.fixture(scope="session")
def shipped() -> Spec:
    return spec.load(None)


@pytest.fixture
def story(shipped: Spec) -> Callable[..., Story]:
    """A story of the shipped spec's service that has come to 12:30."""

    def tell(*loads: Load, until: str = "12:30", service: str = "") -> Story:
        return given(shipped, *loads, service=service).at(until)

    return tell


@pytest.fixture
def busy(story: Callable[..., Story]) -> Story:
    """Half an hour: ten runs a minute of which three fail, probes that are well but for two minutes."""
    return story(
        probes(every="1 minute", until="12:20"),
        probes(failing, every="1 minute", at="12:20", until="12:22"),
        probes(every="1 minute", at="12:22", until="12:30"),
        probes(every="1 minute", until="12:30", operation="health_check", duration=2.0),
        runs(7, every="1 minute", until="12:30", session="sess_2", user="user_2"),
        runs(3, failing, every="1 minute", until="12:30", template="component/vue", duration=900),
    )
