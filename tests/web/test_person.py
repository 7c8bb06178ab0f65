"""A key that the phone gives out for its person alone: WebAuthn's PRF, with an authenticator of
the browser's own that has recognised somebody or has not.
"""

import pytest

_STORED = """(async () => {
  const { loadKeys, loadSession } = await import('./database.mjs');
  const keys = await loadKeys();
  const session = await loadSession('acme', 'lobby');
  const isKey = (one) => one instanceof CryptoKey;
  return [Object.values(keys).some(isKey), Object.keys(keys).sort().join(),
          session === undefined ? null : isKey(session.masterSecret)];
})()"""


def _authenticator(phone, has_prf=True):
    phone.call("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "hasPrf": has_prf,
    }
    made = phone.call("WebAuthn.addVirtualAuthenticator", options=options)
    return made["authenticatorId"]


def _recognise(phone, authenticator, is_user):
    phone.call("WebAuthn.setUserVerified", authenticatorId=authenticator, isUserVerified=is_user)


def test_each_visit_asks_for_the_person_cold_and_warm(phone):
    """Only then the door is told so, which a credential may want; nothing lies about that opens
    it: neither the key nor what the door that was met before needs.
    """
    authenticator = _authenticator(phone)
    phone.enrol(user_verification=True)
    result, said = phone.tap()
    assert (result["granted"], result["warm"]) == (True, False), (result, said)
    assert phone.run(_STORED) == [False, "lock,publicKey,sealed,suite", False]
    result, said = phone.tap()
    assert (result["granted"], result["warm"]) == (True, True)
    radio, granted = phone.radio, phone.stage.grants()
    _recognise(phone, authenticator, False)
    for is_warm in (True, False):
        if not is_warm:
            phone.forget_session()
        radio.tell("mtu 185")
        radio.heard.clear()
        result, said = phone.tap()
        assert (result, said) == ("not-recognised", "You were not recognised. Nothing was sent")
        radio.tell("mtu 185")
        assert radio.heard == []  # not even a connection
    assert phone.stage.grants() == granted


def test_somebody_else_makes_no_key(phone):
    """It is said, and the next try may be the person's."""
    authenticator = _authenticator(phone)
    _recognise(phone, authenticator, False)
    phone.run("document.querySelector('main button').click()")
    phone.wait("document.querySelector('#status').textContent")
    assert phone.said.startswith("No key was made")
    assert phone.run("import('./database.mjs').then((kept) => kept.loadKeys())") is None


@pytest.mark.parametrize("has_authenticator", [True, False])
def test_a_phone_that_cannot_ask_says_no_such_thing(phone, has_authenticator):
    """Without PRF the key is there for every tap; a credential that wants more is refused by the
    door, and the page says beforehand what is missing.
    """
    if has_authenticator:
        _authenticator(phone, has_prf=False)
    phone.enrol(user_verification=True)
    assert "was made without that" in phone.run("document.querySelector('main').textContent")
    result, said = phone.tap()
    assert (result["granted"], result["reason"]) == (False, 3), result
    assert said == "Refused: not for this door"
    phone.renew()
    assert phone.tap()[0]["granted"]
    assert phone.run(_STORED) == [True, "privateKey,publicKey,suite", True]
