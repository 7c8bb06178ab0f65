"""What brings a phone its credential: a QR code before its camera, and links of several sites."""

import pathlib

import pytest
import segno

from holdfast.access import revoked_devices
from holdfast_host.credentials import enrolment
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.enrolment import Enrolment
from holdfast_host.credentials.keys import encode_authority_keys
from holdfast_host.demo.people import SITE, People
from holdfast_host.errors import UsageProblem
from holdfast_host.phone import webpage
from web.phone import Phone, Server

# From npm, by the lock file, like all that only checks or is added to the page (make lint-page).
_JSQR = pathlib.Path("build/web/node_modules/jsqr/dist/jsQR.js")
_MODULE = 8  # pixels
_SIDE = 800


def test_a_code_before_the_camera_enrols(radio, stage, tmp_path):
    """That of `credential issue --qr`. This browser reads no codes itself, so jsQR does: what the
    camera gives is a film that the browser is started with, so the phone's key is made before.
    """
    if not _JSQR.exists():
        pytest.skip("no jsQR: `make lint-page` installs it where there is npm")
    reader = webpage.require_qr_reader(_JSQR.read_bytes(), "jsQR.js")
    server = Server(tmp_path / "page", stage, qr_reader=reader)
    film = tmp_path / "film.y4m"
    film.write_bytes(_film("nothing of ours"))
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    with Phone(tmp_path / "profile", radio, server, stage, "en", camera) as phone:
        key = phone.make_key()
        phone.run("document.querySelector('#scan').click()")
        phone.wait("document.querySelector('#status').textContent")
        assert phone.said == "This is no credential for this phone."
        token = stage.holder("alice", holder_key=key, suite=2).token
        authority = encode_authority_keys([stage.authority.public_key])
        film.write_bytes(_film(enrolment.qr_text(Enrolment(authority, token, _devices(stage)))))
        phone.go(server.url)
        phone.run("document.querySelector('#scan').click()")
        phone.wait("document.querySelector('button.door')")
        assert phone.problems() == []
        assert phone.tap()[0]["granted"]
    server.stop()


def test_a_page_for_two_sites_has_the_doors_of_both(radio, stage, tmp_path):
    """One key of the phone, a credential for each; whose link it is shows by who signed it."""
    other = People(Authority.generate(), ["gate"], stage.now)
    server = Server(tmp_path / "page", stage, {"globex": [other.authority.public_key]})
    with Phone(tmp_path / "profile", radio, server, stage) as phone:
        phone.enrol()
        assert phone.buttons() == ["Open lobby"]
        token = other.holder("alice", holder_key=phone.key, suite=2, site="globex").token
        phone.go(f"{server.url}#credential={token.hex()}")
        assert phone.buttons() == ["Open lobby", "Open gate"]
        result, said = phone.tap("section + section button.door")
        assert result == "other-site", said
        assert phone.tap()[0]["granted"]
        stranger = stage.forger("mallory").token
        phone.go(f"{server.url}#credential={stranger.hex()}")
        assert phone.said == "This is no credential for this phone."
        assert phone.buttons() == ["Open lobby", "Open gate"]
    server.stop()


def test_no_other_script_passes_for_jsqr():
    with pytest.raises(UsageProblem):
        webpage.require_qr_reader(b"alert(1)", "jsQR.js")


def _devices(stage):
    return revoked_devices.make(stage.authority.signing_key, SITE, stage.now(), [])


def _film(text):
    """One picture of a QR code, as YUV4MPEG2: its grey values, and no colour."""
    matrix = [list(row) for row in segno.make_qr(text, error="l").matrix_iter(border=4)]
    used = len(matrix) * _MODULE
    assert used <= _SIDE
    rows = []
    for row in matrix:
        line = b"".join((b"\x10" if dark else b"\xeb") * _MODULE for dark in row)
        rows.append((line + b"\xeb" * (_SIDE - used)) * _MODULE)
    grey = b"".join(rows) + b"\xeb" * (_SIDE * (_SIDE - used))
    colour = b"\x80" * (_SIDE * _SIDE // 2)
    return f"YUV4MPEG2 W{_SIDE} H{_SIDE} F10:1 Ip C420jpeg\n".encode() + b"FRAME\n" + grey + colour
