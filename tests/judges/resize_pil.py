"""Resamples a float image with PIL: resize_pil.py IN.f32 OUT.f32 WIDTH HEIGHT area|linear|lanczos

Files: int32 width, int32 height, float32 values. PIL's BOX gives whole pixels to each output pixel; the exact area
mean comes from it when every pixel is first repeated WIDTH x HEIGHT times. Exit code 77: a module is missing.
"""
import struct
import sys
from pathlib import Path

try:
    import numpy as np
    from PIL import Image
except ImportError:
    sys.exit(77)

content = Path(sys.argv[1]).read_bytes()
width, height = struct.unpack_from("<ii", content)
image = Image.fromarray(np.frombuffer(content, "<f4", offset=8).reshape(height, width), mode="F")
size = (int(sys.argv[3]), int(sys.argv[4]))
if sys.argv[5] == "area":
    image = image.resize((width * size[0], height * size[1]), Image.NEAREST).resize(size, Image.BOX)
else:
    image = image.resize(size, {"linear": Image.BILINEAR, "lanczos": Image.LANCZOS}[sys.argv[5]])
Path(sys.argv[2]).write_bytes(struct.pack("<ii", *size) + np.asarray(image, "<f4").tobytes())
