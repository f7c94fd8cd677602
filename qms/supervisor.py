"""Keeps a few processes running on one machine: started together, restarted when they fall, stopped in order.

Standard library only: `manage.py up` replaces itself with this file, so that the process which stays is small.
"""

import argparse
import ctypes
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from logging import Formatter, LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path

PR_SET_PDEATHSIG = 1
LONGEST_WAIT = 60  # seconds between two attempts to start the same process
STEADY_AFTER = 30  # a process that ran so many seconds starts again without delay
LOG_BYTES, LOG_FILES = 10_000_000, 5


class Child:
    """One supervised process: its command, how it is asked to stop, and when it may start again.

    `patience` is how many seconds it has to finish what it is doing before it is killed; `environment` is added to
    ours.
    """

    def __init__(self, name, command, patience, environment=None):
        self.name, self.command, self.patience = name, command, patience
        self.environment = environment or {}
        self.process = None
        self.started_at = 0.0
        self.start_at = 0.0
        self.falls = 0
        self.rest = b""  # the unfinished last line of its output

    @property
    def is_running(self):
        return self.process is not None

    def start(self, pass_fds=()):
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment},
            pass_fds=pass_fds,
            start_new_session=True,  # Ctrl+C reaches the supervisor only, which then stops them in order
            preexec_fn=die_with_parent(os.getpid()),
        )
        os.set_blocking(self.process.stdout.fileno(), False)
        self.started_at = time.monotonic()

    def signal(self, number):
        if self.is_running:
            self.process.send_signal(number)

    def kill(self):
        """End the process and whatever it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def fell(self, now):
        """Note the end of the process; returns the seconds until it starts again."""
        self.falls = 0 if now - self.started_at >= STEADY_AFTER else self.falls + 1
        wait = min(2 ** (self.falls - 1), LONGEST_WAIT) if self.falls else 0
        self.start_at = now + wait
        self.process = None
        return wait


def die_with_parent(parent):
    """A function for the new process: ask Linux to end it when the supervisor is gone, even by `kill -9`."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def prepare():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


class Log:
    """One log for all: each line with the time and the name of its process, on the screen and in a rotated file."""

    def __init__(self, folder, names):
        folder.mkdir(parents=True, exist_ok=True)
        self.width = max(len(name) for name in names)
        self.file = RotatingFileHandler(folder / "heed.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, delay=True)
        self.file.setFormatter(Formatter("%(message)s"))
        self.has_screen = True

    def line(self, name, text):
        whole = f"{time.strftime('%H:%M:%S')} {name:<{self.width}} | {text}"
        self.file.emit(LogRecord("heed", 20, "", 0, f"{time.strftime('%Y-%m-%d')} {whole}", None, None))
        self.screen(whole)

    def screen(self, text):
        if not self.has_screen:
            return
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):  # the reader went away; the file still has it
            self.has_screen = False


