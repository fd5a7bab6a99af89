"""schema.py - config/gateway.schema.json, as the table of settings has it

A pattern refuses what the gateway refuses, ranges included: each is made of
the row's least and most, unit by unit.  What no schema can tell is listed in
test/schema/run.py.
"""
import json

from settings import NOEND, UNITS, bounds

PORT = "0{0,4}[0-9]|0{0,3}[1-9][0-9]|0{0,2}[1-9][0-9]{2}|0?[1-9][0-9]{3}|[1-5][0-9]{4}|" \
       "6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = rf"{BYTE}(?:\.{BYTE}){{3}}"
HEX = "[0-9A-Fa-f]{1,4}"
# The words behind an address where clients connect.
SPOKEN = "(?: +tls(?: +proxy_protocol)?| +proxy_protocol(?: +tls)?)?[ \\t]*"
WORDS = {
    "HOST": ["upstream", "client"],
    "RELOAD": ["auto", "signal"],
    "LEVEL": ["error", "warn", "info", "debug"],
    "FORMAT": ["json", "logfmt"],
    "SWITCH": ["on", "off", True, False],
    "DOCUMENT": ["data-products", "combined"],
    "AUTH": ["off", "optional", "require"],
}
# The very end; in Python $ also stands before a last line feed.
END = r"$(?!\n)"
TAKEN = "[Ff][Oo][Rr][Ww][Aa][Rr][Dd][Ee][Dd]-(?:[Ff][Oo][Rr]|[Pp][Rr][Oo][Tt][Oo]|" \
        "[Hh][Oo][Ss][Tt])|[Rr][Ee][Qq][Uu][Ee][Ss][Tt]-[Ii][Dd]"
FREE_FIELD = f"^(?:none|[Xx]-(?!(?:{TAKEN}){END})[0-9A-Za-z-]{{1,62}}){END}"
ABOUT = {
    "docs": "The API's own description, and a page that shows it, for clients to read.",
    "limits": "How much of what is taken; sizes in KiB, MiB, GiB or bytes.",
    "timeouts": "How long is waited for what; in ms, s, m or h.",
    "upstream": "The service that is asked.",
    "upstreams": "Further services; routes of the mapping name them. What one of them does not say "
                 "of itself it has from upstream.",
    "upstream.health": "How each endpoint is checked.",
    "upstream.ejection": "When one of several endpoints is left alone for a while.",
    "upstream.tls": "TLS with the service, where its URL begins with https.",
    "tls": "TLS with clients, on addresses with the word tls.",
    "log": "What is written to standard error.",
}


# What an editor says where a pattern does not fit; anybody else passes over it.
SAY = {
    "SIZE": "A size is whole digits and one of KiB, MiB, GiB",
    "TIME": "A time is whole digits and one of ms, s, m, h",
    "USER": "An account is name, name:group or uid:gid.",
    "address": "An address is 127.0.0.1:8080, [::1]:8080 or unix:/path, in digits and not by name.",
    "listener": "An address is 127.0.0.1:8080, [::1]:8080 or unix:/path, and the words tls and "
                "proxy_protocol may follow.",
    "network": "A range is 10.0.0.0/8, ::1 or the like.",
    "origin": "The service is http://host or https://host, with a port or without, or unix:/path.",
    "FIELD": "A field is none, or X- with letters, digits and dashes, and not one that is taken.",
    "NAME": "A name is that of a host, without a port.",
}
SAY["MEMORY"] = SAY["SIZE"]


class Unknown(Exception):
    """A setting of a kind that no schema is known for."""


def ipv6():
    """An IPv6 address as inet_pton(3) reads it."""
    ways = [f"(?:{HEX}:){{7}}{HEX}", f"(?:{HEX}:){{6}}{IPV4}"]
    for left in range(8):
        head = f"(?:{HEX}:){{{left}}}:" if left else "::"
        tail = []
        if left < 7:
            tail.append(f"{HEX}(?::{HEX}){{0,{6 - left}}}")
        if left < 6:
            tail.append(f"(?:{HEX}:){{0,{5 - left}}}{IPV4}")
        ways.append(head + (f"(?:{'|'.join(tail)})?" if tail else ""))
    return f"(?:{'|'.join(ways)})"


def patterned(pattern, message):
    """Texts that PATTERN fits; MESSAGE is what to say of others."""
    return {"type": "string", "pattern": pattern, "patternErrorMessage": message,
            "errorMessage": message}


