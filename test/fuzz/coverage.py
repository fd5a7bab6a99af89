#!/usr/bin/env python3
"""coverage.py - how many lines of its room each target reaches

Runs the replay programs of BUILD, which were built to count lines, over the
corpus of their targets and over what was found since, and prints a table.
A target that reaches less than 70 % of its room is not finished.
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build/coverage")
FOUND = ROOT / "build/fuzz/found"
CORPUS = ROOT / "test/fuzz/corpus"
WANTED_PERCENT = 70

# What opens files and hands on what is in them, and what is asked only when names of the service
# are shown to people: no target is there for these.
NOBODYS = {"conf/conf.c", "conf/yaml_file.c", "mapping/suggest.c"}
# The sources that a target is there for, as patterns in gateway/.
ROOMS = {
    "chunked": ["http/chunked.c"],
    "coding": ["coding/*.c"],
    "derive": ["cli/openapi_[!pu]*.c", "cli/openapi_use.c", "conf/yaml_tree.c"],
    "event_stream": ["translate/event_*.c"],
    "form": ["translate/form*.c", "translate/query.c"],
    "head": ["http/accept.c", "http/date.c", "http/field.c", "http/head.c",
             "http/hop.c", "http/method.c", "http/path.c", "http/reply.c", "http/status.c",
             "http/target.c"],
    "json": ["json/escape.c", "json/lines.c", "json/reader.c", "json/skeleton.c",
             "json/string_scan.c", "json/token.c", "json/unfinished.c", "json/yajl_pool.c",
             "translate/collisions.c", "translate/json_body.c", "translate/splicer*.c"],
    "jsonpath": ["json/path.c", "mapping/places.c", "mapping/rules.c"],
    "mapping": ["conf/conf_mapping.c", "conf/expect.c", "conf/layers.c", "conf/settings.c",
                "conf/endpoint.c", "conf/account.c", "conf/units.c", "conf/yaml_*.c",
                "mapping/*.c"],
    "multipart": ["translate/multipart*.c"],
    "proxy_header": ["http/proxy_header.c"],
    "records": ["translate/records.c"],
    "route": ["http/path.c", "http/target.c", "mapping/lookup.c", "mapping/pattern.c",
              "mapping/trie.c", "translate/cookie.c", "translate/link.c", "translate/query.c",
              "translate/refresh.c", "translate/target.c", "translate/url.c"],
}


def sources(target):
    """The files of TARGET's room; each pattern is there for some."""
    found = []
    for pattern in ROOMS[target]:
        files = sorted((ROOT / "gateway").glob(pattern))
        assert files, f"{pattern} is no file"
        found += [file for file in files
                  if str(file.relative_to(ROOT / "gateway")) not in NOBODYS]
    return found


def lines(target):
    """{file: (lines, lines reached)} of TARGET's room, after a run over all its inputs."""
    program, raw = BUILD / "fuzz" / target, BUILD / f"{target}.profraw"
    inputs = [folder for folder in (CORPUS / target, FOUND / target) if folder.is_dir()]
    subprocess.run([program, *inputs], stdout=subprocess.DEVNULL, check=True,
                   env={**os.environ, "LLVM_PROFILE_FILE": str(raw)})
    merged = raw.with_suffix(".profdata")
    subprocess.run(["llvm-profdata", "merge", "-sparse", raw, "-o", merged], check=True)
    said = subprocess.run(["llvm-cov", "export", "-summary-only", program,
                           f"-instr-profile={merged}", *sources(target)],
                          stdout=subprocess.PIPE, check=True).stdout
    reached = {pathlib.Path(file["filename"]).resolve().relative_to(ROOT / "gateway"):
               (file["summary"]["lines"]["count"], file["summary"]["lines"]["covered"])
               for file in json.loads(said)["data"][0]["files"]}
    unlinked = {source.relative_to(ROOT / "gateway") for source in sources(target)} - set(reached)
    assert not unlinked, f"{target} is not linked with {unlinked}"
    return reached


def main():
    targets = sys.argv[1:] or sorted(ROOMS)
    figures, short = {}, []
    for target in targets:
        files = lines(target)
        there, reached = (sum(column) for column in zip(*files.values()))
        percent = 100 * reached / there
        figures[target] = {"lines": there, "reached": reached}
        if percent < WANTED_PERCENT:
            short.append(target)
        print(f"{target:14} {reached:5} of {there:5} lines  {percent:5.1f} %", flush=True)
        for file, (count, covered) in files.items():
            print(f"    {str(file):32} {covered:5} of {count:5}  {100 * covered / count:5.1f} %")
    known = BUILD / "coverage.json"
    figures = {**(json.loads(known.read_text()) if known.exists() else {}), **figures}
    known.write_text(json.dumps(figures, indent=1) + "\n")
    if short:
        print(f"below {WANTED_PERCENT} %: {' '.join(short)}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
