#!/usr/bin/python3
"""measure.py SAMPLES PART WHO ROUND HOSTS COMMAND..: runs it, adds a line to SAMPLES: part, who, round, hosts, seconds,
seconds of CPU and the largest sum of anonymous memory (KiB) of the whole process tree, load before, exit code.

Processes that leave their parents (ControlMaster) are ours all the same, and waited for."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
EVERY = 0.02


def children(pid):
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for task in tasks:
        try:
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found = file.read().split()
        except OSError:
            continue
        for child in found:
            yield child
            yield from children(child)


def memory(pid, field):
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(field)), 0)
    except OSError:
        return 0


def watch(over, peak):
    while not over.wait(EVERY):
        peak[0] = max(peak[0], sum(memory(pid, "RssAnon:") for pid in children(os.getpid())))


def main():
    samples, part, who, turn, hosts, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    load = os.getloadavg()[0]
    over, peak = threading.Event(), [0]
    watcher = threading.Thread(target=watch, args=(over, peak))
    started = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    watcher.start()
    code = process.wait()
    wall = time.monotonic() - started
    over.set()
    watcher.join()
    # Those that are left behind: what they have used is only known once they have ended.
    for pid in list(children(os.getpid())):
        try:
            os.kill(int(pid), signal.SIGTERM)
        except OSError:
            pass
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    with open(samples, "a") as file:
        print(part, who, turn, hosts, f"{wall:.3f}", f"{cpu:.3f}", peak[0], f"{load:.2f}", code, sep="\t", file=file)
    sys.exit(code if code >= 0 else 1)


main()
