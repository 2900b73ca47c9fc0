#!/usr/bin/env python3
"""The peer of `chestmap bench densenet121 --training`: the same network and step in PyTorch's own Python.

DenseNet-121 to its third stage with the multiscale head (map normalisation, log-sum-exp, learned
relevance, a loss a stage), autocast, channels-last, AdamW fused, gradients clipped, one batch of
noise on the device. Prints JSON as `chestmap bench --training --json` does.

    python3 bench/training_peer.py [--compile] [--device cuda] [--batch 64] [--size 224] ...
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional

LAYERS = (6, 12, 24, 16)
GROWTH, BOTTLENECK, STEM, FINDINGS, SHARPNESS = 32, 4, 64, 14, 5.0


class DenseLayer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, BOTTLENECK * GROWTH, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK * GROWTH)
        self.conv2 = nn.Conv2d(BOTTLENECK * GROWTH, GROWTH, 3, padding=1, bias=False)

    def forward(self, features):
        x = self.conv1(functional.relu(self.norm1(torch.cat(features, 1)), inplace=True))
        return self.conv2(functional.relu(self.norm2(x), inplace=True))


class Network(nn.Module):
    """The fourth stage's weights are there and not used, as in chestmap's default."""

    def __init__(self, stages=3):
        super().__init__()
        self.used = stages
        self.stem = nn.Conv2d(1, STEM, 7, 2, 3, bias=False)
        self.stem_norm = nn.BatchNorm2d(STEM)
        self.blocks, self.norms, self.transitions = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.classifiers, self.map_norms = nn.ModuleList(), nn.ModuleList()
        channels = STEM
        for stage, count in enumerate(LAYERS):
            block = nn.ModuleList()
            for _ in range(count):
                block.append(DenseLayer(channels))
                channels += GROWTH
            self.blocks.append(block)
            self.norms.append(nn.BatchNorm2d(channels))
            if stage < stages:
                self.classifiers.append(nn.Conv2d(channels, FINDINGS, 1, bias=False))
                self.map_norms.append(nn.BatchNorm2d(FINDINGS, affine=False))
            if stage + 1 < len(LAYERS):
                self.transitions.append(nn.Conv2d(channels, channels // 2, 1, bias=False))
                channels //= 2
        self.gain = nn.Parameter(torch.zeros(FINDINGS, stages))
        self.bias = nn.Parameter(torch.zeros(FINDINGS, stages))
        self.relevance = nn.Parameter(torch.zeros(FINDINGS, stages))

    def forward(self, images):
        x = ((images - 0.5) / 0.25).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        x = functional.max_pool2d(functional.relu(self.stem_norm(self.stem(x)), inplace=True), 3, 2, 1)
        scores = []
        for stage in range(self.used):
            features = [x]
            for layer in self.blocks[stage]:
                features.append(layer(features))
            x = functional.relu(self.norms[stage](torch.cat(features, 1)), inplace=True)
            with torch.autocast(images.device.type, enabled=False):
                maps = self.map_norms[stage](self.classifiers[stage](x.float()))
                maps = maps * self.gain[:, stage].exp().view(1, -1, 1, 1) + self.bias[:, stage].view(1, -1, 1, 1)
                cells = maps.flatten(2)
                mean = torch.logsumexp(SHARPNESS * cells, -1) - torch.log(torch.tensor(float(cells.shape[-1])))
                scores.append(mean / SHARPNESS)
            if stage + 1 < self.used:
                x = functional.avg_pool2d(self.transitions[stage](x), 2, 2)
        by_stage = torch.stack(scores, -1)
        return (torch.softmax(self.relevance, -1) * by_stage).sum(-1), by_stage


def loss_of(logits, by_stage, labels):
    positives, negatives = labels.sum(), (1 - labels).sum()
    total = positives + negatives
    weight = torch.where(labels == 1, total / (2 * positives), total / (2 * negatives))
    loss = functional.binary_cross_entropy_with_logits(logits, labels, weight)
    for stage in range(by_stage.shape[-1]):
        own = functional.binary_cross_entropy_with_logits(by_stage[..., stage], labels, weight)
        loss = loss + own / by_stage.shape[-1]
    return loss


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--inference", action="store_true")
    parser.add_argument("--stages", type=int, default=3)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    device = torch.device(arguments.device)
    network = Network(arguments.stages).to(device).to(memory_format=torch.channels_last)
    images = torch.rand(arguments.batch, arguments.size, arguments.size, device=device)
    labels = (torch.rand(arguments.batch, FINDINGS, device=device) < 0.125).float()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    run = torch.compile(network) if arguments.compile else network
    network.train(not arguments.inference)

    def step():
        if arguments.inference:
            with torch.no_grad():
                run(images)
            return
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=arguments.precision == "bfloat16"):
            loss = loss_of(*run(images), labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()

    def wait():
        if device.type == "cuda":
            torch.cuda.synchronize()

    for _ in range(5):
        step()
    wait()
    seconds = []
    for _ in range(arguments.repeats):
        start = time.perf_counter()
        for _ in range(arguments.steps):
            step()
        wait()
        seconds.append((time.perf_counter() - start) / arguments.steps)
    print(json.dumps({
        "parameters": sum(p.numel() for p in network.parameters()),
        "images": arguments.batch,
        "seconds": statistics.median(seconds),
        "device_bytes": torch.cuda.max_memory_reserved() if device.type == "cuda" else 0,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
