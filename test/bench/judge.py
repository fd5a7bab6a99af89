"""judge.py - whether a reply is right, and what makes a measurement void

A reply is right if it is, to the byte, what the generator wrote.  Of proxies
that decode and encode again that cannot be asked: theirs must say the same,
names and texts to the letter, numbers as far as a double goes, whatever the
order; how far they keep to the bytes, probe.py tells.
"""
import json
import math

import wire

CLIENT_CORE_MAX = 0.9            # busy, of the core of the clients and the service
UPSTREAM_LEAST = 3               # times the fastest proxy's rate: what the service itself can do


class Void(Exception):
    """What was measured does not count, and why."""


FAULTS = (Void, AssertionError, OSError, ValueError, wire.WireError)   # all of them void a row


def same(one, other):
    """True if ONE says what OTHER says."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-12)
    if not one and not other and isinstance(one, (list, dict)):
        return isinstance(other, (list, dict))   # Lua knows one kind of empty table
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def reply(status, body, expected, to_the_byte):
    """Void unless BODY is right."""
    right = status == 200 and body == expected
    if not right and status == 200 and not to_the_byte:
        try:
            right = same(json.loads(body), json.loads(expected))
        except ValueError:
            right = False
    if not right:
        raise Void(f"wrong reply: {status}, {len(body)} bytes that begin {body[:200]!r}")


def client_core(busy):
    """Void if the clients and the service may have held the proxy up: BUSY is a share."""
    if busy > CLIENT_CORE_MAX:
        raise Void(f"the clients' core was {100 * busy:.0f} % busy, "
                   f"more than {100 * CLIENT_CORE_MAX:.0f} %")


def upstream(direct, fastest):
    """Void if the service may have held the proxies up; requests a second of both."""
    if direct < UPSTREAM_LEAST * fastest:
        raise Void(f"the service answered {direct:.0f} requests a second when asked itself, less "
                   f"than {UPSTREAM_LEAST} times the {fastest:.0f} that the fastest proxy was asked")


def complaint(check, *figures):
    """Why CHECK finds FIGURES void, as a list of one, or none."""
    try:
        check(*figures)
    except Void as void:
        return [str(void)]
    return []
