"""Everything that goes to a board, for MicroPython's build: a board's manifest includes it.

``hal`` names the platforms, mostly one, whose folders in holdfast/hal go along; the others stay
out.
"""

import pathlib  # noqa: TID251 - runs in the build, not on a board

options.defaults(hal="")

here = pathlib.Path.cwd()  # makemanifest is in this file's folder while it runs it
# What needs CPython: the backend over OpenSSL, and the generators of machine code.
for_the_host = ("crypto/hosted.py", "crypto/assembly/")
platforms = ("holdfast/hal/%s/" % path.name for path in (here / "holdfast/hal").iterdir())
chosen = ["holdfast/hal/%s/" % name for name in options.hal.split()]
elsewhere = tuple(name for name in platforms if name not in chosen)

for base, left_out in ((here.parent / "lib", for_the_host), (here, elsewhere)):
    for package_folder in sorted(base.glob("*/__init__.py")):
        files = (
            path.relative_to(package_folder.parent).as_posix()
            for path in sorted(package_folder.parent.rglob("*.py"))
            if not path.relative_to(base).as_posix().startswith(left_out)
        )
        package(package_folder.parent.name, files=tuple(files), base_path=str(base))
