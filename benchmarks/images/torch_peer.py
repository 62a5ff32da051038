"""Images/s of plain PyTorch on one of Podium's architectures: run by train_speed.py, in any Python.

Usage: torch_peer.py ARCHITECTURE FORMAT BATCH_SIZE IMAGES THREADS HOW, with FORMAT float32 or
bfloat16, and HOW eager or compile. Channels last, AdamW, images in memory, no augmentation.
"""

import sys
import time

import torch
from torch import nn


def deotte() -> list[nn.Module]:
    """C. Deotte's net: normalisation after each convolution and its ReLU."""
    layers: list[nn.Module] = []
    last = 1
    for width in (32, 64):
        for kernel, stride in ((3, 1), (3, 1), (5, 2)):
            padding = 2 if stride == 2 else 0
            layers += [nn.Conv2d(last, width, kernel, stride, padding), nn.ReLU()]
            layers += [nn.BatchNorm2d(width)]
            last = width
        layers += [nn.Dropout(0.4)]
    layers += [nn.Conv2d(last, 128, 4), nn.ReLU(), nn.BatchNorm2d(128), nn.Flatten()]
    return [*layers, nn.Dropout(0.4), nn.Linear(128, 10)]


def two_block() -> list[nn.Module]:
    """Y. Ghouzam's net: no normalisation."""
    layers: list[nn.Module] = []
    last = 1
    for width, kernel in ((32, 5), (64, 3)):
        for _ in range(2):
            layers += [nn.Conv2d(last, width, kernel, padding="same"), nn.ReLU()]
            last = width
        layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    dense = [nn.Flatten(), nn.Linear(64 * 7 * 7, 256), nn.ReLU(), nn.Dropout(0.5)]
    return [*layers, *dense, nn.Linear(256, 10)]


def main() -> None:
    """Train one pass to warm up and one to time; print the second's images/s."""
    architecture, number_format, batch, number, threads, how = sys.argv[1:]
    torch.set_num_threads(int(threads))
    size, count = int(batch), int(number)
    blocks = {"deotte": deotte, "two_block": two_block}[architecture]()
    network = nn.Sequential(*blocks).to(memory_format=torch.channels_last)
    forward = torch.compile(network) if how == "compile" else network
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    images = torch.rand(count, 1, 28, 28).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (count,))

    def steps(first: int, last: int) -> None:
        for start in range(first, last, size):
            with torch.autocast("cpu", torch.bfloat16, enabled=number_format == "bfloat16"):
                logits = forward(images[start : start + size])
                loss = nn.functional.cross_entropy(logits.float(), labels[start : start + size])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    steps(0, min(count, 4 * size))
    started = time.perf_counter()
    steps(0, count)
    sys.stdout.write(f"{count / (time.perf_counter() - started):.1f}\n")


if __name__ == "__main__":
    main()
