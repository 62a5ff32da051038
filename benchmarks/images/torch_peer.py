"""Plain PyTorch on one of Podium's architectures: a side of train_speed.py, in any Python.

Usage: torch_peer.py ARCHITECTURE WIDTH FORMAT BATCH_SIZE IMAGES HOW, with FORMAT float32 or
bfloat16, and HOW eager or compile. OMP_NUM_THREADS says how many threads it has. It says `ready`,
then trains on IMAGES images for each line that it reads, and prints images/s. Channels last, AdamW,
images in memory, no augmentation.
"""

import os
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


def compact(width: float) -> list[nn.Module]:
    """Podium's own net: pooling before the ReLU, as that is faster."""
    layers: list[nn.Module] = []
    last = 1
    for filters, kernel, pool in ((16, 5, 2), (32, 3, 1), (64, 3, 2), (128, 3, 1), (256, 2, 1)):
        wide = round(filters * width / 8) * 8
        layers += [nn.Conv2d(last, wide, kernel)]
        layers += [nn.MaxPool2d(pool)] * (pool > 1)
        layers += [nn.ReLU(), nn.BatchNorm2d(wide)]
        last = wide
    return [*layers, nn.Flatten(), nn.Dropout(0.4), nn.Linear(last, 10)]


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
    """Warm up, then train one pass for each line that is read."""
    architecture, width, number_format, batch, number, how = sys.argv[1:]
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    size, count = int(batch), int(number)
    blocks = compact(float(width)) if architecture == "compact" else PLAIN[architecture]()
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
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        started = time.perf_counter()
        steps(0, count)
        sys.stdout.write(f"{count / (time.perf_counter() - started):.1f}\n")
        sys.stdout.flush()


PLAIN = {"deotte": deotte, "two_block": two_block}

if __name__ == "__main__":
    main()
