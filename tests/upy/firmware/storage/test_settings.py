"""Which settings come into force: those that the board's own authority signed for it, and later
ones alone.

Whoever has a cable, and five minutes in a corridor, can put a file on a board. It must not make
the door another site's, nor take it back to a time when a thief's key was believed.
"""

INTERPRETERS = ("micropython", "cpython")

import os

import cbor
import crypto
import small_site as site
from cose import sign1
from folders import Folder
from harness import raises
from holdfast.access.policy import changeset, operations
from holdfast.storage import files, settings
from holdfast.storage.settings import SettingsError, SettingsStore
from untrusted import InvalidInput

SECOND, THIRD, STRANGER = (bytes([number]) * 32 for number in (41, 42, 43))


def _store(folder, private=site.READER_PRIVATE):
    return SettingsStore(folder, private, os.urandom)


def _bring(folder, raw):
    files.write(folder + "/settings.cbor", raw)


def _first(held):
    return [site.authority_public()]


def _names(folder):
    return sorted(os.listdir(folder))


def _refused(folder, raw, anchors=_first):
    """Why a board that is enrolled does not take ``raw``; it goes by those of before."""
    _bring(folder, raw)
    store = _store(folder)
    held = store.load()
    number = held.number
    assert store.take(held, anchors) is held and held.number == number
    assert "settings.cbor" in _names(folder) and _store(folder).load().number == number
    return held.refused or ""


def test_what_is_brought_is_sealed_to_the_board_and_gone():
    """Once, over any number of starts; what lies there is readable for this board alone."""
    with Folder() as folder:
        assert _store(folder).load() is None and _store(folder).take() is None
        _bring(folder, site.settings_file())
        assert _store(folder).load() is None
        taken = _store(folder).take()
        assert (taken.node, taken.number) == (site.NODE, 1)
        assert _names(folder) == ["settings.sealed"]
        raw = files.read(folder + "/settings.sealed", 5000)
        assert raw is not None and site.LOOKUP_KEY not in raw
        store = _store(folder)
        held = store.load()
        assert held.node == site.NODE and store.take(held) is held


def test_later_ones_take_their_place_and_older_ones_do_not():
    """The same once more is what a cut between sealing and removing leaves."""
    with Folder() as folder:
        _bring(folder, site.settings_file({14: 5}))
        _store(folder).take()
        for number in (5, 4, 1):
            why = _refused(folder, site.settings_file({14: number, 4: [["lobby", 100]]}))
            assert why == (
                "settings: number %d, and number 5 is in force: to go back needs a factory reset"
                % number
            )
        _bring(folder, site.settings_file({14: 5}))
        store = _store(folder)
        held = store.load()
        assert store.take(held) is held and held.refused is None
        assert _names(folder) == ["settings.sealed"]
        _bring(folder, site.settings_file({14: 6, 4: [["lobby", 100]]}))
        taken = store.take(held, _first)
        assert taken.doors == _store(folder).load().doors == (("lobby", 100),)
        assert taken.number == 6 and taken.refused is None


def test_of_another_board_or_authority_are_refused():
    """Each with its own reason, so that a technician knows what to do on the ladder."""
    stranger = site.authority(STRANGER)
    other = {5: [site.authority(STRANGER).to_map()], 7: stranger.x, 14: 9}
    with Folder() as folder:
        _bring(folder, site.settings_file(private=b"\x12" * 32))
        error = raises(SettingsError, _store(folder).take)
        assert str(error) == "settings: for another board"
        _bring(folder, site.settings_file(signer=stranger))
        error = raises(SettingsError, _store(folder).take)
        assert "not signed by the authority" in str(error)
        _bring(folder, site.settings_file())
        _store(folder).take()
        why = _refused(folder, site.settings_file(other, signer=stranger))
        assert why == "settings: of another authority: that needs a factory reset"
        why = _refused(folder, site.settings_file({14: 9}, signer=stranger))
        assert "not signed by the authority" in why
        assert "another board" in _refused(folder, site.settings_file({14: 9}, b"\x12" * 32))


def test_what_was_edited_or_never_signed_is_refused():
    """Any bit of it; and what boards took before settings were signed."""
    with Folder() as folder:
        for unsigned in (b"", b"\0", cbor.encode(site.settings_map()), b"\x80", b"\xa0", b"\x40"):
            _bring(folder, unsigned)
            error = raises(SettingsError, _store(folder).take)
            assert str(error) == "settings: not signed: enrol the reader again"
        good = site.settings_file()
        for at in range(0, len(good), 37):
            bent = bytearray(good)
            bent[at] ^= 1
            _bring(folder, bytes(bent))
            raises(SettingsError, _store(folder).take)
        payload = cbor.encode(site.settings_map())
        for kept in (
            sign1.sign(payload, site.authority()),
            sign1.sign(payload, site.authority(), external_aad=b"holdfast changeset"),
            sign1.sign(
                payload,
                site.authority(),
                unprotected={4: b"kid"},
                external_aad=b"holdfast settings",
            ),
        ):
            _bring(folder, cbor.encode_sequence(kept))
            raises(SettingsError, _store(folder).take)
        assert _names(folder) == ["settings.cbor"]


