"""Mistakes in a phone: which file of the plain phone, what is exchanged in it for what."""

# Of the first unlock: and the value that is to be named.
SEEN_AT_ONCE = {
    "method": ("edhoc", "encode(3, offered,", "encode(2, offered,", "METHOD"),
    "no true before message_1": (
        "phone",
        'b"\\xf5" + edhoc.message_1',
        "edhoc.message_1",
        "payload",
    ),
    "another resource": (
        "phone",
        'coap.path(".well-known", "edhoc")',
        'coap.path("edhoc")',
        "Uri-Path",
    ),
    "another format": ("phone", 'b"\\x40", b"\\x41"', 'b"\\x40", b"\\x3c"', "Content-Format"),
    "TH_3 of the ciphertext": (
        "edhoc",
        'encode(th_2) + values["plaintext_2"] + peer.cred',
        'encode(th_2) + values["ciphertext_2"] + peer.cred',
        "th_3",
    ),
    "TH_3 without CRED_R": (
        "edhoc",
        'values["plaintext_2"] + peer.cred)',
        'values["plaintext_2"])',
        "th_3",
    ),
    "TH_3 with ID_CRED_R": (
        "edhoc",
        'values["plaintext_2"] + peer.cred)',
        'values["plaintext_2"] + peer.id_cred)',
        "th_3",
    ),
    "TH_3 with TH_2 bare": (
        "edhoc",
        'th_3 = values["th_3"] = _hash(encode(th_2) +',
        'th_3 = values["th_3"] = _hash(th_2 +',
        "th_3",
    ),
    "K_3 of PRK_2e": ("edhoc", '"k_3", "prk_3e2m", 3', '"k_3", "prk_2e", 3', "k_3"),
    "K_3 with another label": ("edhoc", '"k_3", "prk_3e2m", 3', '"k_3", "prk_3e2m", 4', "k_3"),
    "IV_3 with another label": ("edhoc", '"iv_3", "prk_3e2m", 4', '"iv_3", "prk_3e2m", 3', "iv_3"),
    "no aad_3": ("edhoc", 'encode(["Encrypt0", b"", th_3])', 'b""', "aad_3"),
    "aad_3 with TH_2": (
        "edhoc",
        'encode(["Encrypt0", b"", th_3])',
        'encode(["Encrypt0", b"", th_2])',
        "aad_3",
    ),
    "a tag of 16": (
        "edhoc",
        "AESCCM(k_3, tag_length=8)",
        "AESCCM(k_3, tag_length=16)",
        "message_3",
    ),
    "K_3 in a way of its own": ("edhoc", '"k_3", "prk_3e2m", 3', '"k_3", "prk_3e2m", 99', "th_3"),
    "G_IY with the ephemeral key": (
        "edhoc",
        'agree(suite, self.private, values["g_y"])',
        'agree(suite, self.x, values["g_y"])',
        "g_iy",
    ),
    "SALT_4e3m with TH_2": (
        "edhoc",
        '"salt_4e3m", "prk_3e2m", 5, th_3',
        '"salt_4e3m", "prk_3e2m", 5, th_2',
        "salt_4e3m",
    ),
    "PRK_4e3m as where one signs": (
        "edhoc",
        '_extract(salt, values["g_iy"])',
        'values["prk_3e2m"]',
        "prk_4e3m",
    ),
    "context_3 without CRED_I": (
        "edhoc",
        "own.id_cred + encode(th_3) + own.cred\n",
        "own.id_cred + encode(th_3)\n",
        "context_3",
    ),
    "context_3 with CRED_R": (
        "edhoc",
        "own.id_cred + encode(th_3) + own.cred\n",
        "own.id_cred + encode(th_3) + peer.cred\n",
        "context_3",
    ),
    "MAC_3 with MAC_2's label": (
        "edhoc",
        '"mac_3", "prk_4e3m", 6',
        '"mac_3", "prk_4e3m", 2',
        "mac_3",
    ),
    "MAC_3 in a way of its own": (
        "edhoc",
        '"mac_3", "prk_4e3m", 6',
        '"mac_3", "prk_4e3m", 77',
        "mac_3",
    ),
    "ID_CRED_I that is a kid": (
        "edhoc",
        'plaintext_3 = values["plaintext_3"] = own.id_on_wire',
        'plaintext_3 = values["plaintext_3"] = b"\\x05"',
        "id_cred_i",
    ),
    "TH_4 without CRED_I": ("edhoc", "plaintext_3 + own.cred)", "plaintext_3)", "th_4"),
    "PRK_out of PRK_3e2m": (
        "edhoc",
        '"prk_out", "prk_4e3m", 7',
        '"prk_out", "prk_3e2m", 7',
        "prk_out",
    ),
    "PRK_exporter left out": (
        "edhoc",
        '"master_secret", "prk_exporter", 0',
        '"master_secret", "prk_out", 0',
        "master_secret",
    ),
    "Master Secret with the salt's label": (
        "edhoc",
        '"master_secret", "prk_exporter", 0',
        '"master_secret", "prk_exporter", 1',
        "master_secret",
    ),
    "Master Salt empty": (
        "edhoc",
        "return secret, salt, self.c_r",
        'return secret, b"", self.c_r',
        "master_salt",
    ),
    "identifiers the wrong way round": (
        "edhoc",
        "salt, self.c_r, self.c_i",
        "salt, self.c_i, self.c_r",
        "kid",
    ),
    "the other's key": (
        "oscore",
        "self.sender_key = derive(sender_id",
        "self.sender_key = derive(recipient_id",
        "phone_sender_key",
    ),
    "Common IV for Key": (
        "oscore",
        'derive(b"", "IV", 13)',
        'derive(b"", "Key", 13)',
        "common_iv",
    ),
    "a nonce of the recipient's": (
        "oscore",
        "nonce, aad = self.nonce(self.sender_id, piv)",
        "nonce, aad = self.nonce(self.recipient_id, piv)",
        "nonce",
    ),
    "request_kid of the recipient": (
        "oscore",
        "[1, [10], self.sender_id, request_piv",
        "[1, [10], self.recipient_id, request_piv",
        "aad",
    ),
    "aad_array bare": (
        "oscore",
        'external_aad = cbor2.dumps([1, [10], self.sender_id, request_piv, b""])',
        'external_aad = [1, [10], self.sender_id, request_piv, b""]',
        "aad",
    ),
    "no EDHOC option": ("phone", 'outer.append((coap.EDHOC, b""))', "pass", "EDHOC"),
    "no kid": (
        "oscore",
        "bytes([8 | len(piv)]) + piv + self.sender_id",
        "bytes([len(piv)]) + piv",
        "kid",
    ),
    "another door inside": (
        "phone",
        'coap.path("doors", door)',
        'coap.path("doors", "cellar")',
        "Uri-Path",
    ),
    "POST in the place of PUT": (
        "phone",
        "self.ask(stream, coap.PUT,",
        "self.ask(stream, coap.POST,",
        "code",
    ),
    "no gesture": ("phone", "WISH = {1: 1, 2: True}", "WISH = {1: 1, 2: False}", "wish"),
    "a wish of nothing": ("phone", "WISH = {1: 1, 2: True}", "WISH = {}", "wish"),
}

