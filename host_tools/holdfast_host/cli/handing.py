"""What a command hands out with a credential: its file, the list of revoked devices, and, where
they are asked for, one file for the phone and the QR code of it.
"""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from .. import files
from ..credentials import enrolment, tokens
from ..credentials.enrolment import Enrolment
from ..site import revocation
from ..site import site as sites
from ..site.keys import Keys
from ..site.site import Site
from . import writing

QR = ".svg"

AsFile = Annotated[
    bool,
    typer.Option(
        "--enrolment", help="Also write NAME.enrolment: all that the phone takes, in one file."
    ),
]
AsQr = Annotated[
    bool, typer.Option("--qr", help="Also write NAME.svg: the same as a QR code, to be scanned.")
]


@dataclasses.dataclass(frozen=True)
class Forms:
    """What is written beside a credential."""

    as_file: bool = False
    as_qr: bool = False


def require(out: Path, forms: Forms) -> None:
    """Refuse before anything is signed where a file would be written over."""
    writing.require(out, tokens.is_token)
    writing.require(_beside(out, tokens.LIST_SUFFIX), tokens.is_list)
    if forms.as_file:
        writing.require(_beside(out, enrolment.SUFFIX), enrolment.is_enrolment)
    if forms.as_qr:
        writing.require(_beside(out, QR), _is_drawing)


def write(site: Site, opened: Keys, token: bytes, out: Path, forms: Forms, now: int) -> list[Path]:
    """Write all of it; which files were written, the credential first."""
    devices = revocation.list_for_phones(site, opened, now)
    beside = _beside(out, tokens.LIST_SUFFIX)
    files.write(beside, devices, files.PUBLIC)
    written = [out, beside]
    made = Enrolment(
        files.read(site.folder / sites.AUTHORITY_PUBLIC_KEY, enrolment.LIMIT, "public key", ""),
        token,
        devices,
    )
    if forms.as_file:
        written.append(_beside(out, enrolment.SUFFIX))
        files.write(written[-1], enrolment.encode(made), files.PRIVATE)
    if forms.as_qr:
        written.append(_beside(out, QR))
        files.write(written[-1], _drawn(enrolment.qr_text(made)), files.PRIVATE)
    files.write(out, token, files.PRIVATE)
    return written


def _beside(out: Path, suffix: str) -> Path:
    return out.with_name(out.name + suffix)


def _drawn(text: str) -> bytes:
    import io

    import segno

    drawing = io.BytesIO()
    segno.make_qr(text, error="l").save(drawing, kind="svg", scale=4, border=4, light="#fff")
    return drawing.getvalue()


def _is_drawing(data: bytes) -> bool:
    return data.startswith(b"<?xml") and b'class="segno"' in data[:2000]
