r"""mapping_schema.py - config/mapping.schema.json, said once for every form an entry can have

Patterns refuse what gateway/mapping and gateway/json refuse, in the dialect
that Python and JavaScript share: `$(?!\n)` is the very end, since Python's $
also stands before a last line feed.  What no schema can tell is listed in
test/schema/mapping_files.py.
"""
import json

import schema
from settings import NOEND, Setting

END = schema.END
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
ALIKE = ("HEAD", "OPTIONS")      # never exchanged for another
NAME_MAX = 256                   # MAPPING_NAME_MAX
BROWNOUTS_MAX = 100              # DEPRECATION_BROWNOUTS_MAX
SECRET = ["authorization", "proxy-authorization", "cookie"]
UNMAPPABLE = ["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
              "content-length", "expect", "host", "authorization"]

LITERAL = r"[-A-Za-z0-9._~!$&'()+,;=:@]"
SEGMENT = rf"(?:\{{[A-Za-z0-9_.-]+\}}|(?!\.\.?(?:[;/]|{END})){LITERAL}{{1,255}})"
SEGMENTS = rf"(?:{SEGMENT}(?:/{SEGMENT}){{0,63}}(?:/\*\*)?|\*\*)"
# No parameter twice, at most 16 of them.
PARAMETERS = r"(?!.*\{([^{}]*)\}.*\{\1\})(?!(?:[^{]*\{){17})"

FIRST = r"[^\x00-@\[-^`{-\x7f]"
PLAIN_NAME = rf"{FIRST}[^\x00-/:-@\[-^`{{-\x7f]{{0,{NAME_MAX - 1}}}"
UNIT = r"u(?:[0-9A-CEFa-cef][0-9A-Fa-f]{3}|[Dd][0-7][0-9A-Fa-f]{2}|" \
       r"[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})"


def path():
    return {"type": "string", "pattern": f"^{PARAMETERS}/{SEGMENTS}?{END}",
            "patternErrorMessage": "A path begins with \"/\"; its segments are literals, {names}, "
            "each once, or a last **.",
            "examples": ["/api/v1/products/{productId}", "/api/v1/spaces/**"]}


def json_path():
    """The part of JSONPath that gateway/json/path.h takes."""
    quoted = "|".join(rf"{quote}(?:[^\x00-\x1f\\{quote}]|\\(?:[bfnrt/\\{quote}]|{UNIT}))"
                      rf"{{0,{NAME_MAX}}}{quote}" for quote in "'\"")
    inside = rf"\[[ \t]*(?:{quoted})[ \t]*\]"
    steps = rf"\.\.?{PLAIN_NAME}(?=[.\[]|{END})|\.\*|\[[ \t]*\*[ \t]*\]|(?:\.\.)?{inside}"
    return {"description": "Which values: $, .name, ['name'], .*, [*] and ..name, with the "
            "client's names in both directions.",
            "type": "string", "pattern": rf"^\$(?:{steps})*{END}",
            "patternErrorMessage": "A path begins with \"$\" and goes on with .name, ['name'], .*, "
            "[*] or ..name; filters, slices and indexes are not supported.",
            "examples": ["$..rows", "$.data.items[*]", "$..links.*"]}


def any_case(word):
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in word)


def header_name():
    refused = "|".join(rf"{any_case(name)}{END}" for name in UNMAPPABLE)
    proxy = rf"{any_case('proxy-')}[^\n]"
    return {"type": "string", "maxLength": NAME_MAX,
            "pattern": rf"^(?!{refused}|{proxy})[A-Za-z0-9!#$%&'*+.^_`|~-]+{END}",
            "patternErrorMessage": "A header name is letters, digits and \"-\"; those that frame a "
            "message or concern one connection, Host and Authorization stay as they are."}


def name(description=None):
    """A name, or any text that is exchanged whole."""
    found = {"type": "string", "minLength": 1, "maxLength": NAME_MAX}
    return {"description": description, **found} if description else found


def quantity(kind):
    return schema.quantity(Setting("", kind, "", 1, NOEND, ""))


