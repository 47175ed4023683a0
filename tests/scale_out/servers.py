"""A PostgreSQL and a Prometheus of the system, on ports and in folders of their own, for as long as a test needs them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import os
from pathlib import Path
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from urllib.parse import urlencode

from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tests.e2e.house import HOST, HouseError, free_ports, request, wait_for

# Seconds.
START_DEADLINE = 60
STOP_DEADLINE = 30

DATABASE = "fleet"


def program(name: str) -> str:
    """Return where a program is: on PATH, or where Debian keeps its newest PostgreSQL; HouseError if nowhere."""
    if found := shutil.which(name):
        return found
    kept = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: int(path.parts[-3]),
    )
    if not kept:
        raise HouseError(f"no {name} here: scripts/setup scale-out installs it")
    return str(kept[-1])


@contextmanager
def _server(
    *command: str, log: Path, user: str | None = None, stop: int = signal.SIGTERM
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for as long as the context lasts, and nothing of it any longer."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_DEADLINE)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _ended(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is not None:
        raise HouseError(f"it ended: {log.read_text(errors='replace')[-2000:]}")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL with an empty database."""

    port: int
    owner: URL

    def url(self, user: str, password: str) -> URL:
        """Return how that user reaches the database."""
        return self.owner.set(username=user, password=password)

    def rows(
        self, query: str, url: URL | None = None, **values: object
    ) -> list[dict[str, object]]:
        """Ask, as the owner unless another is named, and return the rows."""
        with _engine(url or self.owner).connect() as connection:
            found = connection.execute(text(query), values)
            return [dict(row) for row in found.mappings()]

    def run(self, command: str) -> None:
        """Carry out a command of SQL as the owner."""
        with _engine(self.owner).connect() as connection:
            connection.execute(text(command))

    def run_file(self, script: Path) -> None:
        """Carry out a script as its documentation says; AssertionError when it fails."""
        done = subprocess.run(
            [
                program("psql"),
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                f"--file={script}",
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_DEADLINE,
            check=False,
            env=os.environ
            | {
                "PGHOST": HOST,
                "PGPORT": str(self.port),
                "PGUSER": self.owner.username or "",
                "PGPASSWORD": str(self.owner.password),
                "PGDATABASE": self.owner.database or "",
            },
        )
        assert done.returncode == 0, done.stderr


def _engine(url: URL) -> Engine:
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def _unprivileged() -> str | None:
    """Return who runs PostgreSQL, which refuses to be run by root; None if this is not root."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """Run a PostgreSQL; its log is kept in the folder."""
    user = _unprivileged()
    port = free_ports(1)
    password = secrets.token_urlsafe(24)
    log = folder / "postgres.log"
    # Not below the folder: pytest lets nobody else into that.
    with tempfile.TemporaryDirectory(prefix="antminer-monitor-postgres-") as kept:
        home = Path(kept)
        secret = home / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        if user is not None:
            for path in (home, secret):
                shutil.chown(path, user)
        cluster = home / "cluster"
        with _server(
            *(program("initdb"), "--pgdata", str(cluster), "--encoding=UTF8"),
            *("--locale=C.UTF-8", "--username=owner", "--auth=scram-sha-256"),
            *("--pwfile", str(secret), "--no-sync"),
            log=log,
            user=user,
        ) as initdb:
            if initdb.wait(START_DEADLINE):
                _ended(initdb, log)
        settings = {
            "listen_addresses": HOST,
            "port": str(port),
            "unix_socket_directories": "",
            "logging_collector": "off",
        }
        options = [
            word
            for name, value in settings.items()
            for word in ("-c", f"{name}={value}")
        ]
        with _server(
            *(program("postgres"), "-D", str(cluster), *options),
            log=log,
            user=user,
            # Ends connections instead of waiting for them.
            stop=signal.SIGINT,
        ) as process:
            admin = URL.create(
                "postgresql", "owner", password, HOST, port, database="postgres"
            )
            server = Postgres(port, admin)

            def answers() -> bool:
                _ended(process, log)
                with suppress(OperationalError):
                    return bool(server.rows("SELECT 1"))
                return False

            wait_for("PostgreSQL answers", answers, START_DEADLINE)
            server.run(f"CREATE DATABASE {DATABASE}")
            yield Postgres(port, admin.set(database=DATABASE))


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus."""

    url: str

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Return the vector that an expression is now: labels and values."""
        data = self.data(f"query?{urlencode({'query': expression})}")
        assert isinstance(data, dict) and data["resultType"] == "vector", data
        return [
            (dict(found["metric"]), float(found["value"][1]))
            for found in data["result"]
        ]

    def value(self, expression: str) -> float | None:
        """Return the one number that an expression is now; None if there is none."""
        found = self.query(expression)
        assert len(found) < 2, found
        return found[0][1] if found else None

    def data(self, path: str) -> object:
        """Ask the HTTP API, and return its data; HouseError if it refuses."""
        answer = request(f"{self.url}/api/v1/{path}")
        assert isinstance(answer, Mapping) and answer["status"] == "success", answer
        return answer["data"]


@contextmanager
def running_prometheus(folder: Path, config: Path) -> Iterator[Prometheus]:
    """Run a Prometheus with that configuration; its figures and its log are kept in the folder."""
    port = free_ports(1)
    log = folder / "prometheus.log"
    with _server(
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={HOST}:{port}",
        "--log.level=warn",
        log=log,
    ) as process:
        server = Prometheus(f"http://{HOST}:{port}")

        def answers() -> bool:
            _ended(process, log)
            with suppress(OSError, HouseError):
                return bool(server.data("status/buildinfo"))
            return False

        wait_for("Prometheus answers", answers, START_DEADLINE)
        yield server


def promtool(*arguments: str, cwd: Path) -> Sequence[str]:
    """Run Prometheus' own checks and return what they say; AssertionError when they find a fault."""
    done = subprocess.run(
        [program("promtool"), *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()
