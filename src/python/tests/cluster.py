"""A cluster of Spark on this machine: one master and two workers, each on a loopback address of its own.

Spark never starts a second copy of a task on the host of the first; hence two addresses. Every process is ended by its number.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

START_SECONDS = 240.0
"""How long a busy machine may take to start a process of Java."""


JAVA = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
"""What a process of Java finds in its environment: it is to start fast, and lives too short for anything else."""


class Cluster:
    """A master and two workers, from entering to leaving a `with` block."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        """Choose where logs and scratch files go, and what executors find in their environment."""
        self.directory = directory
        # Executors have the environment of their worker.
        self.environment = {
            **os.environ,
            **JAVA,
            **environment,
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_NO_DAEMONIZE": "1",
            "SPARK_DAEMON_MEMORY": "256m",
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.master = ""

    def __enter__(self) -> Cluster:
        """Start the three processes and wait until the master accepts connections."""
        port = _free_port("127.0.0.1")
        self.master = f"spark://127.0.0.1:{port}"
        master = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port)]
        self._start([*master, "--webui-port", "0"], {"SPARK_LOCAL_IP": "127.0.0.1"})
        _await_port("127.0.0.1", port)
        for host in ("127.0.0.1", "127.0.0.2"):
            worker = ["org.apache.spark.deploy.worker.Worker", "--host", host, "--cores", "2", "--memory", "1g"]
            scratch = str(self.directory / f"work-{host}")
            self._start([*worker, "--webui-port", "0", "--work-dir", scratch, self.master], {"SPARK_LOCAL_IP": host})
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """End the three processes, and with the workers their executors."""
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()

    def _start(self, command: list[str], environment: dict[str, str]) -> None:
        import pyspark  # noqa: PLC0415 -- the tests of the wheel run without it

        program = Path(pyspark.__file__).parent / "bin" / "spark-class"
        with (self.directory / "cluster.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [program, *command],
                    env={**self.environment, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )


def _free_port(host: str) -> int:
    with socket.socket() as listener:
        listener.bind((host, 0))
        port: int = listener.getsockname()[1]
        return port


def _await_port(host: str, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
