"""A controller on an ESP32: its doors' pins, their exit buttons, and what it is refused for."""

INTERPRETERS = ("micropython",)
HEAP = "2M"  # which an ESP32's role collects often: each time, all of it

import esp32_starts
import simulated_esp32
import small_site as site
from esp32_starts import PRIVATE, Start, interrupt, press, pressed_at
from folders import Folder
from holdfast.access import credential as labels
from holdfast.access import status
from holdfast.roles import esp32_doors, esp32_start
from holdfast.storage import files

_DOORS = ("hall", "vault", "yard")
_PINS = (
    '{"doors": {"hall": {"STRIKE": 4, "REX": 5, "WIEGAND_D0": {"pin": 16, "format": "26"},'
    ' "WIEGAND_D1": 17}, "vault": {"STRIKE": {"pin": 6, "active": 0}, "REX": 7, "CONTACT":'
    ' {"pin": 15, "held": 90}}, "yard": {"STRIKE": 8, "WIEGAND_D0": {"pin": 11, "format": "34"},'
    ' "WIEGAND_D1": 12}}, "SDA": false, "SCL": false}'
)
_S3 = {"STRIKE": 1, "REX": 2, "SAFE": 0, "RING": 38, "SDA": 9, "SCL": 10}


def _controller(doors=_DOORS):
    """What is other in its settings than in a reader's."""
    claims = {2: "ctl", labels.ROLE: labels.ROLE_CONTROLLER, 9: None}
    if doors:
        claims[9] = site.scope(*[(1, name, 1) for name in doors])
    return {
        3: "ctl",
        4: [[name, 500] for name in doors],
        6: site.device_certificate(PRIVATE, claims),
    }


def _enrolled(folder, wiring=None):
    changes = _controller()
    if wiring:
        changes[15] = wiring
    esp32_starts.enrolled(folder, changes, _PINS)


def _power_on():
    return simulated_esp32.power_on("ESP32S3", 2, _S3)


class _Seen:
    """What the node was when it served."""

    def __enter__(self):
        self._started, self.node = esp32_doors._started, None

        def started(node, *arguments):
            self.node = node
            return self._started(node, *arguments)

        esp32_doors._started = started
        return self

    def __exit__(self, *exception):
        esp32_doors._started = self._started

    def jobs(self, begin):
        names = [job.name for job in self.node.supervisor._jobs]
        return sorted([name for name in names if name.startswith(begin)])


def test_each_door_has_its_own_pins_and_its_own_way_out():
    """One door's strike that another's button or grant moved would be a door that opens by itself;
    the image's own names move nothing here.
    """
    chip = _power_on()
    with Folder() as folder, _Seen() as seen:
        _enrolled(folder)
        found = []

        def acts():
            press(chip, 100, 5)
            chip.run(1000)
            press(chip, 100, 7)
            chip.run(1000)
            found.append(seen.jobs("wiegand"))
            found.append(seen.jobs("lights"))
            found.append(seen.node.doors["vault"].watched._monitor._held_ms)

        start = Start(folder, chip=chip, acts=acts)
        ready = start.line("ready")
        assert (ready["node"], ready["doors"]) == ("ctl", list(_DOORS))
        assert found == [["wiegand of hall", "wiegand of yard"], [], 90000]
        assert seen.node.ROLE == labels.ROLE_CONTROLLER
    # Each for its own half of a second, and the one that is released by 0 the other way round.
    for pin, level in ((4, 1), (6, 0)):
        (pulse,) = chip.active(pin, level)
        assert 500000 <= pulse[1] - pulse[0] < 800000, pin
    assert chip.active(8, 1) == [] and chip.active(1, 1) == []
    # With two channels the third strike's end is the interpreter's, which /status says.
    assert seen.node.hardware.life[status.TIMED] == "strike of yard"


def test_in_safe_mode_every_door_lets_out():
    """A board that was never enrolled, or whose settings were spoilt, has people behind all of its
    doors.
    """
    with Folder() as folder:
        _enrolled(folder)
        files.write(folder + "/settings.cbor", b"?")
        chip = _power_on()
        pressed_at(chip, 20000, 5)
        pressed_at(chip, 40000, 7)
        start = Start(folder, chip=chip)
        said = start.line("safe_mode")
        assert said["why"] == "settings_refused" and said["exit"] is True
        assert start.released(4) in ([5], [6]) and start.reset == "machine.reset"
        (pulse,) = chip.active(6, 0)
        assert 5000000 <= pulse[1] - pulse[0] < 7000000


def test_what_pins_and_settings_say_must_go_together():
    """A door that the settings name and no pin moves would look well, and never open; nor does a
    reader get doors by a file that is not signed.
    """
    two = '{"doors": {"hall": {"STRIKE": 4}, "vault": {"STRIKE": 6}}}'
    for pins, changes, said in (
        (two, _controller(), "no pins of the door yard"),
        ('{"STRIKE": 4}', _controller(), "it has several doors"),
        ("{}", _controller(("hall",)), None),
        ('{"doors": {"%s": {"STRIKE": 4}}}' % site.DOOR, {}, "doors are a controller's"),
        ("{}", {15: "wiegand"}, "say its format"),
    ):
        with Folder() as folder:
            esp32_starts.enrolled(folder, changes, pins)
            if said is None:
                assert "ready" in Start(folder, chip=_power_on(), acts=interrupt).events
                continue
            start = Start(folder, chip=_power_on())
            told = start.line("safe_mode")
            assert told["why"] == "pins_refused" and said in told["reason"], told


def test_who_listens_to_wiegand_says_so():
    """One key of the signed settings says who reads the cards, and the status shows it."""
    with Folder() as folder, _Seen() as seen:
        _enrolled(folder, "wiegand")
        assert "ready" in Start(folder, chip=_power_on(), acts=interrupt).events
        assert seen.node.hardware.life[status.WIRING] == "wiegand"


def test_a_controller_without_doors_needs_no_pin():
    """It hangs in a cabinet, and the others bring their events to it."""
    with Folder() as folder:
        esp32_starts.enrolled(folder, _controller(()))
        chip = simulated_esp32.power_on("ESP32S3", 2, {"SAFE": 0})
        ready = Start(folder, chip=chip, acts=interrupt).line("ready")
        assert (ready["node"], ready["doors"]) == ("ctl", [])


def test_it_asks_for_the_time_where_its_network_names_a_server():
    """And a reader never does: it has its neighbours."""
    network = esp32_start._network

    class Lan:
        ntp = "10.0.0.1"

        async def run(self):
            pass

    esp32_start._network = lambda board: Lan()
    join, esp32_doors._join = esp32_doors._join, lambda node, lan: None
    try:
        for changes, asks in ((_controller(("hall",)), True), ({}, False)):
            with Folder() as folder, _Seen() as seen:
                esp32_starts.enrolled(folder, changes)
                Start(folder, chip=_power_on(), acts=interrupt)
                assert (seen.jobs("time hint") == ["time hint"]) is asks
    finally:
        esp32_start._network, esp32_doors._join = network, join