def ref(definition):
    return {"allOf": [{"$ref": f"#/definitions/{definition}"}]}


def pairs(names, values):
    return {"type": ["object", "null"], "propertyNames": names, "additionalProperties": values}


def choice(about, words, standard=None):
    """One of WORDS, {word: what it means}."""
    return {"description": f"{about}: " + "; ".join(f"{w}, {m}" for w, m in words.items()) + ".",
            "enum": list(words), **({"default": standard} if standard else {}),
            "examples": list(words)}


def direction():
    return choice("In which direction", {
        "both": "requests and replies", "request": "only what a client sends",
        "response": "only what the service replies"}, "both")


def methods():
    """The forms a table of methods has; none of them empty."""
    one = {"enum": METHODS, "errorMessage": "A method is " + ", ".join(METHODS) + "; GET brings "
           "HEAD with it, and OPTIONS is forwarded on every path."}
    free = [m for m in METHODS if m not in ALIKE]
    sent_as = {"description": "Client method: the method that goes to the service.",
               "type": "object", "minProperties": 1, "additionalProperties": False,
               "properties": {m: {"description": f"What a client's {m} is sent as.",
                                  "enum": [m] if m in ALIKE else free,
                                  "examples": [m] if m in ALIKE else ["POST"]} for m in METHODS},
               "examples": [{"PUT": "POST"}]}
    listed = {"type": "array", "minItems": 1, "uniqueItems": True,
              "items": {"anyOf": [one, {"$ref": "#/definitions/sent_as"}]},
              "examples": [["GET", "POST"], ["GET", {"PUT": "POST"}]]}
    return sent_as, listed


def field_rule():
    return {"type": "object", "required": ["upstream"], "additionalProperties": False,
            "properties": {
                "upstream": {**name("The service's name of the field."),
                             "examples": ["workspaceId"]},
                "direction": direction(),
                "at": {"description": "Only members of the objects at this path are renamed; names "
                       "in it are the client's.", **ref("json_path"),
                       "examples": ["$.data..dataAssets[*]"]}},
            "examples": [{"upstream": "workspaceId", "direction": "request"}]}


def fields(narrow):
    """The table of fields; a NARROW one may also take entries of a wider one out."""
    forms = [name("The service's name of the field."), {"$ref": "#/definitions/field_rule"}]
    about = "Client name: service's name, of fields wherever they stand in JSON, query strings, " \
        "forms and multipart parts."
    if narrow:
        forms.append({"description": "Takes the wider entry of this name out.", "type": "null"})
        about += " An entry replaces the wider one of the same client name, null removes it."
    else:
        about += " Whole names only, never values."
    return {"description": about, **pairs(name(), {"anyOf": forms}),
            "examples": [{"dataProductId": "workspaceId"},
                         {"sourceDataProductId": {"upstream": "sourceWorkspaceId",
                                                  "direction": "request"}}]}


def value_rule():
    return {"type": "object", "required": ["at"], "additionalProperties": False,
            "oneOf": [{"required": ["map"]}, {"required": ["rewrite"]}],
            "errorMessage": "An entry has \"at\" and either \"map\" or \"rewrite\".",
            "properties": {
                "at": {"description": "Where the strings stand; names in the path are the "
                       "client's.", **ref("json_path"), "examples": ["$..resourceType"]},
                "map": {"description": "Client value: service's value; whole strings.",
                        **pairs(name(), name()), "type": "object", "minProperties": 1,
                        "examples": [{"data_product": "workspace"}]},
                "rewrite": choice("How the strings are changed", {
                    "url": "a URL or path goes through the routes",
                    "words": "by the tables of words and fields",
                    "name": "the string is itself a field's name"}),
                "direction": direction()},
            "examples": [{"at": "$..resourceType", "map": {"data_product": "workspace"}},
                         {"at": "$..links.*", "rewrite": "url"}]}


