"""terminal.py - the gateway's commands run on a terminal: what a person gets to see."""
import os
import subprocess
import tempfile

import program
import wire


def read_all(terminal):
    """What arrives at TERMINAL until nobody is left at its other end."""
    printed = b""
    try:
        while piece := os.read(terminal, 65536):
            printed += piece
    except OSError:
        pass  # how Linux tells that the other side has closed
    return printed.decode("utf-8", "replace").replace("\r\n", "\n")


def start(*arguments, streams=("stdout", "stderr"), env=None, **others):
    """(the program, our end of a terminal that its STREAMS are); OTHERS are its other streams."""
    ours, theirs = os.openpty()
    environment = {k: v for k, v in program.environment(env).items()
                   if k != "NO_COLOR" or k in (env or {})}
    child = subprocess.Popen([program.build_path("DPGW", "dpgw"), *arguments], cwd=program.ROOT,
                             env=environment, **others, **{name: theirs for name in streams})
    os.close(theirs)
    return child, ours


def run(*arguments, streams=("stdout", "stderr"), env=None):
    """Runs it to its end: (status, what the terminal shows, the bytes of the other streams)."""
    with tempfile.TemporaryFile() as other:
        others = {name: other for name in ("stdout", "stderr") if name not in streams}
        child, ours = start(*arguments, streams=streams, env=env, stdin=subprocess.DEVNULL,
                            **others)
        shown = read_all(ours)
        os.close(ours)
        status = child.wait(wire.PATIENCE)
        other.seek(0)
        return status, shown, other.read()
