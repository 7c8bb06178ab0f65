"""Power fails while a reader takes a renewed certificate: it has the old one or the new, whole.

A torn certificate would leave a board that no phone believes, and one that fell back after phones
were told of the later one would look like a forgery to them.
"""

INTERPRETERS = ("micropython",)

from cuts import every_cut, every_error

from holdfast.storage.certificates import MAX_CERTIFICATE, Certificates

RENEWALS = 4
SUITES = (0, 2)


def _certificate(suite, number):
    """The ``number``-th for a key, 0 for none; of different lengths, the last of the largest."""
    if not number:
        return None
    # What is in it does not matter here: who takes one in force has checked the signature.
    size = MAX_CERTIFICATE if number == RENEWALS else 200 + 40 * number
    return bytes([16 * suite + number]) * size


def _open(root):
    return Certificates(root + "/certificates")


def nothing(root):
    pass


def prepare(root):
    for suite in SUITES:
        _open(root).write(suite, _certificate(suite, 1))


def _renew(first):
    def operation(root, acked):
        for number in range(first, RENEWALS + 1):
            for suite in SUITES:
                _open(root).write(suite, _certificate(suite, number))
                acked.append((suite, number))

    return operation


def _check(least):
    def check(root, acked):
        """That of one key says nothing of the other's; and the next renewal works."""
        ahead = 0
        for suite in SUITES:
            told = max([least] + [number for kind, number in acked if kind == suite])
            found = _open(root).read(suite)
            now = [n for n in range(RENEWALS + 1) if found == _certificate(suite, n)]
            # Where this very check was cut the last of all may be there.
            assert now and now[0] in (told, told + 1, RENEWALS), (suite, told, now)
            ahead += now[0] != told
        assert ahead <= acked.cuts, (ahead, acked.cuts)
        for suite in SUITES:
            _open(root).write(suite, _certificate(suite, RENEWALS))
            acked.append((suite, RENEWALS))
            assert _open(root).read(suite) == _certificate(suite, RENEWALS)

    return check


def test_cuts_anywhere_in_the_renewals():
    """At every write and erase of three renewals of both keys, and in the start after it."""
    every_cut(prepare, _renew(2), _check(1), again=2, at_least=60, name="certificates")


def test_cuts_in_the_first_renewal_ever():
    """The folder is made on the way: none, or the first, and never a part of it."""
    every_cut(nothing, _renew(1), _check(0), again=2, at_least=60, name="first certificates")


def test_a_flash_that_reports_errors():
    """Whoever brings the certificate hears of it, and the one in force stays."""
    every_error(prepare, _renew(2), _check(1), at_least=20, name="certificates, errors")