def rules(narrow):
    """The keys that stand at every width."""
    adds = " Adds to the wider ones." if narrow else ""
    return {
        "fields": fields(narrow),
        "opaque": {"description": "Subtrees that are carried through untouched: customers' own "
                   f"JSON.{adds}", "type": ["array", "null"],
                   "items": {"$ref": "#/definitions/json_path"},
                   "examples": [["$..rows", "$..semanticModel.definition"]]},
        "values": {"description": "String values that do change, and only these; the first that "
                   f"fits a string applies.{adds}", "type": ["array", "null"],
                   "items": {"$ref": "#/definitions/value_rule"},
                   "examples": [[{"at": "$..links.*", "rewrite": "url"}]]},
        "collisions": {
            "description": "What happens if both names of a pair meet in one object.",
            "type": ["object", "null"], "additionalProperties": False,
            "properties": {side: choice(about, {
                "reject": refused, "keep": "the second leaves under the name it came with"}, usual)
                for side, about, refused, usual in (
                    ("request", "Both names in a request", "400", "reject"),
                    ("response", "Both names in a reply", "502 or a cut reply", "keep"))},
            "examples": [{"request": "reject", "response": "keep"}]},
    }


def scope(keys):
    """The keys of a route or a resource: KEYS first."""
    return {
        **keys, **rules(True),
        "body": {**choice("Whether bodies are translated", {
            "auto": "by their media type", "raw": "never"}, "auto")},
        "timeout": {"description": "How long the service may take until the first byte, and "
                    "between bytes; in place of the timeouts of gateway.yaml.",
                    **ref("time"), "examples": ["300s"]},
        "service": service(),
        "max_body": {"description": "The largest request body; beyond it 413.  In place of the "
                     "limits of gateway.yaml.", **ref("size"),
                     "examples": ["64MiB", "unlimited"]},
    }


def service():
    return {"description": "Who is asked: a service that gateway.yaml names below upstreams, or "
            "upstream, which it is where nothing is said.",
            **name(), "examples": ["upstream"]}


def resource():
    keys = scope({"methods": {"description": "The client's methods; {PUT: POST} sends PUT as "
                              "POST.", **ref("methods"), "examples": [["GET", "POST"]]}})
    return {"type": "object", "required": ["methods"], "additionalProperties": False,
            "properties": keys,
            "examples": [{"methods": ["POST"], "timeout": "300s"}]}


def route():
    templates = {
        side: {"description": about, **ref("path"), "examples": [example]}
        for side, about, example in (
            ("client", "The path that clients use. {x} is one segment, a last ** is any number of "
             "them; both sides have the same ones.", "/api/v1/data-products/{dataProductId}"),
            ("upstream", "The service's path for it.", "/api/v1/workspaces/{dataProductId}"))}
    tail = {"type": "string", "pattern": f"^{PARAMETERS}{SEGMENTS}{END}",
            "patternErrorMessage": "A resource is segments without a \"/\" before them, such as "
            "chat/stream or skills/**."}
    keys = scope({
        **templates,
        "methods": {"description": "The client's methods; {PUT: POST} sends PUT as POST.  GET "
                    "brings HEAD with it, OPTIONS is always forwarded.",
                    "anyOf": [{"$ref": "#/definitions/methods"}, {"type": "null"},
                              {"type": "array", "maxItems": 0}],
                    "examples": [["GET", "POST"], ["GET", {"PUT": "POST"}]]},
        "resources": {"description": "What is served below both paths, under the same tail: a list "
                      "of methods, or a map with keys of its own; the route's keys hold for it.",
                      "type": ["object", "null"], "propertyNames": tail,
                      "additionalProperties": {"anyOf": [{"$ref": "#/definitions/methods"},
                                                         {"$ref": "#/definitions/resource"}]},
                      "examples": [{"chat/stream": {"methods": ["POST"], "timeout": "300s"},
                                    "skills/**": ["GET", "DELETE"]}]}})
    served = [{"required": [key], "properties": {key: form}} for key, form in (
        ("methods", {"$ref": "#/definitions/methods"}),
        ("resources", {"type": "object", "minProperties": 1}))]
    return {"type": "object", "required": ["client", "upstream"], "additionalProperties": False,
            "anyOf": served, "properties": keys,
            "examples": [{"client": "/api/v1/data-products", "upstream": "/api/v1/workspaces",
                          "methods": ["GET", "POST"]}]}