def digits(least, most):
    """A pattern for the whole numbers from LEAST to MOST, zeros before them allowed."""
    ways = []
    while least <= most:
        # The longest run from LEAST on that ends in nines: 10^n numbers share their front.
        size = 1
        while least and least % (size * 10) == 0 and least + size * 10 - 1 <= most:
            size *= 10
        front, tail = least // size, len(str(size)) - 1
        top = min(9, (most + 1) // size - 1 - front // 10 * 10)
        first, last = front % 10, max(front % 10, top)
        head = str(front // 10) if front >= 10 else ""
        one = f"[{first}-{last}]" if last > first else str(first)
        ways.append(head + one + (f"[0-9]{{{tail}}}" if tail > 1 else "[0-9]" * tail))
        least += (last - first + 1) * size
    return f"0*(?:{'|'.join(ways)})"


def quantity(setting):
    """A pattern for texts of a number with a unit, within the bounds of SETTING."""
    ways = []
    for unit, factor in reversed(UNITS[setting.kind]):
        least = -(-setting.minimum // factor)
        if least <= setting.maximum // factor:
            ways.append(digits(least, setting.maximum // factor) + (f" ?{unit}" if unit else ""))
    if setting.kind == "TIME" and setting.minimum == 0:
        ways.append("0+")
    return f"^(?:{'|'.join(ways)}){END}"


def whole(setting):
    """A number without quotes."""
    return {"type": "integer", "minimum": setting.minimum, "maximum": setting.maximum}


def shapes(setting):
    """The shapes that a value of SETTING can have."""
    kind, found = setting.kind, []
    words = []
    if kind in ("NUMBER", "WORKERS"):
        found.append(whole(setting))
    elif kind in UNITS:
        range_ = bounds(setting)
        found.append(patterned(quantity(setting), f"{SAY[kind]}, from {range_}."))
        if kind != "TIME":
            found.append(whole(setting))
        elif setting.minimum == 0:
            found.append({"const": 0})
    if kind in UNITS or kind == "NUMBER":
        words += ["unlimited"] if setting.maximum == NOEND else []
        words += ["off"] if setting.minimum == 0 and kind != "SIZE" else []
    words += {"MEMORY": ["auto", "off"], "WORKERS": ["auto"]}.get(kind, [])
    words += ["off"] if kind == "ADDRESSES" and setting.standard == "off" else []
    words = WORDS.get(kind, words)
    if words:
        found.append({"enum": words})
    reference = {"LISTENERS": "listeners", "ADDRESSES": "addresses", "URL": "origins",
                 "NETWORKS": "networks"}.get(kind)
    if reference:
        found.append({"$ref": f"#/definitions/{reference}"})
    if kind == "FILE":
        found.append({"type": "string", "minLength": 1})
    if kind == "FILES":
        found += [{"type": "string", "pattern": f"^[^,]+(?:,[^,]+){{0,15}}{END}"},
                  {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": 16}]
    if kind == "FIELD":
        found.append(patterned(FREE_FIELD, SAY["FIELD"]))
    if kind == "NAME":
        found.append(patterned(f"^[0-9A-Za-z._-]{{1,253}}{END}", SAY["NAME"]))
    if kind == "USER":
        found += [patterned(f"^[^:]+(?::[^:]+)?{END}", SAY["USER"]),
                  {"type": "integer", "minimum": 1, "maximum": 2**32 - 2}]
    if not found:
        raise Unknown(f"{setting.key} is of a kind that no schema is known for: {kind}")
    return found


def typed(setting, text):
    """TEXT as a value in YAML."""
    plain = setting.kind in ("NUMBER", "WORKERS", "SIZE", "MEMORY") and text.isdigit()
    return int(text) if plain else text


def examples(setting):
    """Values that SETTING can have, besides its default."""
    given = {
        "LISTENERS": ["127.0.0.1:8080", "[::]:8443 tls",
                      ["0.0.0.0:8080 proxy_protocol", "0.0.0.0:8443 tls proxy_protocol"]],
        "ADDRESSES": ["127.0.0.1:8080", "[::]:8080", ["0.0.0.0:8080", "unix:/run/dpgw.sock"]],
        "ADDRESS": ["127.0.0.1:9901", "unix:/run/dpgw-admin.sock"],
        "URL": ["http://127.0.0.1:9000", ["http://10.0.0.1:9000", "http://10.0.0.2:9000"]],
        "NETWORKS": ["10.0.0.0/8", ["10.0.0.0/8", "::1"]],
        "FILE": ["mapping.yaml"],
        "FILES": ["server.pem", ["server.pem", "other.pem"]],
        "NAME": ["workspaces.example"],
        "FIELD": ["X-Client-Subject", "none"],
        "USER": ["dpgw", "1000:1000"],
        **WORDS,
    }.get(setting.kind)
    if given is None:
        given = [typed(setting, one) for one in bounds(setting).split(" to ")]
    return given


def described(setting):
    """The schema of SETTING's value."""
    range_ = bounds(setting)
    found = shapes(setting)
    made = {"description": setting.about + (f" ({range_})" if range_ else "")}
    if setting.standard:
        made["default"] = typed(setting, setting.standard)
    made["examples"] = examples(setting)
    if len(found) == 1 and "$ref" not in found[0]:
        return {**made, **found[0]}
    return {**made, "anyOf": found}


def address(path):
    """An address; PATH is a byte of a socket's."""
    return rf"(?:unix:/{path}{{0,106}}|(?:{IPV4}|\[{ipv6()}\]):(?:{PORT}))"


def origin(path):
    """A service; PATH is a byte of a socket's."""
    host = rf"(?:[0-9A-Za-z._-]{{1,253}}|\[{ipv6()}\])"
    return rf"(?:unix:/{path}{{0,106}}|https?://{host}(?::(?:{PORT}))?)"


def definitions():
    bits4, bits6 = "(?:0{0,2}[0-9]|0?[12][0-9]|0?3[0-2])", \
        "(?:0{0,2}[0-9]|0?[1-9][0-9]|1[01][0-9]|12[0-8])"
    network = f"(?:{IPV4}(?:/{bits4})?|{ipv6()}(?:/{bits6})?)"
    return {
        "address": patterned(f"^{address('[^ ]')}{END}", SAY["address"]),
        "addresses": {"anyOf": [
            patterned(listed(address("[^ ,]"), 8), SAY["address"]),
            {"type": "array", "items": {"$ref": "#/definitions/address"}, "minItems": 1,
             "maxItems": 8}]},
        "listener": patterned(f"^{address('[^ ]')}{SPOKEN}{END}", SAY["listener"]),
        "listeners": {"anyOf": [
            patterned(listed(address("[^ ,]") + SPOKEN, 8), SAY["listener"]),
            {"type": "array", "items": {"$ref": "#/definitions/listener"}, "minItems": 1,
             "maxItems": 8}]},
        "network": patterned(f"^{network}{END}", SAY["network"]),
        "networks": {"anyOf": [
            {"enum": ["none"]},
            patterned(listed(network, 32), SAY["network"]),
            {"type": "array", "items": {"$ref": "#/definitions/network"}, "maxItems": 32}]},
        "origin": patterned(f"^{origin('[^@]')}{END}", SAY["origin"]),
        "origins": {"anyOf": [
            patterned(listed(origin("[^,@]"), 32), SAY["origin"]),
            {"type": "array", "items": {"$ref": "#/definitions/origin"}, "minItems": 1,
             "maxItems": 32}]},
    }


def listed(one, most):
    """ONE, or up to MOST of it with commas between them."""
    return rf"^[ \t]*{one}[ \t]*(?:,[ \t]*{one}[ \t]*){{0,{most - 1}}}{END}"


def version():
    return {"description": "Of this file's form: 1.", "const": 1, "examples": [1]}


SERVICE = f"^(?!upstream{END})(?!.*__)[a-z](?:[a-z0-9_-]{{0,30}}[a-z0-9-])?{END}"


def services(upstream):
    """Services by name, each with the keys of UPSTREAM; only where it is has no other source."""
    return {"description": ABOUT["upstreams"], "type": ["object", "null"], "maxProperties": 16,
            "propertyNames": patterned(SERVICE, "A name is at most 32 of a-z, 0-9, - and single _, "
                                       "begins with a letter, and is not \"upstream\"."),
            "additionalProperties": {
                **upstream, "description": "A service that routes name.", "type": "object",
                "examples": [{"url": "http://127.0.0.1:9100"}]},
            "examples": [{"billing": {"url": "http://127.0.0.1:9100"}}]}


def schema(rows):
    """The whole schema, for ROWS of settings."""
    properties = {"version": version()}
    for setting in rows:
        *groups, key = setting.key.split(".")
        inside = properties
        for depth, group in enumerate(groups, 1):
            inside = inside.setdefault(group, {
                "description": ABOUT.get(".".join(groups[:depth]), ""), "type": ["object", "null"],
                "additionalProperties": False, "properties": {}})["properties"]
        inside[key] = described(setting)
    if "upstream" in properties:
        properties["upstreams"] = services(properties["upstream"])
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:dpgw:gateway.schema.json",
        "title": "gateway.yaml",
        "description": "How the Data Products Gateway runs.",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "properties": properties,
        "definitions": definitions(),
    }


def text(rows):
    """The file's text."""
    return json.dumps(schema(rows), indent=2) + "\n"
