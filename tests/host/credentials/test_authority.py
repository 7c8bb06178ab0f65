"""The authority's key: a file that ssh-keygen reads too."""

import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from holdfast_host.credentials.authority import KDF_ROUNDS, Authority
from holdfast_host.errors import UsageProblem

PASSPHRASE = "correct horse battery"


@pytest.fixture
def key_file(tmp_path, authority):
    path = tmp_path / "authority.key"
    authority.save(path, PASSPHRASE, kdf_rounds=4)
    return path


def test_a_key_comes_back(key_file, authority):
    """From the file and the passphrase, and nothing else."""
    loaded = Authority.load(key_file, PASSPHRASE)
    assert loaded.signing_key.d == authority.signing_key.d
    assert loaded.public_key.x == authority.public_key.x
    assert loaded.public_key.d is None


def test_the_file_is_encrypted_and_private(key_file, authority):
    """A backup of the folder must not be a backup of the secret."""
    data = key_file.read_bytes()
    assert data.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert authority.signing_key.d not in data
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert KDF_ROUNDS >= 24, "fewer than ssh-keygen takes"


def test_ssh_keygen_reads_it(key_file, authority):
    """The key outlives this program: a program that everybody has can open it."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen: install openssh-client")
    done = subprocess.run(
        ["ssh-keygen", "-y", "-P", PASSPHRASE, "-f", str(key_file)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    public = serialization.load_ssh_public_key(done.stdout.encode())
    assert isinstance(public, Ed25519PublicKey)
    assert public.public_bytes_raw() == authority.public_key.x


def test_a_wrong_passphrase_is_said(key_file):
    """Nothing else may come of it, and it does not come back in the text."""
    with pytest.raises(UsageProblem, match="passphrase does not open") as refused:
        Authority.load(key_file, "wrong horse battery")
    assert "wrong horse" not in refused.value.cause + refused.value.next_step


@pytest.mark.parametrize("cut", [0, 10, 60, 200, 400])
def test_a_damaged_key_file_is_said(key_file, cut):
    """Torn, empty or of another kind: the cause, not an exception of the parser."""
    key_file.write_bytes(key_file.read_bytes()[:cut])
    with pytest.raises(UsageProblem):
        Authority.load(key_file, PASSPHRASE)


def test_noise_in_a_key_file_is_said(key_file):
    """Each bit may be wrong after a bad disk; the parser behind is a stranger's."""
    whole = key_file.read_bytes()
    for place in range(36, len(whole) - 36, 7):
        key_file.write_bytes(whole[:place] + b"A" + whole[place + 1 :])
        try:
            Authority.load(key_file, PASSPHRASE)
        except UsageProblem:
            pass


def test_a_key_without_a_passphrase_is_refused(tmp_path):
    """Whoever read the file once could open every door."""
    path = tmp_path / "authority.key"
    path.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
    )
    with pytest.raises(UsageProblem, match="without a passphrase"):
        Authority.load(path, PASSPHRASE)


def test_a_key_of_another_kind_is_refused(tmp_path):
    """ssh-keygen makes many kinds; only one signs tokens."""
    path = tmp_path / "authority.key"
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.PrivateFormat.OpenSSH.encryption_builder()
            .kdf_rounds(4)
            .build(PASSPHRASE.encode()),
        )
    )
    with pytest.raises(UsageProblem, match="Ed25519"):
        Authority.load(path, PASSPHRASE)


@pytest.mark.parametrize("passphrase", ["", "seven77"])
def test_a_weak_passphrase_is_refused(tmp_path, authority, passphrase):
    """And nothing is written."""
    with pytest.raises(UsageProblem, match="at least 8|passphrase"):
        authority.save(tmp_path / "key", passphrase)
    assert not (tmp_path / "key").exists()


def test_nothing_shows_the_secret(authority):
    """Objects end up in logs and tracebacks."""
    for thing in (authority, authority.signing_key):
        assert authority.signing_key.d.hex() not in repr(thing)
        assert repr(authority.signing_key.d) not in repr(thing)
