"""Measures how one service or the network disturbs the others and PID 1."""
import os
import re
import signal
import socket
import threading
import time

PAUSE = 0.01
worst = {"gap": 0.0, "answer": 0.0, "lost": 0}


def beat():
    """Another service: how much later than it should this one wakes."""
    last = time.monotonic()
    while True:
        time.sleep(PAUSE)
        now = time.monotonic()
        worst["gap"] = max(worst["gap"], now - last - PAUSE)
        last = now


def ask(request="list"):
    """A request of the `service` command to PID 1."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect("/run/moby.sock")
        connection.sendall(request.encode() + b"\n")
        answer = b""
        # The last chunk has the exit status.
        while not re.search(rb"x\d\n\d+$", answer) and (piece := connection.recv(65536)):
            answer += piece
    return answer.decode()


def listen():
    while True:
        start = time.monotonic()
        try:
            ask()
        except OSError:
            worst["lost"] += 1
        worst["answer"] = max(worst["answer"], time.monotonic() - start)
        time.sleep(5 * PAUSE)


def report(name):
    lost = f", {worst['lost']} requests lost" if worst["lost"] else ""
    row = f"canary: {name}: gap {worst['gap'] * 1000:.0f} ms, answer {worst['answer'] * 1000:.0f} ms{lost}"
    with open("/dev/ttyS0", "w") as console:
        console.write(row + "\r\n")
    with open("/run/canary", "a") as table:
        table.write(row + "\n")


def begin():
    worst.update(gap=0.0, answer=0.0, lost=0)


def measure(name, span):
    """From the start of a fault until some seconds after it has done its worst."""
    begin()
    open("/run/go-" + name, "w").close()
    limit = time.monotonic() + 60
    while not os.path.exists("/run/did-" + name):
        if time.monotonic() > limit:
            name += " (did not happen)"
            break
        time.sleep(0.1)
    time.sleep(span)
    report(name)
    ask("stop\t" + name.split()[0])
    for path in ("/machine/full", "/machine/var/full"):
        if os.path.exists(path):
            os.remove(path)
    time.sleep(2)


def end(*_):
    report("hanging onshutdown")
    os._exit(0)


signal.signal(signal.SIGTERM, end)
for work in (beat, listen):
    threading.Thread(target=work, daemon=True).start()
while not os.path.exists("/run/moby/boot.json"):
    time.sleep(0.1)
report("silent DHCP server")
time.sleep(2)
begin()
time.sleep(5)
report("nothing")
SPANS = {"root-full": 3, "var-full": 3, "memory": 3, "files": 3, "zombies": 3, "forks": 15, "log-flood": 6}
for name, span in SPANS.items():
    measure(name, span)
begin()
open("/run/canary-done", "w").close()
signal.pause()
