"""What a finished handshake gives: keys for the application, and the optional message_4."""

from . import ead, key_schedule, message


class Completed:
    """A finished EDHOC session: ``c_i`` and ``c_r`` and the keys that only the two sides have."""

    def __init__(self, suite, prk_out, c_i, c_r, sender_id, recipient_id):
        self.c_i = c_i
        self.c_r = c_r
        self._suite = suite
        self._prk_out = prk_out
        self._prk_exporter = suite.prepared(key_schedule.prk_exporter(suite, prk_out))
        self._sender_id = sender_id
        self._recipient_id = recipient_id

    def exporter(self, label: int, context: bytes, length: int) -> bytes:
        """EDHOC_Exporter (section 4.2.1): ``length`` bytes, at most 8160."""
        return key_schedule.kdf(self._suite, self._prk_exporter, label, context, length)

    def oscore(self) -> tuple:
        """``(master_secret, master_salt, sender_id, recipient_id)`` for OSCORE (appendix A.1).

        16 and 8 bytes, and as this side's Sender ID the identifier the other side chose.
        """
        master_secret = self.exporter(0, b"", self._suite.oscore_key_length)
        master_salt = self.exporter(1, b"", self._suite.oscore_salt_length)
        return master_secret, master_salt, self._sender_id, self._recipient_id

    def key_update(self, context: bytes):
        """The session after EDHOC_KeyUpdate (appendix H); message_4 belongs to the one before."""
        prk_out = key_schedule.key_update(self._suite, self._prk_out, context)
        return Completed(
            self._suite, prk_out, self.c_i, self.c_r, self._sender_id, self._recipient_id
        )


class CompletedInitiator(Completed):
    """The Initiator after message_3: the Responder has not confirmed the keys yet.

    It does so with message_4 or with the first protected message that verifies.
    """

    def __init__(self, suite, prk_4e3m, th_4, c_i, c_r, ead_labels):
        prk_out = key_schedule.prk_out(suite, prk_4e3m, th_4)
        super().__init__(suite, prk_out, c_i, c_r, c_r, c_i)
        self._prk_4e3m = prk_4e3m
        self._th_4 = th_4
        self._ead_labels = ead_labels

    def process_message_4(self, message_4) -> list:
        """The EAD_4 items of ``message_4``; raises EDHOCError."""
        k_4, iv_4 = _key_and_iv(self._suite, self._prk_4e3m, self._th_4)
        plaintext_4 = message.unseal(self._suite, k_4, iv_4, self._th_4, message_4, "message_4")
        return ead.recognise(message.decode_plaintext_4(plaintext_4), self._ead_labels)


class CompletedResponder(Completed):
    """The Responder after message_3: both sides have proven their keys."""

    def __init__(self, suite, prk_4e3m, th_4, c_i, c_r):
        prk_out = key_schedule.prk_out(suite, prk_4e3m, th_4)
        super().__init__(suite, prk_out, c_i, c_r, c_i, c_r)
        self._prk_4e3m = prk_4e3m
        self._th_4 = th_4

    def prepare_message_4(self, ead_4=()) -> bytes:
        """message_4, for a session in which no OSCORE message goes back to the Initiator.

        Only one ``ead_4`` may ever be sent: another would be under the same key and nonce.
        """
        k_4, iv_4 = _key_and_iv(self._suite, self._prk_4e3m, self._th_4)
        return message.seal(self._suite, k_4, iv_4, self._th_4, ead.encode(ead_4))


def _key_and_iv(suite, prk_4e3m, th_4) -> tuple:
    return key_schedule.k_4(suite, prk_4e3m, th_4), key_schedule.iv_4(suite, prk_4e3m, th_4)