DAY = r"(?:19[7-9][0-9]|[2-9][0-9]{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"


def day(about, example):
    return {"description": about, "type": "string", "pattern": f"^{DAY}{END}",
            "patternErrorMessage": "A day is written as year, month and day: \"2026-03-02\".",
            "examples": [example]}


def window():
    """A time in which an entry is switched off."""
    about = {"from": "The first second of it.", "to": "The first second after it."}
    return {"type": "object", "required": ["from", "to"], "additionalProperties": False,
            "properties": {key: {
                "description": said, "type": "string",
                "pattern": f"^{DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z{END}",
                "patternErrorMessage": "A time is in UTC, with its day and to the second: "
                "\"2026-12-01T09:00:00Z\".",
                "examples": ["2026-12-01T09:00:00Z"]} for key, said in about.items()}}


def served():
    """An entry of passthrough; what tells of its end needs the day of deprecation."""
    return {"type": "object", "required": ["path"], "additionalProperties": False,
            "dependencies": {key: ["deprecated"]
                             for key in ("sunset", "successor", "caller")},
            "properties": {
                "path": {"description": "The path, the same on both sides.", **ref("path"),
                         "examples": ["/api/v1/spaces/**"]},
                "service": service(),
                "deprecated": day("The day since when it is deprecated; replies say so "
                                  "(RFC 9745).", "2026-03-02"),
                "sunset": day("The day it ends, for clients to know (RFC 8594); nothing ends by "
                              "itself.", "2027-03-02"),
                "successor": {"description": "The path that takes over, with parameters of this "
                              "one; replies link to it where a route serves it.", **ref("path"),
                              "examples": ["/api/v1/products/**"]},
                "caller": {"description": "The request header that names the client, for the list "
                           "of who still calls; without it, the product in User-Agent.",
                           "type": "string", "maxLength": NAME_MAX,
                           "pattern": rf"^(?!(?:{'|'.join(any_case(n) for n in SECRET)}){END})"
                           rf"[A-Za-z0-9!#$%&'*+.^_`|~-]+{END}",
                           "patternErrorMessage": "A header name is letters, digits and \"-\"; "
                           "none that holds a secret.", "examples": ["X-Client-Name"]},
                "brownout": {"description": "Windows in which it is switched off, and requests get "
                             "410, so that whoever still calls notices.",
                             "type": ["array", "null"], "maxItems": BROWNOUTS_MAX,
                             "items": {"$ref": "#/definitions/window"},
                             "examples": [[{"from": "2026-12-01T09:00:00Z",
                                            "to": "2026-12-01T09:15:00Z"}]]}},
            "if": {"required": ["brownout"],
                   "properties": {"brownout": {"type": "array", "minItems": 1}}},
            "then": {"required": ["deprecated"]},
            "examples": [{"path": "/api/v1/spaces/**", "deprecated": "2026-03-02"}]}


def definitions():
    sent_as, listed = methods()
    size = schema.patterned(quantity("SIZE"), schema.SAY["SIZE"] + ".")
    return {
        "path": path(),
        "json_path": json_path(),
        "header": header_name(),
        "time": schema.patterned(quantity("TIME"), schema.SAY["TIME"] + "."),
        "size": {"anyOf": [size, {"enum": ["unlimited"]},
                           {"type": "integer", "minimum": 1, "maximum": NOEND}]},
        "sent_as": sent_as,
        "methods": {"anyOf": [listed, {"$ref": "#/definitions/sent_as"}]},
        "field_rule": field_rule(),
        "value_rule": value_rule(),
        "resource": resource(),
        "route": route(),
        "unmirrored": {"type": "object", "required": ["path", "reason"],
                       "additionalProperties": False, "properties": {
                           "path": {"description": "The service's path.", **ref("path"),
                                    "examples": ["/api/v1/spaces/{id}/threads/**"]},
                           "methods": {"description": "The methods that are meant; all where there "
                                       "are none.", "type": ["array", "null"],
                                       "items": {"enum": METHODS}, "examples": [["GET"]]},
                           "reason": {"description": "Why clients have no use for it.",
                                      "type": "string", "minLength": 1,
                                      "examples": ["only the old side has threads"]}}},
        "window": window(),
        "served": served(),
    }


