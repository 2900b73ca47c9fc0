"""Writes images of every kind that the codec reads into a folder, each with what it should decode to.

NAME.png or NAME.jpg, and NAME.expected: int32 width, int32 height, float32 tolerance, float32 grey values.
PNG files named "pil_*" are PIL's; the others are assembled here from their chunks, since PIL writes neither 16-bit
colour nor Adam7. Exit code 77: a module is missing.
"""
import struct
import sys
import zlib
from pathlib import Path

try:
    import numpy as np
    from PIL import Image
except ImportError:
    sys.exit(77)

folder = Path(sys.argv[1])
random = np.random.default_rng(7)
WIDTH, HEIGHT = 37, 23
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def expect(name, grey, tolerance):
    grey = np.asarray(grey, dtype="<f4")
    head = struct.pack("<iif", grey.shape[1], grey.shape[0], tolerance)
    (folder / (name + ".expected")).write_bytes(head + grey.tobytes())


def luma(rgb):
    return rgb @ np.array([0.299, 0.587, 0.114])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(rows, bits):
    """Scanlines with filter type 0; `rows` is height x samples."""
    out = b""
    for row in rows:
        if bits == 16:
            line = row.astype(">u2").tobytes()
        elif bits == 8:
            line = row.astype("u1").tobytes()
        else:
            per_sample = (row[:, None] >> np.arange(bits - 1, -1, -1)) & 1
            line = np.packbits(per_sample.reshape(-1).astype("u1")).tobytes()
        out += b"\0" + line
    return out


def write_png(name, samples, bits, color_type, interlaced, extra=b""):
    height, width, channels = samples.shape
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, int(interlaced))
    if interlaced:
        data = b""
        for x, y, dx, dy in ADAM7:
            part = samples[y::dy, x::dx]
            if part.size:
                data += packed(part.reshape(part.shape[0], -1), bits)
    else:
        data = packed(samples.reshape(height, -1), bits)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
    content += chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    (folder / (name + ".png")).write_bytes(content)


for interlaced in (False, True):
    ending = "_adam7" if interlaced else ""
    for bits in (1, 2, 4, 8, 16):
        top = 2**bits - 1
        grey = random.integers(0, top + 1, (HEIGHT, WIDTH, 1))
        write_png(f"grey{bits}{ending}", grey, bits, 0, interlaced)
        expect(f"grey{bits}{ending}", grey[:, :, 0] / top, 1e-6)
        if bits <= 8:
            palette = random.integers(0, 256, (2**bits, 3))
            chunks = chunk(b"PLTE", palette.astype("u1").tobytes())
            for alpha in ("", "_transparent"):
                if alpha:
                    chunks += chunk(b"tRNS", bytes(random.integers(0, 256, 2**bits).astype("u1")))
                write_png(f"palette{bits}{alpha}{ending}", grey, bits, 3, interlaced, chunks)
                expect(f"palette{bits}{alpha}{ending}", luma(palette[grey[:, :, 0]] / 255), 1e-6)
        if bits >= 8:
            for kind, color_type, channels in (("rgb", 2, 3), ("grey_alpha", 4, 2), ("rgba", 6, 4)):
                samples = random.integers(0, top + 1, (HEIGHT, WIDTH, channels))
                write_png(f"{kind}{bits}{ending}", samples, bits, color_type, interlaced)
                real = samples / top
                expect(f"{kind}{bits}{ending}", luma(real[:, :, :3]) if channels > 2 else real[:, :, 0], 1e-6)

smooth = np.add.outer(np.arange(HEIGHT) * 4, np.arange(WIDTH) * 3).astype("u1")
color = np.stack([smooth, 255 - smooth, np.full_like(smooth, 90)], axis=2)
for mode in ("L", "LA", "RGB", "RGBA", "P", "1"):
    image = Image.fromarray(color).convert(mode if mode != "LA" else "L").convert(mode)
    image.save(folder / f"pil_{mode}.png")
    if mode in ("RGB", "RGBA", "P"):
        expect(f"pil_{mode}", luma(np.asarray(image.convert("RGB")) / 255), 1e-6)
    else:
        expect(f"pil_{mode}", np.asarray(image.convert("L")) / 255, 1e-6)
deep = random.integers(0, 65536, (HEIGHT, WIDTH)).astype("u2")
Image.fromarray(deep).save(folder / "pil_I16.png")
expect("pil_I16", deep / 65535, 1e-6)

# JPEG is lossy and decoders may round differently: two of 255 levels.
for name, image, options in (
    ("grey", Image.fromarray(smooth), {}),
    ("color", Image.fromarray(color), {}),
    ("progressive", Image.fromarray(color), {"progressive": True}),
):
    image.save(folder / f"pil_{name}.jpg", quality=95, **options)
    decoded = np.asarray(Image.open(folder / f"pil_{name}.jpg").convert("RGB")) / 255
    expect(f"pil_{name}", luma(decoded), 2.01 / 255)
