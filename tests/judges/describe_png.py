"""Prints what PIL sees in a PNG file: mode, width, height, sum of all samples, then the text chunks, one a line.

Exit code 77: a module is missing.
"""
import sys

try:
    import numpy as np
    from PIL import Image
except ImportError:
    sys.exit(77)

image = Image.open(sys.argv[1])
image.load()
print(image.mode, image.width, image.height, int(np.asarray(image).astype("i8").sum()))
for keyword, value in image.text.items():
    print(f"{keyword}={value}")
