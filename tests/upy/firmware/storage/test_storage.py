"""What the board keeps: a whole file or none, and nothing half-provisioned that looks fine."""

INTERPRETERS = ("micropython", "cpython")

import os

import cbor
import crypto
import small_site as site
from harness import new_folder, raises, truncations
from holdfast.roles.reader import Reader
from holdfast.storage import files, settings
from holdfast.storage.keys import KeyStore, KeyStoreError
from memory_phone import Hardware, make_reader


class _Folder:
    """A folder of its own for one test; the oldest way to make one, which both interpreters
    know.
    """

    def __enter__(self):
        base = os.getenv("TMPDIR") or "/tmp"
        self.path = base + "/holdfast-" + os.urandom(6).hex()
        os.mkdir(self.path)
        return self.path

    def __exit__(self, *_):
        for name in os.listdir(self.path):
            os.remove(self.path + "/" + name)
        os.rmdir(self.path)


def test_a_file_is_replaced_whole_and_read_within_its_bound():
    """A reader of the file meets the old bytes or the new, never a mixture; a huge file is cut."""
    with _Folder() as folder:
        path = folder + "/x"
        assert files.read(path, 10) is None
        files.write(path, b"old")
        files.write(path, b"new and longer")
        assert files.read(path, 100) == b"new and longer"
        assert files.read(path, 3) == b"new "
        assert os.listdir(folder) == ["x"]


def test_a_small_file_with_a_large_bound_takes_little_memory():
    """A board that had to find 16 KB in one piece to read a policy of 200 bytes did not start."""
    path = new_folder() + "/small"
    files.write(path, bytes(200))
    assert files.read(path, 1 << 28) == bytes(200)  # more than any test's heap


def test_a_leftover_of_a_write_that_was_cut_changes_nothing():
    """Power went between the temporary file and the rename: the old key is the key."""
    with _Folder() as folder:
        keys = KeyStore(folder, os.urandom)
        key = keys.private_key()
        with open(folder + "/device.key.new", "wb") as torn:
            torn.write(b"half")
        assert keys.private_key() == key and len(key) == 32


def test_a_damaged_key_is_an_error_and_never_a_new_key():
    """A board that silently became a stranger would look fine and refuse everyone."""
    for content in (b"", b"\x01" * 31, b"\x01" * 33, b"\x01" * 5000):
        with _Folder() as folder:
            files.write(folder + "/device.key", content)
            raises(KeyStoreError, KeyStore(folder, os.urandom).private_key)


def test_settings_come_back_as_they_were_written():
    """The whole map, each entry checked."""
    loaded = settings.decode(cbor.encode(site.settings_map()))
    assert (loaded.site, loaded.node) == (site.SITE, site.NODE)
    assert loaded.doors == ((site.DOOR, 3000),)
    assert loaded.certificate == site.device_certificate()
    assert loaded.first_key == site.first_key() and loaded.root == site.root()
    assert loaded.enrolled_at == (0, bytes(32))
    assert loaded.audit_key == crypto.x25519_public_key(site.AUDIT_PRIVATE)
    assert loaded.lookup == (1, site.LOOKUP_KEY)
    assert loaded.device_key == crypto.x25519_public_key(site.READER_PRIVATE)
    assert (loaded.number, loaded.refused) == (1, None)


def test_what_the_host_found_of_the_clock_is_part_of_them():
    """Within a day either way, null for a clock that is none, nothing for a right one."""
    assert settings.decode(cbor.encode(site.settings_map())).clock_offset == 0
    for offset in (0, 1, -7200, 86400, -86400, None):
        entries = site.settings_map()
        entries[12] = offset
        assert settings.decode(cbor.encode(entries)).clock_offset == offset


def test_what_a_node_is_told_of_the_lan_is_part_of_them():
    """Boards from before there was any say nothing of it, and decide for their doors alone."""
    loaded = settings.decode(cbor.encode(site.settings_map()))
    assert (loaded.wiring, loaded.controller, loaded.peers) == ("decides", None, ())
    peers = [["192.168.1.%d" % number, 62435] for number in (0, 9, 99, 255)]
    for wiring in ("decides", "carries", "wiegand"):
        entries = site.settings_map({15: wiring, 16: "floor 1", 17: peers})
        if wiring == "carries":
            # Who takes it off its wall must not find out from it what cards there are.
            raises(settings.SettingsError, settings.decode, cbor.encode(entries))
            del entries[10]
        loaded = settings.decode(cbor.encode(entries))
        assert (loaded.wiring, loaded.controller) == (wiring, "floor 1")
        assert loaded.peers == tuple(map(tuple, peers))


def test_a_node_may_have_no_door_one_or_eight():
    """A controller in a cupboard, a reader, a controller of a floor."""
    for doors in ([], [["a", 100]], [["door %d" % number, 60000] for number in range(8)]):
        entries = site.settings_map()
        entries[4] = doors
        assert settings.decode(cbor.encode(entries)).doors == tuple(map(tuple, doors))


