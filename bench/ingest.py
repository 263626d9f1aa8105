"""How fast collection acknowledges, and how soon what it acknowledged can be queried.

A server process (bench/collector.py), a client process with a few keep-alive connections that sends batches made
beforehand, both on this machine. Prints: events/s acknowledged after fdatasync, request latency, how many seconds the
event store is behind at the end of that, memory of the server; and acknowledged → visible, for lone events and within
a steady stream of 10,000 events/s.
Run: `python bench/ingest.py [--events N] [--batch N] [--connections N] [--json]`.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import events as synthetic

HERE = Path(__file__)
# The steady stream: ten batches a second for ten seconds.
STEADY_SIZE = 1_000
STEADY_BATCHES = 100


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--batch", type=int, default=1_000)
    options.add_argument("--connections", type=int, default=4)
    options.add_argument("--store", default="duckdb")
    options.add_argument("--json", action="store_true")
    options.add_argument("--client", nargs=3, metavar=("PORT", "KEY", "FILE"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.client:
        print(
            json.dumps(
                client(int(chosen.client[0]), chosen.client[1], Path(chosen.client[2]), chosen.connections)
            )
        )
        return
    with tempfile.TemporaryDirectory(prefix="opsdeck-bench-") as folder:
        figures = measure(Path(folder), chosen)
    print(
        json.dumps(figures)
        if chosen.json
        else "\n".join(f"{name}: {value}" for name, value in figures.items())
    )


def measure(folder: Path, chosen: argparse.Namespace) -> dict[str, float]:
    """All figures of one run."""
    bodies = folder / "bodies"
    size = write_bodies(bodies, chosen.events, chosen.batch)
    server = subprocess.Popen(
        [sys.executable, HERE.with_name("collector.py"), folder, chosen.store],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout
    try:
        found = json.loads(server.stdout.readline())
        idle = _cpu(server.pid)
        arguments = [str(found["port"]), found["key"], str(bodies)]
        command = [sys.executable, HERE, "--connections", str(chosen.connections), "--client", *arguments]
        sent = json.loads(subprocess.check_output(command))
        resident, peak = _memory(server.pid)
        spent = _cpu(server.pid)
        return {
            "events": chosen.events,
            "bytes_per_event": round(size / chosen.events),
            "events_per_second": round(chosen.events / sent["seconds"]),
            "request_ms_median": round(statistics.median(sent["latencies"]) * 1000, 1),
            "request_ms_p99": round(statistics.quantiles(sent["latencies"], n=100)[98] * 1000, 1),
            "visible_idle_ms_median": round(statistics.median(sent["idle"]) * 1000),
            "visible_idle_ms_max": round(max(sent["idle"]) * 1000),
            "visible_steady_ms_median": round(statistics.median(sent["steady"]) * 1000),
            "visible_steady_ms_max": round(max(sent["steady"]) * 1000),
            "saturated_seconds_behind": round(sent["behind"], 2),
            "server_cpu_seconds": round(spent - idle, 2),
            "client_cpu_seconds": round(sent["cpu"], 2),
            "resident_mib": round(resident / 2**20),
            "resident_peak_mib": round(peak / 2**20),
        }
    finally:
        server.kill()
        server.wait()


def write_bodies(path: Path, events: int, batch: int) -> int:
    """Batches one after the other, each with its length on a line before it; returns the bytes of all events."""
    now = datetime.now(UTC)
    total, pending = 0, []
    with path.open("wb") as file:
        for number, line in enumerate(
            synthetic.lines(events, now - timedelta(hours=1), timedelta(hours=1)), 1
        ):
            # Only a key may say `service`, and the stamps of collection are its own.
            pending.append(line.replace(b'"userType":"service"', b'"userType":"ci"'))
            if len(pending) == batch or number == events:
                body = b"\n".join(pending) + b"\n"
                file.write(b"%d\n" % len(body) + body)
                total += len(body)
                pending.clear()
    return total


def client(port: int, key: str, path: Path, connections: int) -> dict[str, object]:
    """Lone events, then a steady stream, then every batch of the file as fast as parallel connections can."""
    idle = [visible(port, key) for _ in range(20)]
    with _connect(port) as connection, _watching(port, key) as steady:
        for batch in range(STEADY_BATCHES):
            began = time.perf_counter()
            _post(connection, key, _batch(batch))
            time.sleep(max(0, 0.1 - (time.perf_counter() - began)))
    seconds, latencies, cpu = saturate(port, key, path, connections)
    behind = visible(port, key)
    return {
        "seconds": seconds,
        "latencies": latencies,
        "cpu": cpu,
        "idle": idle,
        "steady": steady,
        "behind": behind,
    }


def saturate(port: int, key: str, path: Path, connections: int) -> tuple[float, list[float], float]:
    """Send every batch of the file once; seconds in all, seconds of each request, processor seconds."""
    latencies: list[float] = []
    lock = threading.Lock()
    with path.open("rb") as file:

        def work() -> None:
            with _connect(port) as connection:
                while True:
                    with lock:
                        body = file.read(int(file.readline() or 0))
                    if not body:
                        return
                    began = time.perf_counter()
                    _post(connection, key, body)
                    latencies.append(time.perf_counter() - began)

        workers = [threading.Thread(target=work) for _ in range(connections)]
        began, cpu = time.perf_counter(), time.process_time()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return time.perf_counter() - began, latencies, time.process_time() - cpu


@contextmanager
def _watching(port: int, key: str) -> Iterator[list[float]]:
    """While the block runs, twice a second: how soon one event more is visible."""
    found: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            found.append(visible(port, key))

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield found
    done.set()
    watcher.join()


def _batch(number: int) -> bytes:
    start = datetime.now(UTC) - timedelta(seconds=1)
    lines = synthetic.lines(STEADY_SIZE, start, timedelta(seconds=1), seed=time.time_ns() + number)
    return b"\n".join(lines).replace(b'"userType":"service"', b'"userType":"ci"')


def visible(port: int, key: str) -> float:
    """Seconds from the acknowledgement of one event until a query finds it."""
    line = next(synthetic.lines(1, datetime.now(UTC), timedelta(seconds=1), seed=time.time_ns()))
    event_id = json.loads(line)["eventId"]
    with _connect(port) as connection:
        _post(connection, key, line.replace(b'"userType":"service"', b'"userType":"ci"'))
        began = time.perf_counter()
        while True:
            connection.sendall(f"GET /seen/{event_id} HTTP/1.1\r\nHost: deck\r\n\r\n".encode())
            answer = b""
            while b"\r\n\r\n" not in answer or answer.endswith(b"\n"):
                answer += connection.recv(65536)
            if answer.endswith(b"1"):
                return time.perf_counter() - began
            # Less and less often: asking must not slow the answer.
            time.sleep(max(0.005, (time.perf_counter() - began) / 10))


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _post(connection: socket.socket, key: str, body: bytes) -> None:
    connection.sendall(
        b"POST /v1/events HTTP/1.1\r\nHost: deck\r\nContent-Type: application/x-ndjson\r\n"
        b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n" % (key.encode(), len(body))
    )
    connection.sendall(body)
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        part = connection.recv(65536)
        assert part, answer
        answer += part
    assert answer.startswith(b"HTTP/1.1 202"), answer[:500]
    assert b'"rejected":[]' in answer, answer[:500]


def _memory(pid: int) -> tuple[int, int]:
    """Resident bytes now and at most so far (VmRSS and VmHWM of proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = {
        line.split(":")[0]: int(line.split()[1]) * 1024
        for line in lines
        if line.startswith(("VmRSS", "VmHWM"))
    }
    return sizes["VmRSS"], sizes["VmHWM"]


def _cpu(pid: int) -> float:
    """Processor time of the process so far, user and system, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