def tables():
    """The top-level keys that are no rules."""
    return {
        "words": {"description": "Client word: service's word, for rewrite: words.  Whole words, "
                  "the longest first, in the case written here.", **pairs(name(), name()),
                  "examples": [{"data product": "workspace"}]},
        "query": {"description": "What is special in query strings.", "type": ["object", "null"],
                  "additionalProperties": False,
                  "properties": {"names_in": {
                      "description": "Parameters whose value lists field names "
                      "(?sort=-dataProductId,name), by the client's names.",
                      "type": ["array", "null"], "items": name(),
                      "examples": [["sort", "fields", "include"]]}},
                  "examples": [{"names_in": ["sort", "fields"]}]},
        "headers": {"description": "Client name: service's name, of header fields in both "
                    "directions; case plays no part.",
                    **pairs({"$ref": "#/definitions/header"}, {"$ref": "#/definitions/header"}),
                    "examples": [{"X-Data-Product-Id": "X-Workspace-Id"}]},
        "watch": {"description": "Names of the service that look unmapped: counted and listed by "
                  "dpgw drift, never changed.", "type": ["object", "null"],
                  "additionalProperties": False, "properties": {
                      key: {"description": about, "type": ["array", "null"],
                            "uniqueItems": True, "items": name(), "examples": [example]}
                      for key, about, example in (
                          ("names", "Which names look unmapped; * is any characters, ? is one, case "
                           "plays no part.", ["*workspace*"]),
                          ("ignore", "Names that are looked at no more.", ["slackWorkspaceId"]))},
                  "examples": [{"names": ["*workspace*"], "ignore": ["slackWorkspaceId"]}]},
        "openapi": {"description": "What dpgw openapi is told; no request or reply is changed by it.",
                    "type": ["object", "null"], "additionalProperties": False, "properties": {
                        "allow": {"description": "Places of a description where names that are "
                                  "watched out for may stand: paths as those of opaque.",
                                  "type": ["array", "null"],
                                  "items": {"$ref": "#/definitions/json_path"},
                                  "examples": [["$..semanticModel.definition"]]}},
                    "examples": [{"allow": ["$..semanticModel.definition"]}]},
        "unmirrored": {"description": "Operations of the service that no route mirrors, and why; for "
                       "dpgw openapi parity.", "type": ["array", "null"],
                       "items": {"$ref": "#/definitions/unmirrored"},
                       "examples": [[{"path": "/api/v1/spaces/{id}/threads/**",
                                      "reason": "only the old side has threads"}]]},
    }


def document():
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:dpgw:mapping.schema.json",
        "title": "mapping.yaml",
        "description": "Every translation rule of the Data Products Gateway.  Left is the client's "
                       "word, right the service's.",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "properties": {
            "version": schema.version(),
            "routes": {"description": "Which paths are served, and by which of the service's.  "
                       "What is not listed is 404; the most specific path wins.",
                       "type": ["array", "null"], "items": {"$ref": "#/definitions/route"},
                       "examples": [[{"client": "/api/v1/data-products",
                                      "upstream": "/api/v1/workspaces", "methods": ["GET"]}]]},
            "passthrough": {"description": "What is served unchanged, byte for byte, with every "
                            "method.", "type": ["array", "null"],
                            "items": {"$ref": "#/definitions/served"},
                            "examples": [[{"path": "/api/v1/spaces/**"}],
                                         [{"path": "/api/v1/spaces/**", "deprecated": "2026-03-02",
                                           "successor": "/api/v1/products/**"}]]},
            **rules(False), **tables(),
        },
        "definitions": definitions(),
    }


def text():
    """The file's text."""
    return json.dumps(document(), indent=2) + "\n"
