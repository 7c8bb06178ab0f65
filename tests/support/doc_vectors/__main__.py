"""Writes the files: ``python -m doc_vectors FOLDER``."""

import asyncio
import json
import os
import sys

from doc_vectors import NAMES, make


def text_of(content, indent="") -> str:
    """JSON as it is kept: keys in order, a line a value, so that changes can be read."""
    more = indent + " "
    if isinstance(content, dict) and content:
        entries = sorted(content.items())
        lines = [more + json.dumps(key) + ": " + text_of(one, more) for key, one in entries]
        return "{\n" + ",\n".join(lines) + "\n" + indent + "}"
    if isinstance(content, list) and any(isinstance(item, (dict, list)) for item in content):
        lines = [more + text_of(item, more) for item in content]
        return "[\n" + ",\n".join(lines) + "\n" + indent + "]"
    return json.dumps(content, ensure_ascii=False)


def main(folder):
    """Make all files anew."""
    os.makedirs(folder, exist_ok=True)
    for name in NAMES:
        text = text_of(asyncio.run(make(name))) + "\n"
        with open(folder + "/" + name + ".json", "w") as file:
            file.write(text)
        print("%s/%s.json: %d bytes" % (folder, name, len(text)))


main(sys.argv[1])
