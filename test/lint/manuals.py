"""manuals.py - the manual pages and the completion know every command, option and setting

What options a command takes, its help, the completion and the synopsis of
dpgw(1) say alike; there -c stands for --config, and --help goes unsaid.

The settings in dpgw-gateway(5) are written from SETTINGS by documents.py;
mandoc judges all pages.
"""
import re
import shutil
import subprocess
import textwrap

import settings

COMMANDS = re.compile(r'^    \{"(\w+)", \w+, "', re.M)
MAIN = "gateway/main.c"
PAGES = ["gateway/man/dpgw.1", "gateway/man/dpgw-gateway.5", "gateway/man/dpgw-mapping.5"]
COMPLETION = "gateway/completion/dpgw.bash"
HELP_ROW = re.compile(r'^\s*"\s+(?:-\w, )?--([a-z][a-z-]*)', re.M)
TAKEN = re.compile(r'\{\s*"([a-z][a-z-]*)", (?:no|required)_argument,')
SOURCE_OPTIONS = {"config", "set"}  # CLI_SOURCE_OPTIONS
MARKED = re.compile(r'(\.\\" settings: begin\n)(.*?)(\.\\" settings: end\n)', re.S)


def escaped(text):
    """TEXT as the page has it, in lines that are not too long."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    lines = textwrap.wrap(text, 78, break_long_words=False, break_on_hyphens=False)
    return "\n".join(("\\&" if line.startswith((".", "'")) else "") + line for line in lines)


def settings_list(source):
    """Every setting of SOURCE, settings.h, as a list of mdoc(7)."""
    fixed = settings.fixed(source)
    lines = [".Bl -tag -width Ds"]
    for row in settings.rows(source):
        standard = f" Pq {escaped(row.standard)}" if row.standard else ""
        lines.append(f".It Cm {row.key}{standard}")
        lines.append(escaped(row.about[0].upper() + row.about[1:] + "."))
        if settings.bounds(row):
            lines.append(f"From {settings.bounds(row)}.")
        if row.key in fixed:
            lines += [".Em Fixed ."]
    return "\n".join([*lines, ".El"]) + "\n"


def filled(page, source):
    """PAGE with the settings of SOURCE between its markers."""
    return MARKED.sub(lambda m: m.group(1) + settings_list(source) + m.group(3), page)


def manuals(tree):
    """Pages and completion name each command; the settings are those of the code."""
    if MAIN not in tree.files or PAGES[0] not in tree.files:
        return
    for command in COMMANDS.findall(tree.text(MAIN)):
        if f".It Cm {command}\n" not in tree.text(PAGES[0]):
            yield PAGES[0], 0, f"does not tell of {command}"
        if not re.search(rf"\b{command}\b", tree.text(COMPLETION)):
            yield COMPLETION, 0, f"does not complete {command}"
    page = tree.text(PAGES[1])
    if filled(page, tree.text(settings.SOURCE)) != page:
        yield PAGES[1], 0, "is not what test/lint/documents.py makes of the settings"


def source_of(tree, command):
    """The path of the file with COMMAND's help."""
    path = f"gateway/cli/{command}.c"
    return path if path in tree.files else MAIN


def taken(text):
    """The options that the command in TEXT takes."""
    return set(TAKEN.findall(text)) | (SOURCE_OPTIONS if "CLI_SOURCE_OPTIONS" in text else set())


def completed(text, command):
    match = re.search(rf"^\s*{command}\) echo '(.*)' ;;$", text, re.M)
    return set(re.findall(r"--([a-z-]+)", match.group(1))) if match else set()


def synopsis(text, command):
    """The options of COMMAND in the SYNOPSIS of the page TEXT."""
    section = text.partition(".Sh SYNOPSIS\n")[2].partition("\n.Sh ")[0]
    for part in section.split(".Nm\n"):
        if part.startswith(f".Cm {command}\n") or part == f".Cm {command}":
            short = {"config"} if re.search(r"\bFl c\b", part) else set()
            return short | set(re.findall(r"\\-([a-z][a-z-]*)", part))
    return set()


def options(tree):
    """Help, completion and page tell of the options that each command takes, and of no others."""
    if MAIN not in tree.files or PAGES[0] not in tree.files:
        return
    for command in COMMANDS.findall(tree.text(MAIN)):
        source = source_of(tree, command)
        wanted = taken(tree.text(source))
        for path, told in ((source, set(HELP_ROW.findall(tree.text(source)))),
                           (COMPLETION, completed(tree.text(COMPLETION), command)),
                           (PAGES[0], synopsis(tree.text(PAGES[0]), command) | {"help"})):
            for option in sorted(wanted ^ told):
                word = "does not tell of" if option in wanted else "tells of no option:"
                yield path, 0, f"{command} {word} --{option}"


def judged(tree):
    """What mandoc complains about, but for pages that are not installed."""
    if not shutil.which("mandoc"):
        yield PAGES[0], 0, "mandoc is not installed: nobody judges this"
        return
    for path in PAGES:
        if path not in tree.files:
            continue
        done = subprocess.run(["mandoc", "-T", "lint"], input=tree.text(path), text=True,
                              stdout=subprocess.PIPE, check=False)
        for line in done.stdout.splitlines():
            if "referenced manual not found" not in line:
                yield path, int(line.split(":")[2]), line.split(": ", 2)[-1]


CHECKS = [manuals, options, judged]
