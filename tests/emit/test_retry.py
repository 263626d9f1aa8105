"""What is tried again, how long is waited, and what of it is in the event."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # test folders are no packages; policies.py stands beside

from policies import KEY, document

import opsdeck_emit
from opsdeck_emit import consent, policy, retrying

LIMITS = (3, 50, 1000, 2000)
DECIDED = {
    "the first failure of what may pass": ((True, 1, 0, LIMITS, 1.0), ("retry", 50)),
    "the second, after twice the wait": ((True, 2, 50, LIMITS, 1.0), ("retry", 100)),
    "the third is the last": ((True, 3, 150, LIMITS, 1.0), ("attempts", 0)),
    "what does not pass": ((False, 1, 0, LIMITS, 1.0), ("not_retryable", 0)),
    "a wait is a random part": ((True, 1, 0, LIMITS, 0.25), ("retry", 12)),
    "or nothing": ((True, 1, 0, LIMITS, 0.0), ("retry", 0)),
    "a wait has a longest": ((True, 9, 0, (10, 50, 1000, 2000), 1.0), ("retry", 1000)),
    "the budget of a run is kept to the ms": ((True, 1, 1950, LIMITS, 1.0), ("retry", 50)),
    "and not passed": ((True, 1, 1951, LIMITS, 1.0), ("budget", 0)),
    "a policy of one attempt": ((True, 1, 0, (1, 50, 1000, 2000), 1.0), ("attempts", 0)),
}


@pytest.mark.parametrize(("given", "decided"), DECIDED.values(), ids=DECIDED)
def test_another_attempt(given: Any, decided: tuple[str, int]) -> None:
    assert retrying.decide(*given) == decided


class Trouble(Exception):  # noqa: N818
    def __init__(self, **facts: object) -> None:
        self.__dict__ |= facts


SYSTEM = {"code": "DISK_SLOW", "category": "system_errors"}
ENDURED = {
    "a missing file": FileNotFoundError(2, "no"),
    "a file that may not be read": PermissionError(13, "no"),
    "a module that is missing": ModuleNotFoundError("no"),
    "an error of the system": Trouble(**SYSTEM),
    "one that says it may pass": Trouble(**SYSTEM, transient=True),
}
FINAL = {
    "an error of the user": Trouble(code="BAD_NAME", category="user_errors"),
    "a critical error": Trouble(code="TAMPERED", category="critical_errors"),
    "a critical error that says it may pass": Trouble(category="critical_errors", transient=True),
    "an error that says it stays": Trouble(**SYSTEM, transient=False),
    "a bug": KeyError("x"),
    "a reader that went away": BrokenPipeError(32, "gone"),
}


class Acts:
    """Fails with each of the given exceptions in turn, then gives 7."""

    def __init__(self, *failures: BaseException) -> None:
        self.left = list(failures)
        self.attempts = 0

    def __call__(self) -> int:
        self.attempts += 1
        if self.left:
            raise self.left.pop(0)
        return 7


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("failure", ENDURED.values(), ids=ENDURED)
def test_is_tried_again(failure: Exception) -> None:
    act = Acts(failure, failure)
    with opsdeck_emit.run("demo", "1.2.3", "x") as run:
        assert opsdeck_emit.retry(act, run, what="FILE_TROUBLE") == 7
    assert act.attempts == 3


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("failure", [*FINAL.values(), KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_is_not_tried_again(failure: BaseException) -> None:
    act = Acts(failure)
    with pytest.raises(type(failure)) as caught:
        opsdeck_emit.retry(act, opsdeck_emit.run("demo", "1.2.3", "x"), what="FILE_TROUBLE")
    assert (caught.value, act.attempts) == (failure, 1)


@pytest.mark.usefixtures("home")
def test_the_last_failure_goes_on_and_knows_no_earlier_one() -> None:
    failures = [OSError(5, "first"), OSError(5, "second"), OSError(5, "third")]
    with pytest.raises(OSError, match="third") as caught:
        opsdeck_emit.retry(Acts(*failures), opsdeck_emit.run("demo", "1.2.3", "x"), what="X")
    assert caught.value.__context__ is None


@pytest.mark.usefixtures("granted")
def test_a_success_shows_its_retries(events: Callable[[], list[Any]]) -> None:
    with opsdeck_emit.run("demo", "1.2.3", "x") as run:
        opsdeck_emit.retry(Acts(OSError(5, "io"), ImportError("m")), run, what="FILE_TROUBLE")
    [event] = events()
    assert event["operation"]["success"] is True
    retries = event["metadata"]["retries"]
    assert [one["code"] for one in retries] == ["FILE_TROUBLE", "MODULE_NOT_LOADED"]
    assert [one["waitMs"] <= most for one, most in zip(retries, (50, 100), strict=True)] == [True, True]


@pytest.mark.usefixtures("granted")
def test_a_run_without_retries_says_nothing_of_them(events: Callable[[], list[Any]]) -> None:
    with opsdeck_emit.run("demo", "1.2.3", "x") as run:
        opsdeck_emit.retry(Acts(), run, what="X")
    assert "retries" not in events()[0]["metadata"]


@pytest.mark.usefixtures("granted")
def test_the_list_of_retries_ends_and_the_budget_is_one_for_all(events: Callable[[], list[Any]]) -> None:
    failed = 0
    with opsdeck_emit.run("demo", "1.2.3", "x") as run:
        for _ in range(40):
            act = Acts(OSError(5, "io"))
            run.waited_ms = 0
            opsdeck_emit.retry(act, run, what="X")
            failed += act.attempts - 1
        run.waited_ms = LIMITS[-1] + 1
        with pytest.raises(OSError, match="io"):
            opsdeck_emit.retry(Acts(OSError(5, "io")), run, what="X")
    assert (failed, len(events()[0]["metadata"]["retries"])) == (40, 32)


def test_ctrl_c_ends_a_wait(tool: Callable[..., subprocess.CompletedProcess[str]], granted: Any) -> None:
    interrupt = "import time; time.sleep = lambda _: os.kill(os.getpid(), signal.SIGINT)"
    done = tool("opsdeck_emit.retry(lambda: os.stat('/nowhere'), run, what='X')", before=interrupt)
    assert done.returncode == -2


@pytest.fixture
def governed(granted: Path) -> Callable[..., None]:
    """Leave a policy of the deck with these lines for this user."""

    def leave(*lines: str) -> None:
        (granted / "url").write_text("http://127.0.0.1:9")
        (granted / "ingest.key").write_text(KEY + "\n")
        path = Path(policy.path("demo"))
        path.parent.mkdir(parents=True)
        path.write_bytes(document("demo", consent.identity()[0], *lines, now=time.time()))
        path.chmod(0o600)

    return leave


GOVERNED = {
    "a code that the policy lists, as often as it says": (("retry SLOW_DISK", "retry-limits 5 1 1 100"), 5),
    "a code that it does not list": (("retry OTHER_CODE", "retry-limits 5 1 1 100"), 1),
    "nothing where it lists no limits": (("retry SLOW_DISK",), 1),
}


@pytest.mark.parametrize(("lines", "attempts"), GOVERNED.values(), ids=GOVERNED)
def test_a_policy_decides(governed: Callable[..., None], lines: tuple[str, ...], attempts: int) -> None:
    governed(*lines)
    act = Acts(*[OSError(5, "io")] * 9)
    with pytest.raises(OSError, match="io"), opsdeck_emit.run("demo", "1.2.3", "x") as run:
        opsdeck_emit.retry(act, run, what="SLOW_DISK")
    assert act.attempts == attempts