# Until message_2 all is in the phone (its EDHOC): it sees that MAC_2 is another, and says no more.
# Then its values are compared with those of the reader.
KEPT_TO_ITSELF = {
    "TH_2 without G_Y": (
        '_hash(encode(g_y, values["h_message_1"]))',
        '_hash(encode(values["h_message_1"]))',
        "th_2",
    ),
    "message_1 hashed with true": (
        "_hash(self.message_1)",
        '_hash(b"\\xf5" + self.message_1)',
        "h_message_1",
    ),
    "PRK_2e the wrong way round": (
        '_extract(values["th_2"], values["g_xy"])',
        '_extract(values["g_xy"], values["th_2"])',
        "prk_2e",
    ),
    "SALT_3e2m with another label": (
        '"salt_3e2m", "prk_2e", 1',
        '"salt_3e2m", "prk_2e", 2',
        "salt_3e2m",
    ),
    "G_RX of G_Y": (
        "agree(suite, self.x, peer.public)",
        'agree(suite, self.x, values["g_y"])',
        "g_rx",
    ),
    "context_2 without C_R": (
        "context_2 = on_wire(self.c_r) + peer.id_cred",
        "context_2 = peer.id_cred",
        "context_2",
    ),
    "MAC_2 with another label": ('"mac_2", "prk_3e2m", 2', '"mac_2", "prk_3e2m", 6', "mac_2"),
}

# What it believes though it must not, by the trial that shows it.
BELIEVES = {
    "another door": ("phone", "if door not in self.doors:", "if False:"),
    "another site": ("phone", "if claims[1] != self.site or", "if"),
    "ended": ("phone", "if claims[4] <= self.now:", "if False:"),
    "revoked": ("phone", "if claims[7] in self.revoked:", "if False:"),
    "carrier": ("phone", "claims.get(-65537) not in (_READER, _CONTROLLER)", "False"),
    "another authority": (
        "phone",
        "        except InvalidSignature:\n            continue\n",
        "        except InvalidSignature:\n            pass\n",
    ),
    "without its key": ("edhoc", "context_2, 8) != self._mac_2:", "context_2, 8) == b'':"),
}

# What shows later: in which trial, and the value.
WARM = {
    "no Echo": (
        "phone",
        "if answer == coap.UNAUTHORIZED and echo is not None and not message_3:",
        "if False:",
        "echo",
        "echo",
    ),
    "an Echo of its own": (
        "phone",
        "(coap.ECHO, echo)]",
        '(coap.ECHO, b"12345678")]',
        "echo",
        "Echo",
    ),
    "the Partial IV once more": (
        "oscore",
        "self.sequence += 1",
        "self.sequence += 0",
        "again",
        "piv",
    ),
    "whatever comes is yes": (
        "oscore",
        "raise NotAuthentic from None",
        'return 0x44, [], b"\\xa1\\x01\\xf5"',
        "altered",
        "verdict",
    ),
    "said in the clear is yes": (
        "phone",
        "raise _rejected(answer, options, payload)\n        assert",
        "if answer == 0x44:\n"
        "                return answer, [], payload\n"
        "            raise _rejected(answer, options, payload)\n        assert",
        "in the clear",
        "verdict",
    ),
    "no is yes": (
        "phone",
        "return code, cbor2.loads(said)",
        "return 0x44, {1: True}",
        "refused",
        "verdict",
    ),
}
