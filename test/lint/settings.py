"""settings.py - the rows of SETTINGS (gateway/conf/settings.h), for documents and tests

Sizes are bytes, times milliseconds, as in the code.
"""
import collections
import re

SOURCE = "gateway/conf/settings.h"
Setting = collections.namedtuple("Setting", "key kind standard minimum maximum about")
FIXED = re.compile(r"^#define SETTINGS_FIXED\(X\)(.*(?<=\\)\n(?:.*\\\n)*.*)", re.M)
NOEND = 2**64 - 1                # SETTINGS_NOEND: it may be unlimited
ROW = re.compile(r'X\("([\w.]+)",\s*[\w.]+,\s*([A-Z]+),\s*"([^"]*)",\s*([^",]+),\s*([^",]+),'
                 r'\s*"([^"]*)"\)')
NAME = re.compile(r"^#define (SETTINGS_\w+) +(\S.*?) *(?:/\*.*)?$", re.M)
UNITS = {
    "SIZE": (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)),
    "TIME": (("h", 3600000), ("m", 60000), ("s", 1000), ("ms", 1)),
}
UNITS["MEMORY"] = UNITS["SIZE"]


def number(expression, names):
    """The value of a product like `16 * SETTINGS_MIB`."""
    value = 1
    for factor in re.sub(r"UINT64_C|[() ]", "", expression).split("*"):
        value *= NOEND if factor == "UINT64_MAX" else names[factor] if factor in names \
            else int(factor)
    return value


def rows(text):
    """Each row of the SETTINGS in TEXT, the header's, in its order."""
    names = {}
    for name, expression in NAME.findall(text):
        names[name] = number(expression, names)
    text = re.sub(r"\\\n", "\n", text)
    text = re.sub(r'"\s*\n\s*"', "", text)
    return [Setting(key, kind, standard, number(least, names), number(most, names), about)
            for key, kind, standard, least, most, about in ROW.findall(text)]


def fixed(text):
    """The keys of SETTINGS_FIXED in TEXT: what a running gateway keeps."""
    match = FIXED.search(text)
    return set(re.findall(r'X\("([\w.]+)"\)', match.group(1))) if match else set()


def written(kind, value):
    """VALUE as a setting of KIND is written, in the largest unit that it has."""
    for unit, factor in UNITS.get(kind, (("", 1),)):
        if value and value % factor == 0:
            return f"{value // factor}{unit}"
    return "0"


def bounds(setting):
    """What SETTING's number may be, as it is written; empty where it is none."""
    if setting.maximum == 0:
        return ""
    most = "unlimited" if setting.maximum == NOEND else written(setting.kind, setting.maximum)
    return f"{written(setting.kind, setting.minimum)} to {most}"