def test_a_sealed_file_of_another_board_or_an_edited_one_stops_the_reader():
    """It was copied with the rest of a flash, or bent; nothing that is brought mends that."""
    with Folder() as folder:
        _bring(folder, site.settings_file())
        _store(folder).take()
        sealed = files.read(folder + "/settings.sealed", 5000) or b""
        for at in (0, 20, len(sealed) - 1):
            bent = bytearray(sealed)
            bent[at] ^= 1
            files.write(folder + "/settings.sealed", bytes(bent))
            error = raises(SettingsError, _store(folder).load)
            assert "only a factory reset helps" in str(error)
            _bring(folder, site.settings_file({14: 9}))
            raises(SettingsError, _store(folder).take)
        files.write(folder + "/settings.sealed", sealed)
        raises(SettingsError, _store(folder, b"\x12" * 32).load)
        assert _store(folder).load().number == 1


def _handed_on(signer, seeds, number):
    keys = [site.authority(seed).x for seed in seeds]
    return changeset.make(
        site.authority(signer),
        site.SITE,
        number,
        bytes(32),
        site.NOW,
        [[operations.ANCHORS, keys]],
    )


def _signed_by(seed, number, changesets):
    """Settings that name ``seed``'s key as the one in force."""
    signer = site.authority(seed)
    changes = {
        5: [site.authority(seed).to_map()],
        6: site.device_certificate(signer=signer),
        14: number,
    }
    return site.settings_file(changes, signer=signer, changesets=changesets)


def test_an_authority_whose_key_was_replaced_shows_how():
    """To a new board, to one that has followed, to one that was away meanwhile. A key that was
    replaced signs for none that knows of it.
    """
    first = site.AUTHORITY_SEED
    way = [_handed_on(first, [first, SECOND], 3), _handed_on(SECOND, [SECOND, THIRD], 9)]
    with Folder() as folder:
        # A new board knows the site by its first key, and whoever that handed on to.
        for broken in ([], way[1:], way[::-1], [way[0]], [_handed_on(SECOND, [THIRD], 3)]):
            _bring(folder, _signed_by(THIRD, 5, broken))
            raises(SettingsError, _store(folder).take)
        _bring(folder, _signed_by(THIRD, 5, way))
        assert _store(folder).take().number == 5
        # One that has followed needs no proof, and believes nobody who is no more.
        assert "not signed" in _refused(
            folder, _signed_by(SECOND, 6, way[:1]), lambda held: [site.authority(THIRD)]
        )
        assert "not signed" in _refused(
            folder, _signed_by(first, 6, []), lambda held: [site.authority(THIRD)]
        )
        for known, number in ((THIRD, 6), (SECOND, 7), (first, 8)):
            _bring(folder, _signed_by(THIRD, number, [] if known == THIRD else way))
            held = _store(folder).load()
            taken = _store(folder).take(held, lambda _, seed=known: [site.authority(seed)])
            assert taken.number == number and taken.refused is None


def test_what_is_brought_is_bounded():
    """Neither does it take the memory of a board, nor its time."""
    way = [_handed_on(site.AUTHORITY_SEED, [STRANGER, SECOND], 3)]
    with Folder() as folder:
        for changesets in (way * 25, [b"\xff" * 400] * 24, [b"x" * 11000], [1, [], {}, None]):
            _bring(folder, _signed_by(THIRD, 5, changesets))
            raises(SettingsError, _store(folder).take)


def test_settings_that_the_board_cannot_go_by_are_not_sealed():
    """A certificate for another key: those of before go on."""

    def check(_):
        raise InvalidInput("no certificate of mine")

    with Folder() as folder:
        _bring(folder, site.settings_file())
        raises(SettingsError, _store(folder).take, None, None, check)
        assert _names(folder) == ["settings.cbor"]
        _store(folder).take()
        _bring(folder, site.settings_file({14: 2}))
        held = _store(folder).load()
        assert _store(folder).take(held, _first, check) is held
        assert held.refused == "no certificate of mine"


def test_the_sealed_form_is_the_one_of_the_document():
    """docs/flash_format.md: whoever reads a flash with the board's key must find it."""
    with Folder() as folder:
        _bring(folder, site.settings_file())
        _store(folder).take()
        raw = files.read(folder + "/settings.sealed", 5000) or b""
        prk = crypto.hkdf_extract(b"holdfast storage", site.READER_PRIVATE)
        key = crypto.hkdf_expand(prk, cbor.encode(["settings", b""]), 16)
        plain = crypto.aes_ccm_decrypt(key, raw[:13], raw[13:], b"holdfast settings", 8)
        assert plain == cbor.encode(site.settings_map())
        assert settings.decode(plain).number == 1


def test_what_has_decided_carries_after_a_factory_reset_alone():
    """Nor the other way: what a wall has shown must not become a node's that decides."""
    carries = {10: None, 15: "carries", 16: "inside"}
    for is_carrier in (False, True):
        first, then = {}, {}
        (first if is_carrier else then).update(carries)
        with Folder() as folder:
            _bring(folder, site.settings_file(first))
            assert _store(folder).is_of_carrier() is is_carrier
            taken = _store(folder).take()
            assert taken.carries is is_carrier
            then[14], first[14] = 2, 3
            assert "share no memory" in _refused(folder, site.settings_file(then))
            assert _store(folder).is_of_carrier() is is_carrier
            # A later one of the same kind is taken.
            _bring(folder, site.settings_file(first))
            held = _store(folder).load()
            assert _store(folder).take(held, _first).number == 3
    with Folder() as folder:
        assert not _store(folder).is_of_carrier()