def test_every_wrong_entry_is_refused_by_name():
    """Each entry missing, of a wrong type, or out of bounds."""
    symmetric = {1: 4, 3: 5, -1: b"\x5a" * 32}
    wrong = [
        {1: 2},
        {1: 4},
        {1: "3"},
        {2: ""},
        {2: 5},
        {2: "x" * 65},
        {2: "ä" * 33},
        {2: "a\nb"},
        {3: b"lobby"},
        {3: "a\x7f"},
        {4: "guests"},
        {4: [1]},
        {4: ["lobby"]},
        {4: [["lobby"]]},
        {4: [["lobby", 3000, 1]]},
        {4: [["", 3000]]},
        {4: [["a\u0085", 3000]]},
        {4: [["lobby", 99]]},
        {4: [["lobby", 60001]]},
        {4: [["lobby", True]]},
        {4: [["lobby", "3 s"]]},
        {4: [["lobby", 3000], ["lobby", 3000]]},
        {4: [["d%d" % n, 3000] for n in range(9)]},
        {5: []},
        {5: [{}]},
        {5: [symmetric]},
        {5: 1},
        {5: [site.authority_public().to_map()] * 3},
        {5: [site.authority().to_secret_map()]},
        {6: b""},
        {6: b"x" * 513},
        {6: "cert"},
        {7: []},
        {7: b"\x01" * 31},
        {7: bytes(32)},
        {7: b"\xff" * 32},
        {7: site.authority_public().to_map()},
        {8: 1},
        {8: [1]},
        {8: [-1, bytes(32)]},
        {8: [1 << 32, bytes(32)]},
        {8: [True, bytes(32)]},
        {8: [1, bytes(31)]},
        {9: 1},
        {9: b"\x33" * 31},
        {9: "x" * 32},
        {9: bytes(32)},
        {9: {1: 1, -1: 4, -2: b"\x33" * 32}},
        {10: b"\x44" * 32},
        {10: [1, b"\x44" * 33]},
        {10: [0, b"\x44" * 32]},
        {10: [1 << 16, b"\x44" * 32]},
        {10: [1, bytes(32)]},
        {11: 1},
        {11: b""},
        {11: b"x" * 513},
        {11: [site.p256_certificate()]},
        {12: 86401},
        {12: -86401},
        {12: False},
        {12: "0"},
        {12: [0]},
        {13: 1},
        {13: b"\x33" * 31},
        {13: bytes(32)},
        {14: 0},
        {14: True},
        {14: 1 << 32},
        {15: 1},
        {15: ""},
        {15: "Decides"},
        {15: b"decides"},
        {16: ""},
        {18: 1},
        {16: site.NODE},
        {16: "a\nb"},
        {17: []},
        {17: [["10.0.0.%d" % number, 1] for number in range(5)]},
        {17: [["10.0.0.1", 1], ["10.0.0.1", 1]]},
        {17: [["10.0.0.1"]]},
        {17: ["10.0.0.1"]},
        {17: {}},
    ]
    wrong.extend(
        {17: [[address, 1]]}
        for address in (
            "",
            b"10.0.0.1",
            0x0A000001,
            "node",
            "10.0.0",
            "10.0.0.1.1",
            "10.0.0.01",
            "10.0.0.256",
            "10.0.0.1 ",
            "10.0.0.+1",
            "10.0.0.-1",
            "10.0.0.",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
        )
    )
    wrong.extend({17: [["10.0.0.1", port]]} for port in (0, 65536, -1, True, "1", None, 1.0))
    wrong.extend({label: None} for label in range(1, 15) if label not in (11, 12))
    for changes in wrong:
        raises(settings.SettingsError, settings.decode, cbor.encode(site.settings_map(changes)))


def test_every_truncation_of_the_settings_is_refused():
    """A cable pulled in the middle of provisioning."""
    whole = cbor.encode(site.settings_map())
    for cut in truncations(whole):
        raises(settings.SettingsError, settings.decode, cut)
    raises(settings.SettingsError, settings.decode, whole + b"\0")
    raises(settings.SettingsError, settings.decode, whole + b"\0" * 5000)


def test_a_certificate_that_no_phone_would_believe_stops_the_reader():
    """Wrong key, node, door, site or role: told at start, not by each phone at the door."""
    assert make_reader()
    for changes in (
        {6: site.device_certificate(private=b"\x12" * 32)},
        {6: site.device_certificate(changes={2: "another"})},
        {6: site.device_certificate(changes={2: "\x00"})},
        {6: site.device_certificate(changes={9: site.scope((1, "cellar", 1))})},
        {6: site.device_certificate(changes={9: site.scope((2, site.DOOR, 1))})},
        {6: site.device_certificate(changes={9: None})},
        {6: site.device_certificate(changes={9: b"\x80"})},
        {6: site.device_certificate(changes={7: b"short"})},
        {6: site.device_certificate(changes={-65537: 3})},
        {6: site.device_certificate(changes={1: "evil"})},
        {6: site.device_certificate(changes={-65537: 2})},
        {6: site.holder_token()},
        {6: b"garbage"},
    ):
        configured = settings.decode(cbor.encode(site.settings_map(changes)))
        raises(
            settings.SettingsError,
            Reader,
            configured,
            site.READER_PRIVATE,
            Hardware(),
            new_folder(),
        )
