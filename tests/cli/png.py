"""Reads and writes the PNG files that the tests look at: grey or RGB, 8 or 16 bits, no interlace."""

import struct
import zlib
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB = 0, 2


@dataclass
class Png:
    """`rows` holds one list of samples a row: `width` of them for grey, three times that for RGB."""

    width: int
    height: int
    bits: int
    colour: int
    text: dict
    rows: list


def _chunks(content):
    at = len(SIGNATURE)
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind = content[at + 4 : at + 8]
        data = content[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", content[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(kind + data), f"the check sum of a {kind} chunk is wrong"
        yield kind, data
        at += 12 + length


def _paeth(left, up, corner):
    guess = left + up - corner
    distances = abs(guess - left), abs(guess - up), abs(guess - corner)
    return (left, up, corner)[distances.index(min(distances))]


def _unfiltered(data, row_bytes, pixel_bytes):
    before = bytes(row_bytes)
    for start in range(0, len(data), row_bytes + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + row_bytes])
        for i in range(row_bytes):
            left = row[i - pixel_bytes] if i >= pixel_bytes else 0
            corner = before[i - pixel_bytes] if i >= pixel_bytes else 0
            predicted = (0, left, before[i], (left + before[i]) // 2,
                         _paeth(left, before[i], corner))[kind]  # fmt: skip
            row[i] = (row[i] + predicted) & 255
        before = row
        yield row


def read_png(file):
    content = file.read_bytes()
    assert content.startswith(SIGNATURE), f"{file} is no PNG"
    text, packed, header = {}, b"", None
    for kind, data in _chunks(content):
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", data)
        elif kind == b"tEXt":
            key, value = data.split(b"\0", 1)
            text[key.decode("latin-1")] = value.decode("latin-1")
        elif kind == b"IDAT":
            packed += data
    width, height, bits, colour, _, _, interlace = header
    assert interlace == 0 and colour in (GREY, RGB) and bits in (8, 16)
    pixel_bytes = (3 if colour == RGB else 1) * bits // 8
    rows = []
    for row in _unfiltered(zlib.decompress(packed), width * pixel_bytes, pixel_bytes):
        rows.append(list(row) if bits == 8 else [v for (v,) in struct.iter_unpack(">H", row)])
    return Png(width, height, bits, colour, text, rows)


def write_grey_png(file, rows):
    """Rows of 8-bit grey values, without filters."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data))  # fmt: skip

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, GREY, 0, 0, 0)
    data = b"".join(b"\0" + bytes(row) for row in rows)
    file.write_bytes(
        SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    )
