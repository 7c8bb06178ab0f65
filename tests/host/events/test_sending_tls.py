"""Events sent by TLS: only to who has a certificate for that name that is believed here.

They say who was where. To whoever answers at an address they must not go, nor the password for it.
"""

import socket
import ssl

import pytest

import certificates
import mqtt_broker
from host.events import receivers
from host.events.receivers import Hook

PASSWORD = "planted-word"
WRONG = {
    "of an authority that nobody knows": {},
    "for another address": {"address": "192.0.2.7"},
    "that has ended": {"days": 0},
}


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """``certificate(believed, ...)``: a folder of files, of the authority that is believed."""

    def make(is_believed, **how):
        made = certificates.write(tmp_path / "tls", **how)
        believed = made
        if not is_believed:
            believed = certificates.write(tmp_path / "other")
        monkeypatch.setenv("SSL_CERT_FILE", str(believed / "ca.pem"))
        return made

    return make


@pytest.fixture
def hook(certificate):
    """``hook(believed, ...)``: a webhook that runs with such a certificate, as a context."""

    def run(is_believed, **how):
        made = certificate(is_believed, **how)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made / "server.pem", made / "server.key")
        return receivers.webhook(context)

    return run


@pytest.fixture
def broker(certificate):
    """``broker(believed, ...)``: a broker with such a certificate, and its port for TLS."""
    program = mqtt_broker.program()
    if program is None:
        pytest.skip("no broker of MQTT: make strangers")

    def run(is_believed, **how):
        made = certificate(is_believed, **how)
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            port = asked.getsockname()[1]
        settings = [
            "allow_anonymous true",
            f"listener {port} 127.0.0.1",
            f"certfile {made / 'server.pem'}",
            f"keyfile {made / 'server.key'}",
        ]
        return mqtt_broker.running(program, *settings), port

    return run


def test_a_webhook_by_https(sends, hook, no_waiting):
    """Its certificate is of an authority that is believed here."""
    with hook(True) as port:
        assert sends(f"https://127.0.0.1:{port}/in").code == 0
    assert [one["number"] for _, _, some in Hook.got for one in some] == list(range(61))
    assert no_waiting == []


@pytest.mark.parametrize("wrong", WRONG)
def test_a_webhook_that_cannot_prove_its_name(sends, hook, no_waiting, wrong):
    """It gets nothing; and as it would prove it no better in a minute, nobody waits."""
    with hook("nobody" not in wrong, **WRONG[wrong]) as port:
        refused = sends(f"https://me:{PASSWORD}@127.0.0.1:{port}/in")
    refused.fails("does not take events", "certificate", "SSL_CERT_FILE")
    assert Hook.got == [] and no_waiting == []
    assert PASSWORD not in refused.err + refused.out


def test_a_broker_by_mqtts(sends, broker):
    """A subscriber at its other door gets all."""
    running, port = broker(True)
    with running as plain, receivers.listening(plain) as got:
        assert sends(f"mqtts://127.0.0.1:{port}").code == 0
        got.wait_for(61)
    assert sorted(told["number"] for _, told in got.messages) == list(range(61))


@pytest.mark.parametrize("wrong", WRONG)
def test_a_broker_that_cannot_prove_its_name(sends, broker, wrong):
    """It gets nothing."""
    running, port = broker("nobody" not in wrong, **WRONG[wrong])
    with running as plain, receivers.listening(plain) as got:
        refused = sends(f"mqtts://me:{PASSWORD}@127.0.0.1:{port}")
    refused.fails("does not take events", "certificate", "SSL_CERT_FILE")
    assert got.messages == [] and PASSWORD not in refused.err + refused.out
