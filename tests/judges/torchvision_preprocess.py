"""What torchvision's transforms make of image files: torchvision_preprocess.py FOLDER SIDE

Writes FOLDER/NAME and, as raw float32, NAME.decoded (convert("L"), ToTensor) and NAME.resized
(convert("L"), Resize((SIDE, SIDE)), ToTensor) for grey.png, rgb.png, grey.jpg and rgb.jpg
(4:4:4), all of 200 x 150 pixels with smooth and sharp parts. Exit code 77: a module is missing.
"""

import sys
import warnings
from pathlib import Path

try:
    import numpy as np
    from PIL import Image, ImageFilter

    warnings.simplefilter("ignore")
    from torchvision import transforms
except ImportError:
    sys.exit(77)

WIDTH, HEIGHT = 200, 150


def smooth(seed):
    """Blurred noise with a disc and a line, as tissue, a nodule and a tube have."""
    random = np.random.default_rng(seed)
    noise = Image.fromarray(random.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8))
    plane = np.asarray(noise.filter(ImageFilter.GaussianBlur(4)), dtype=float)
    plane = (plane - plane.min()) / (plane.max() - plane.min()) * 200
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    plane[(x - 60) ** 2 + (y - 80) ** 2 < 15**2] += 55
    plane[np.abs(x - y - 20) < 1] = 255
    return plane.clip(0, 255).astype(np.uint8)


def main():
    folder, side = Path(sys.argv[1]), int(sys.argv[2])
    grey = Image.fromarray(smooth(1))
    rgb = Image.merge("RGB", [Image.fromarray(smooth(seed)) for seed in (1, 2, 3)])
    grey.save(folder / "grey.png")
    rgb.save(folder / "rgb.png")
    grey.save(folder / "grey.jpg", quality=90)
    rgb.save(folder / "rgb.jpg", quality=90, subsampling=0)
    decoded = transforms.Compose([transforms.ToTensor()])
    resized = transforms.Compose([transforms.Resize((side, side)), transforms.ToTensor()])
    for name in ("grey.png", "rgb.png", "grey.jpg", "rgb.jpg"):
        image = Image.open(folder / name).convert("L")
        (folder / f"{name}.decoded").write_bytes(decoded(image).numpy().astype("<f4").tobytes())
        (folder / f"{name}.resized").write_bytes(resized(image).numpy().astype("<f4").tobytes())


main()
