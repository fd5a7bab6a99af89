#!/usr/bin/env python3
"""heir.py - becomes a command that inherits sockets, as a service manager starts it

  heir.py FD=NAME... -- COMMAND...

The descriptors FD become 3, 4, ... and LISTEN_FDS, LISTEN_FDNAMES and
LISTEN_PID tell of them.
"""
import fcntl
import os
import sys

FIRST, AWAY = 3, 100


def main(arguments):
    split = arguments.index("--")
    given = [one.partition("=") for one in arguments[:split]]
    moved = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, AWAY) for fd, _, _ in given]
    for number, fd in enumerate(moved):
        os.dup2(fd, FIRST + number)
    os.closerange(FIRST + len(moved), AWAY + len(moved) + 1)
    os.environ.update(LISTEN_FDS=str(len(given)), LISTEN_PID=str(os.getpid()),
                      LISTEN_FDNAMES=":".join(name for _, _, name in given))
    command = arguments[split + 1:]
    os.execv(command[0], command)


main(sys.argv[1:])
