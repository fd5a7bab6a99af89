"""lenient.py - the resources that services of every temper see in one request target

Services differ in how often they undo escapes, in whether they do so before
or after they drop `;parameters`, in whether a backslash is a slash, overlong
UTF-8 a character, NUL an end.  The readings of a target are what each of
them would serve.
"""
import re

ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
# How many bytes a sequence has, by its first one.
BYTES_OF = ((0xfc, 6), (0xf8, 5), (0xf0, 4), (0xe0, 3), (0xc0, 2))
OUTSIDE = None


def undo_escapes(path):
    return ESCAPE.sub(lambda match: bytes([int(match.group(1), 16)]), path)


def shorten(path):
    """PATH with each overlong sequence as the one byte it stands for."""
    out, at = bytearray(), 0
    while at < len(path):
        size = next((n for lead, n in BYTES_OF if path[at] >= lead), 1)
        code = path[at] & (0x7f >> size) if size > 1 else path[at]
        for byte in path[at + 1:at + size]:
            code = code << 6 | byte & 0x3f
        whole = size > 1 and at + size <= len(path) and code < 0x80
        out.append(code if whole else path[at])
        at += size if whole else 1
    return bytes(out)


def resolve(path, backslash, cut_parameters):
    """What PATH, its escapes undone, names: its segments in order, or OUTSIDE."""
    names = []
    path = path.partition(b"\0")[0]
    for segment in (path.replace(b"\\", b"/") if backslash else path).split(b"/"):
        if cut_parameters:
            segment = segment.partition(b";")[0]
        if segment == b"..":
            if not names:
                return OUTSIDE
            names.pop()
        elif segment not in (b"", b"."):
            names.append(segment)
    return tuple(names)


def decodings(path):
    """PATH as it stands, and after each further round of decoding."""
    seen = []
    while path not in seen:
        seen.append(path)
        short = shorten(path)
        if short not in seen:
            seen.append(short)
        path = undo_escapes(path)
    return seen


def readings(target):
    """Every resource that some service reads TARGET as, without its query: a set of tuples."""
    path = target.partition("?")[0].encode("latin-1")
    early = b"/".join(segment.partition(b";")[0] for segment in path.split(b"/"))
    return {resolve(decoded, backslash, cut)
            for spelling in (path, early) for decoded in decodings(spelling)
            for backslash in (False, True) for cut in (False, True)}
