"""A place in a joined file leads back to the place it was joined from."""

import re
import subprocess
import sys

from join.trace import back

import conftest
from joined import Joint, run

FILES = {
    "main.py": """
        import other

        # a comment, which no unit has
        def first():
            \"\"\"Nor a docstring.\"\"\"
            return other.run(
                1,
                2,
            )

        def run(x):
            return x

        print(run(1))
        def start():
            try:
                return first()
            finally:
                print("end")
    """,
    "other.py": """
        class Worker:
            def work(self, a: int, b: int) -> int:
                if a:
                    for _ in range(1):
                        with open("/nowhere/at/all"):
                            pass
                return a

        def run(a, b):
            return Worker().work(a, b)
    """,
}


def test_a_traceback_names_the_lines_it_would_have_named(tmp_path):
    """On MicroPython, which tells one line a statement, all frames are the same."""
    files = {**FILES, "go.py": "from main import start\nstart()\n"}
    program = Joint(tmp_path, files, roots=["main"])
    (program.modules / "go.py").write_text(files["go.py"])
    frames = []
    for folder in (program.sources, program.modules):
        process = subprocess.run(
            [conftest.micropython(), "-c", "import go"],
            capture_output=True,
            text=True,
            cwd=folder,
            env={"MICROPYPATH": f"{folder}:.frozen"},
        )
        told = back(process.stdout + process.stderr, program.joined.map())
        found = re.findall(r'File "(?:.*/)?(\w+\.py)", line (\d+), in (\w+)', told)
        frames.append([frame for frame in found if frame[0] != "go.py"])
    assert frames[0] == frames[1]
    assert ("other.py", "6", "work") in frames[0] and len(frames[0]) == 4


def test_places_that_a_program_writes_itself_lead_back_too(tmp_path):
    joined = Joint(tmp_path, FILES).joined
    unit = joined.map()["units"]["one"]
    line = next(i for i, place in enumerate(unit, 1) if place and place[1] == 6)
    path = joined.map()["files"][unit[line - 1][0]]
    assert back(f"fault at one.py:{line}, two.py:3", joined.map()) == (
        f"fault at {path}:6, two.py:3"
    )
    assert back("one.py:99999 and one.py:0", joined.map()) == "one.py:99999 and one.py:0"


def test_the_command_joins_and_reads_tracebacks(tmp_path):
    Joint(tmp_path, FILES)
    command = [sys.executable, "-m", "join"]
    folders = {"cwd": conftest.ROOT / "boards", "capture_output": True, "text": True}
    arguments = [str(tmp_path / "join.toml"), str(tmp_path / "new")]
    made = subprocess.run([*command, *arguments], check=True, **folders)
    assert run("cpython", tmp_path / "new" / "modules") == "1\n", made
    again = subprocess.run(
        [*command, "--trace", str(tmp_path / "new")], input='File "one.py", line 4', **folders
    )
    assert "sources/" in again.stdout
