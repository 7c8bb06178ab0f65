"""What a camera reads off a drawing: a QR code in SVG, drawn as dots and scanned by ZXing."""

import re
import xml.etree.ElementTree as ElementTree

import zxingcpp

_SVG = "{http://www.w3.org/2000/svg}"
_STEP = re.compile(r"([Mmh])(-?[\d.]+)(?: ?(-?[\d.]+))?")
_DARK, _LIGHT = 0, 255
_ON_NOTHING = 0  # a viewer may be dark


def qr_text(svg: bytes) -> str:
    """The text of the one QR code that is drawn in ``svg``, on a ground that is dark where the
    drawing has none. Raises ValueError if none, or more than one, can be read.
    """
    whole = ElementTree.fromstring(svg)
    width, height = int(whole.attrib["width"]), int(whole.attrib["height"])
    dots = bytearray([_ON_NOTHING]) * (width * height)
    for path in whole.iter(f"{_SVG}path"):
        found = re.fullmatch(r"scale\((\d+)\)", path.attrib.get("transform", "scale(1)"))
        if found is None:
            raise ValueError("a drawing that is turned or moved")
        scale = int(found[1])
        if path.attrib.get("fill") == "#fff":
            dots[:] = bytes([_LIGHT]) * len(dots)
        elif path.attrib.get("stroke") == "#000":
            for left, top, length in _bars(path.attrib["d"]):
                for row in range(top * scale, (top + 1) * scale):
                    begin = row * width + left * scale
                    dots[begin : begin + length * scale] = bytes([_DARK]) * (length * scale)
    read = zxingcpp.read_barcodes(memoryview(bytes(dots)).cast("B", (height, width)))
    if len(read) != 1 or not read[0].valid:
        raise ValueError(f"{len(read)} codes can be read")
    return read[0].text


def _bars(drawn: str):
    """(left, top, length) of each stroke, a dot thick, in dots."""
    x = y = 0.0
    for kind, first, second in _STEP.findall(drawn):
        if kind == "M":
            x, y = float(first), float(second)
        elif kind == "m":
            x, y = x + float(first), y + float(second)
        else:
            yield int(x), int(y), int(first)
            x += float(first)
