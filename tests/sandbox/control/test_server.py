"""The sandbox as a process of its own: it starts, it stops, and stopping is no failure."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_though_a_request_hangs(tmp_path: Path, number: int) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    words = [sys.executable, "-m", "backend.sandbox.server", "--port", str(port)]
    process = subprocess.Popen([*words, "--data", str(tmp_path)], stderr=subprocess.PIPE, text=True)
    with requests.Session() as http:
        http.trust_env = False
        wait_until_ready(http, base)
        http.post(f"{base}/_sandbox/faults", json={"kind": "hang"}, timeout=5)
        with pytest.raises(requests.ReadTimeout):
            http.get(f"{base}/v1.0/me", timeout=0.2)

        process.send_signal(number)
        _, errors = process.communicate(timeout=15)

    assert process.returncode == 0
    assert "Traceback" not in errors
    assert (tmp_path / "sandbox.json").exists()


def wait_until_ready(http: requests.Session, base: str) -> None:
    for _ in range(200):
        try:
            http.get(f"{base}/_sandbox/clock", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(base)
