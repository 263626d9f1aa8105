"""What telemetry costs an embedded CLI: medians of interleaved runs beside a bare interpreter.

In: a number of rounds. Out: JSON figures in ms. Run: `python bench/emit.py --json [ROUNDS]`.

    bare     python -c pass                          import   python -c "import opsdeck_emit"
    off      a tool with one run, DO_NOT_TRACK=1     on       the same with consent, a deck and a living shipper
    first    the same as `on`, but nobody ships yet: the run starts the shipper
"""

import contextlib
import http.server
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opsdeck_emit import consent, launch

ROUNDS = 40
Cost = tuple[float, float]  # wall and processor time in ms; the second holds on a busy machine too
TOOL = """
import opsdeck_emit
with opsdeck_emit.run("bench", "1.2.3", "generate", environment="production") as run:
    run.operation("template_generation", "component/react", "Button")
    with run.phase("render"):
        pass
    run.metadata(fileCount=3, outputSize=2048, dryRun=False)
"""


def measure(rounds: int) -> dict[str, Any]:
    """Medians in ms, and what they come to. The first round, which writes the byte code, does not count."""
    with tempfile.TemporaryDirectory() as folder, deck(Path(folder)) as received:
        environment = _environment(folder)
        script = Path(folder) / "tool.py"
        script.write_text(TOOL)
        off = {**environment, "DO_NOT_TRACK": "1"}
        plans = {
            "bare": (["-c", "pass"], environment),
            "import": (["-c", "import opsdeck_emit"], environment),
            "off": ([str(script)], off),
            "on": ([str(script)], environment),
        }
        times: dict[str, list[Cost]] = {name: [] for name in [*plans, "first"]}
        for number in range(rounds + 1):
            _end_shipper(folder)
            times["first"].append(_timed([str(script)], environment))
            received.wait(number * 2 + 1)  # the shipper is up, and idle again
            for name, (arguments, variables) in plans.items():
                times[name].append(_timed(arguments, variables))
            received.wait(number * 2 + 2)
        _end_shipper(folder)
    walls, cpus = (
        {name: statistics.median(cost[i] for cost in costs[1:]) for name, costs in times.items()}
        for i in (0, 1)
    )
    return {
        **{f"{name}_ms": round(value, 3) for name, value in walls.items()},
        "import_minus_bare_ms": round(walls["import"] - walls["bare"], 3),
        "telemetry_on_minus_off_ms": round(walls["on"] - walls["off"], 3),
        "telemetry_on_minus_off_cpu_ms": round(cpus["on"] - cpus["off"], 3),
        "telemetry_first_minus_off_ms": round(walls["first"] - walls["off"], 3),
        "telemetry_on_minus_bare_cpu_ms": round(cpus["on"] - cpus["bare"], 3),
        "on_to_bare": round(walls["on"] / walls["bare"], 3),
        "rounds": rounds,
    }


class Received:
    """How many events have come."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.events = 0

    def add(self, events: int) -> None:
        with self.changed:
            self.events += events
            self.changed.notify_all()

    def wait(self, events: int) -> None:
        with self.changed:
            if not self.changed.wait_for(lambda: self.events >= events, timeout=60):
                raise TimeoutError(f"{self.events} of {events} events came")


@contextmanager
def deck(folder: Path) -> Iterator[Received]:
    """A collector that takes everything, as the home's local deck."""
    received = Received()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = zlib.decompress(self.rfile.read(int(self.headers["Content-Length"])), 31)
            answer = json.dumps({"accepted": body.count(b"\n"), "rejected": []}).encode()
            self.send_response(202)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):
                self.wfile.write(answer)
            received.add(body.count(b"\n"))

        def log_message(self, *_: object) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    (folder / "url").write_text(f"http://127.0.0.1:{server.server_address[1]}")
    (folder / "ingest.key").write_text("bench")
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


def _environment(folder: str) -> dict[str, str]:
    """As a user has it: byte code is kept, nothing else is set; consent is given."""
    os.environ["OPSDECK_HOME"] = folder
    consent.grant("bench")
    sources = str(Path(consent.__file__).parents[1])
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": folder,
        "OPSDECK_HOME": folder,
        "PYTHONPATH": sources,
    }


def _timed(arguments: list[str], environment: dict[str, str]) -> Cost:
    began = time.perf_counter()
    pid = os.posix_spawn(sys.executable, [sys.executable, *arguments], environment)
    _, status, usage = os.wait4(pid, 0)
    took = time.perf_counter() - began
    if status:
        raise subprocess.CalledProcessError(status, arguments)
    return took * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def _end_shipper(folder: str) -> None:
    place = folder + "/emit/spool/local"
    if not Path(place).exists():
        return
    while launch.alive(place):
        os.kill(int(Path(place, "shipper.lock").read_text()), 9)
        time.sleep(0.001)


if __name__ == "__main__":
    asked = next((int(word) for word in sys.argv[1:] if word.isdecimal()), ROUNDS)
    print(json.dumps(measure(asked), indent=None if "--json" in sys.argv else 2))
