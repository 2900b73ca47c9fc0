"""Writes DICOM files of one grey frame, as CR and DX units send them: explicit VR, little-endian."""

import struct


def _element(group, number, vr, value):
    value += (b"\0" if vr in (b"OB", b"OW", b"UI") else b" ") * (len(value) % 2)
    head = struct.pack("<HH", group, number) + vr
    if vr in (b"OB", b"OW"):
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def write_dicom(file, rows, bits=12, modality=b"DX", inverted=False, patient=b"Doe^Jane", window=None):
    """`rows` of numbers from 0 to 2**bits - 1; `window` is (centre, width)."""
    number = lambda value: struct.pack("<H", value)
    meta = _element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1")
    content = b"\0" * 128 + b"DICM" + _element(2, 0, b"UL", struct.pack("<I", len(meta))) + meta
    content += _element(8, 0x60, b"CS", modality) + _element(0x10, 0x10, b"PN", patient)
    content += _element(0x28, 2, b"US", number(1))
    content += _element(0x28, 4, b"CS", b"MONOCHROME1" if inverted else b"MONOCHROME2")
    for tag, value in ((0x10, len(rows)), (0x11, len(rows[0])), (0x100, 16), (0x101, bits), (0x102, bits - 1), (0x103, 0)):
        content += _element(0x28, tag, b"US", number(value))
    if window is not None:
        for tag, value in zip((0x1050, 0x1051), window):
            content += _element(0x28, tag, b"DS", str(value).encode())
    pixels = b"".join(number(value) for row in rows for value in row)
    file.write_bytes(content + _element(0x7FE0, 0x10, b"OW", pixels))
    return file
