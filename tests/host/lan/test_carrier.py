"""A reader without a strike by the host's commands: enrolled with nothing that decides, run, and
looked after once somebody has opened it.
"""

import pytest

import sealed_settings
from holdfast_host.boards.process import ReaderProcess

WITHIN = 120  # seconds of a machine that others use, too
TOLD = ("--wiring", "carries", "--controller", "reader", "--node", "wall")


def _said(process, kind, **fields):
    def matches(said):
        return said.get("event") == kind and all(said.get(name) == fields[name] for name in fields)

    found = process.wait(matches, timeout=WITHIN)
    assert found is not None, process.events
    return found


def test_it_is_enrolled_with_no_secret_but_its_own_and_a_tamper_is_cleared(
    holdfast, site_folder, tmp_path, node, bearer, at
):
    """What hangs on the wall has neither policy nor lookup key; who administers clears what it
    told, once, and whoever is no carrier is none.
    """
    wall, administrator = tmp_path / "wall", bearer("administer")
    enroll = ["reader", "enroll", wall, "--site", site_folder, "--door", "front", "--side", "out"]
    enrolled = holdfast(*enroll, *TOLD, "--peer", at(node), "--json")
    assert enrolled.code == 0, enrolled.err
    assert enrolled.json["doors"] == [] and enrolled.json["suites"] == [0]
    settings = sealed_settings.opened(wall)
    assert settings[15] == "carries" and not {10, 11} & set(settings) and settings[4] == []
    assert not (wall / "policy.cbor").exists()
    shown = holdfast("policy", "show", site_folder, "--json").json
    assert shown["carriers"] == {"wall": {"door": "front", "side": "out"}}
    renewed = holdfast("reader", "renew", site_folder, "wall", "-o", tmp_path / "new")
    renewed.fails("with its settings alone", "--replace")

    given = ("--as", administrator, "--node", at(node))
    assert holdfast("policy", "publish", site_folder, *given).code == 0
    lan = (node.lan[0], "127.0.0.2")
    clear = ["clear-tamper", site_folder, "wall", *given]
    holdfast(*clear).fails("no node that was asked had a tamper")
    with ReaderProcess(wall, lan=lan, inputs=["tamper"]) as carrier:
        _said(carrier, "controller", present=True)
        carrier.put(tamper=True)
        assert _said(node, "carrier_tamper", on=True)["door"] == "front"
    holdfast("clear-tamper", site_folder, "wall", "--as", bearer(), "--node", at(node)).fails(
        "refused to clear a tamper", "administer"
    )
    assert holdfast(*clear, "--json").json["cleared_at"] == ["reader"]
    assert _said(node, "carrier_tamper", on=False)
    holdfast(*clear).fails("no node that was asked had a tamper")
    shown = holdfast("nodes", site_folder, *given)
    assert shown.code == 0 and "answers" in shown.out  # nobody, as the table has it
    found = holdfast("doctor", site_folder, *given, "--json").json["findings"]
    assert not [one for one in found if one["about"] == "wall"]
    clear[2] = "reader"
    holdfast(*clear).fails("is no carrier")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--wiring", "carries", "--node", "wall"], "whom it carries to"),
        (["--wiring", "carries", "--controller", "reader"], "is not its door"),
        ([*TOLD, "--zone", "hall"], "no zones"),
        ([*TOLD, "--door", "attic"], "no door 'attic'"),
        ([*TOLD, "--role", "controller"], "cannot have the wiring"),
        (["--role", "carrier", "--node", "wall"], "cannot have the wiring"),
    ],
)
def test_a_carrier_that_cannot_be_is_not_enrolled(
    holdfast, site_folder, tmp_path, options, words
):
    """And no folder is left that looks like one."""
    command = ["reader", "enroll", tmp_path / "r", "--site", site_folder, "--door", "front"]
    holdfast(*command, *options).fails(words)
    assert not (tmp_path / "r").exists()


def test_what_has_decided_carries_after_a_factory_reset_alone(
    holdfast, site_folder, reader_folder
):
    """It has the site's cards and keys on its flash; and the reset takes it to a carrier."""
    command = ["reader", "enroll", reader_folder, "--site", site_folder, "--door", "front", *TOLD]
    command[-1] = "reader"
    command[command.index("--controller") + 1] = "inside"
    refused = holdfast(*command, "--replace")
    refused.fails("factory reset", "reader reset")
    with ReaderProcess(reader_folder) as reader:
        assert reader.events[-1]["doors"] == ["front"]
    assert holdfast("reader", "reset", reader_folder, "--discard-events").code == 0
    command[-1] = "wall"
    assert holdfast(*command).code == 0
    assert holdfast("reader", "reset", reader_folder).code == 0
    holdfast("reader", "run", reader_folder).fails("is not enrolled")
