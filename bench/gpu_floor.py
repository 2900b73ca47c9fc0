#!/usr/bin/env python3
"""What a training step of DenseNet moves through a GPU's memory, on paper: bytes over bandwidth.

Counts every tensor that a step must read or write once it is larger than the caches, values of
2 bytes (bfloat16), for chestmap's passes (src/nn/dense_block.cpp) and for those of the same network
written with torch.cat, a batch norm and a ReLU each, run eagerly. Weights and what lies in caches
are not counted: no step can be faster than this.

    python3 bench/gpu_floor.py [--stages 3] [--size 224] [--bandwidth 3.35e12] [--peak 989e12]
"""

import argparse

LAYERS = (6, 12, 24, 16)
GROWTH, WIDE, STEM = 32, 128, 64
BYTES = 2


def of_step(stages, size):
    """Values a step of one image moves: ours, eager; and its multiply-adds."""
    pixels = (size // 2) ** 2
    # Convolution, norm and ReLU, pooling, and their gradients.
    ours = pixels * STEM * 12
    eager = pixels * STEM * 20
    products = 3 * pixels * STEM * 49
    pixels //= 4
    channels = STEM
    for stage in range(stages):
        for _ in range(LAYERS[stage]):
            c = channels
            convolutions = (c + WIDE) + (WIDE + GROWTH)
            gradients = 2 * (c + WIDE) + 2 * (WIDE + GROWTH)  # of inputs and of weights
            # norm1 + ReLU; moments, norm2 + ReLU; the copy into the block and its moments.
            forward = 2 * c + 3 * WIDE + 3 * GROWTH
            # Sums, then the gradient: norm1's is added to the block's.
            backward = (2 + 4) * c + (2 + 3) * WIDE
            ours += pixels * (convolutions + gradients + forward + backward)
            # cat; batch norm (three), ReLU (two); backward ReLU (three), norm (five), cat (three).
            forward = (2 + 3 + 2) * c + (3 + 2) * WIDE
            backward = (3 + 5 + 3) * c + (3 + 5) * WIDE
            eager += pixels * (convolutions + gradients + forward + backward)
            products += 3 * pixels * (c * WIDE + 9 * WIDE * GROWTH)
            channels += GROWTH
        c = channels
        head = 10 * c  # in single precision, twice the bytes
        ours += pixels * (8 * c + head)
        eager += pixels * (18 * c + head)
        if stage + 1 < stages:
            transition = 3 * (c + c // 2) + 3 * c // 2  # convolution, pooling, gradients
            ours += pixels * transition
            eager += pixels * transition
            products += 3 * pixels * c * c // 2
            channels //= 2
            pixels //= 4
    return ours, eager, products


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stages", type=int, default=3)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--bandwidth", type=float, default=3.35e12, help="bytes a second (H100 SXM)")
    parser.add_argument("--peak", type=float, default=989e12, help="operations a second in bfloat16")
    arguments = parser.parse_args()
    ours, eager, products = of_step(arguments.stages, arguments.size)
    for name, values in (("chestmap", ours), ("eager", eager)):
        bytes_moved = values * BYTES
        print(f"{name:9} {bytes_moved / 1e6:5.0f} MB an image: at most {arguments.bandwidth / bytes_moved:6.0f} images/s")
    print(f"products  {2 * products / 1e9:5.1f} GFLOP an image: at most {arguments.peak / (2 * products):6.0f} images/s")


if __name__ == "__main__":
    main()
