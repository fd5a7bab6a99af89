"""reliability.py - leaves the figures of README's reliability table in build/

`make numbers` writes them there; each row says what was tried, held or lost,
how much, and the command that prints it.
"""
import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build/reliability"


def record(name, rows):
    """Keeps ROWS, (what, figure, command) each, as those of the suite or soak called NAME."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    keys = ("what", "figure", "command")
    table = [dict(zip(keys, row, strict=True)) for row in rows]
    (FOLDER / f"{name}.json").write_text(json.dumps(table, indent=1) + "\n")
