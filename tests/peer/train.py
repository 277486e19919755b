"""Trains that U-ViT with Cog Attention on Fashion-MNIST in plain PyTorch and draws samples: what our training is compared with.

`python tests/peer/train.py --seed 0 --out FOLDER`, then `judge FOLDER`; `.ci/compare-peer` has the same recipe as options of
uvic-train: x0 predicted, labels dropped in a tenth, an EMA with a ramp, AdamW, DDIM, x0 clipped (`--flow`: flow's noise levels
and logit_normal). Initialised as U-ViT is.
"""
import argparse
import gzip
import pathlib

import numpy
import torch
from PIL import Image, PngImagePlugin

from network import UViT

arguments = argparse.ArgumentParser()
arguments.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
arguments.add_argument("--out", required=True, type=pathlib.Path)
arguments.add_argument("--seed", type=int, default=0)
arguments.add_argument("--steps", type=int, default=1350)
arguments.add_argument("--batch", type=int, default=64)
arguments.add_argument("--depth", type=int, default=4)
arguments.add_argument("--cfg", type=float, default=1.5)
arguments.add_argument("--num", type=int, default=1000)
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--flow", action="store_true")
o = arguments.parse_args()
torch.set_num_threads(o.threads)
torch.manual_seed(o.seed)
NULL, RATE, WARMUP, DECAY = 10, 2e-3, 50, 0.995


def read(name, header):
    with gzip.open(pathlib.Path(o.data) / f"{name}.gz") as file:
        return torch.from_numpy(numpy.frombuffer(file.read(), numpy.uint8, offset=header).copy())


def level(t):
    """alpha and sigma at time t: rectified flow's, or the VP SDE's with beta from 0.1 to 20."""
    if o.flow:
        return 1 - t, t
    log_alpha = -0.5 * t * (0.1 + 0.5 * t * 19.9)
    return log_alpha.exp(), (-torch.expm1(2 * log_alpha)).sqrt()


def initialise(network):
    torch.nn.init.trunc_normal_(network.position, std=0.02)
    for module in network.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)


def train(network, average):
    images = read("train-images-idx3-ubyte", 16).view(-1, 1, 28, 28)
    labels = read("train-labels-idx1-ubyte", 8).long()
    optimizer = torch.optim.AdamW(network.parameters(), RATE, betas=(0.9, 0.99), weight_decay=0.03, fused=True)
    order = torch.cat([torch.randperm(len(images)) for _ in range(o.steps * o.batch // len(images) + 1)])
    for step in range(o.steps):
        chosen = order[step * o.batch : (step + 1) * o.batch]
        x0 = images[chosen].float() / 127.5 - 1
        y = torch.where(torch.rand(o.batch) < 0.1, NULL, labels[chosen])
        t = torch.randn(o.batch).sigmoid() if o.flow else torch.rand(o.batch)
        alpha, sigma = (a.view(-1, 1, 1, 1) for a in level(t))
        with torch.autocast("cpu", torch.bfloat16):
            guess = network(alpha * x0 + sigma * torch.randn_like(x0), 999 * t, y)
        (guess.float() - x0).square().mean().backward()
        cosine = 0.5 * (1 + numpy.cos(numpy.pi * max(0, step - WARMUP) / (o.steps - WARMUP)))
        optimizer.param_groups[0]["lr"] = RATE * min((step + 1) / WARMUP, cosine)
        optimizer.step()
        optimizer.zero_grad()
        with torch.no_grad():
            decay = min(DECAY, (1 + step) / (10 + step))
            torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)


@torch.no_grad()
def sample(network, y, steps=25):
    x = torch.randn(len(y), 1, 28, 28)
    times = torch.linspace(1, 0, steps + 1)
    both = torch.cat([y, torch.full_like(y, NULL)])
    for now, then in zip(times, times[1:]):
        (alpha, sigma), (next_alpha, next_sigma) = level(now), level(then)
        cond, uncond = network(x.repeat(2, 1, 1, 1), 999 * now.expand(2 * len(y)), both).chunk(2)
        x0 = (uncond + o.cfg * (cond - uncond)).clamp(-1, 1)
        x = next_alpha * x0 + next_sigma * (x - alpha * x0) / sigma
    return ((x.clamp(-1, 1) + 1) * 127.5).round().byte()


network, average = UViT(1, 28, 4, 128, o.depth, 4, 11), UViT(1, 28, 4, 128, o.depth, 4, 11)
initialise(network)
average.load_state_dict(network.state_dict())
train(network, average)
o.out.mkdir(parents=True, exist_ok=True)
for start in range(0, o.num, 100):
    y = torch.arange(start, start + 100) % 10
    for i, (image, label) in enumerate(zip(sample(average, y), y.tolist())):
        note = PngImagePlugin.PngInfo()
        note.add_text("parameters", f"--labels {label}")
        Image.fromarray(image[0].numpy()).save(o.out / f"{start + i:06d}.png", pnginfo=note)