class FirstAnswer:
    """Asks `/health/` once over our own listening socket; true when the web process has answered."""

    def __init__(self, address, host):
        self.link = socket.create_connection(address, timeout=2)
        self.link.sendall(f"GET /health/ HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        self.link.setblocking(False)
        self.answer = b""

    def read(self):
        """The status code, 0 when the connection ended without one, None while there is no answer yet."""
        try:
            part = self.link.recv(4096)
        except BlockingIOError:
            return None
        except ConnectionError:
            return 0
        self.answer += part
        words = self.answer.split(b"\r\n", 1)[0].split()
        if len(words) >= 2 and words[1].isdigit():
            return int(words[1])
        return None if part else 0


class Supervisor:
    """Runs `children` until told to stop. The first to stop comes first in the list.

    `listener` is the bound socket that the web process serves: it is ours, so that the port stays taken and callers
    wait, rather than being refused, while the web process starts again.
    """

    def __init__(self, children, log, listener=None, welcome=""):
        self.children, self.log, self.listener, self.welcome = children, log, listener, welcome
        self.selector = selectors.DefaultSelector()
        self.stop_requests = 0
        self.stopping = []  # children still to stop, the current one first
        self.kill_at = None
        self.first_answer = None

    def run(self):
        wake_in, wake_out = socket.socketpair()
        for end in (wake_in, wake_out):
            end.setblocking(False)
        signal.set_wakeup_fd(wake_out.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(wake_in, selectors.EVENT_READ, lambda: wake_in.recv(4096))
        self.say(f"started as process {os.getpid()}")
        if self.listener:
            self.ask_for_health()
        while not self.is_done():
            self.start_due()
            for key, _ in self.selector.select(timeout=self.next_wait()):
                key.data()
            self.collect_the_fallen()
            self.go_on_stopping()
        self.say("stopped")
        return 0

    def say(self, text):
        self.log.line("up", text)

    def ask_to_stop(self, *_):
        self.stop_requests += 1

    def is_done(self):
        return self.stop_requests and not any(child.is_running for child in self.children)

    def next_wait(self):
        """Seconds until something is due: a restart, or the end of somebody's patience."""
        now = time.monotonic()
        due = [child.start_at for child in self.children if not child.is_running and not self.stop_requests]
        if self.kill_at:
            due.append(self.kill_at)
        return max(0.0, min(due, default=now + 60) - now)

    def start_due(self):
        if self.stop_requests:
            return
        for child in self.children:
            if not child.is_running and child.start_at <= time.monotonic():
                child.start(pass_fds=[self.listener.fileno()] if self.listener and child.name == "web" else [])
                self.selector.register(child.process.stdout, selectors.EVENT_READ, lambda child=child: self.copy(child))

    def copy(self, child):
        """Move what a child has written into the log, line by line."""
        try:
            written = os.read(child.process.stdout.fileno(), 65_536)
        except BlockingIOError:
            return
        if not written:
            self.selector.unregister(child.process.stdout)
            return
        *lines, child.rest = (child.rest + written).split(b"\n")
        for line in lines:
            self.log.line(child.name, line.decode(errors="replace"))

    def collect_the_fallen(self):
        for child in self.children:
            if not child.is_running or child.process.poll() is None:
                continue
            self.empty(child)
            code = child.process.returncode
            how = f"by signal {-code}" if code < 0 else f"with code {code}"
            if self.stop_requests:
                child.process = None
                self.say(f"{child.name} stopped")
                continue
            wait = child.fell(time.monotonic())
            self.say(f"{child.name} ended {how}; starting it again {f'in {wait} s' if wait else 'now'}")

    def empty(self, child):
        """Read what a dead child left in its pipe, without waiting for its end: its own children may hold it open."""
        stdout = child.process.stdout
        if stdout.fileno() in self.selector.get_map():
            self.copy(child)
        if stdout.fileno() in self.selector.get_map():
            self.selector.unregister(stdout)
        stdout.close()
        if child.rest:
            self.log.line(child.name, child.rest.decode(errors="replace"))
            child.rest = b""

    def go_on_stopping(self):
        """Ask one child after the other to finish; kill it when its patience ends, or all at a second request."""
        if not self.stop_requests:
            return
        if self.stop_requests > 1:
            for child in self.children:
                if child.is_running:
                    child.kill()
            return
        if self.kill_at is None:
            self.say("stopping: open requests and the running job are finished first; once more stops at once")
            self.stopping = list(self.children)
            self.ask_next()
        while self.stopping and not self.stopping[0].is_running:
            self.stopping.pop(0)
            self.ask_next()
        if self.stopping and time.monotonic() >= self.kill_at:
            self.say(f"{self.stopping[0].name} did not stop in {self.stopping[0].patience} s; killing it")
            self.stopping[0].kill()
            self.kill_at = time.monotonic() + 5

    def ask_next(self):
        if self.stopping:
            self.stopping[0].signal(signal.SIGTERM)
            self.kill_at = time.monotonic() + self.stopping[0].patience

    def ask_for_health(self):
        address = self.listener.getsockname()
        self.first_answer = FirstAnswer(address, f"127.0.0.1:{address[1]}")
        self.selector.register(self.first_answer.link, selectors.EVENT_READ, self.read_health)

    def read_health(self):
        status = self.first_answer.read()
        if status is None:
            return
        self.selector.unregister(self.first_answer.link)
        self.first_answer.link.close()
        if status == 200:
            self.log.screen(f"\n{self.welcome}\n" if self.welcome else "")
            self.say("ready")
        elif not self.stop_requests:
            self.ask_for_health() if status == 0 else self.say(f"/health/ answered {status}; see the lines above")


def listen(port):
    """The listening socket on this machine's own address, or exit 1 with a sentence when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        sys.exit(
            f"Port {port} cannot be used ({getattr(error, 'strerror', error)}). Try another: make run PORT={port + 1}"
        )
    listener.listen(128)
    return listener


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log-folder", type=Path, required=True)
    parser.add_argument("--welcome", default="")
    parser.add_argument(
        "plan", help='JSON list of {"name", "command", "patience", "environment"}; "{fd}" stands for the web socket'
    )
    asked = parser.parse_args()
    listener = listen(asked.port)
    plan = json.loads(asked.plan)
    for one in plan:
        one["command"] = [part.replace("{fd}", str(listener.fileno())) for part in one["command"]]
    log = Log(asked.log_folder, [one["name"] for one in plan] + ["up"])
    return Supervisor([Child(**one) for one in plan], log, listener, asked.welcome).run()


if __name__ == "__main__":
    sys.exit(main())
