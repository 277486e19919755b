"""U-ViT with Cog Attention in plain PyTorch: what bin/bench_model times ours against.

Answers a line of standard input with a line of output, seconds. A line is `train|sample SIZE fp32|bf16 BATCH REPEATS`:
`train` is a step (forward, backward, AdamW, EMA), `sample` one evaluation without gradients, each the mean of REPEATS.
"""
import argparse
import sys
import time

import torch

from network import UViT

# in_chans, image side, patch, width, depth, heads, rows of labels (0: none)
SIZES = {"demo": (1, 28, 4, 128, 6, 4, 11), "S2": (3, 32, 2, 512, 12, 8, 0), "H2": (4, 32, 2, 1152, 28, 16, 1001)}

arguments = argparse.ArgumentParser()
arguments.add_argument("--device", default="cpu")
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--compile", action="store_true")
o = arguments.parse_args()
torch.set_num_threads(o.threads)
device = torch.device(o.device)


class Bench:
    def __init__(self, size, batch, training):
        chans, side, *_, labels = SIZES[size]
        self.network = UViT(*SIZES[size]).to(device)
        self.call = torch.compile(self.network) if o.compile else self.network
        self.x, self.noise = (torch.randn(batch, chans, side, side, device=device) for _ in range(2))
        self.t, self.y = torch.rand(batch, device=device) * 999, torch.randint(max(labels, 1), (batch,), device=device)
        if training:
            self.parameters = list(self.network.parameters())
            self.average = [p.detach().clone() for p in self.parameters]
            self.optimizer = torch.optim.AdamW(self.parameters, 2e-4, fused=True)

    def train(self, precision):
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            output = self.call(self.x, self.t, self.y)
        (output.float() - self.noise).square().mean().backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1e-3)

    @torch.no_grad()
    def sample(self, precision):
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            self.call(self.x, self.t, self.y)


def wait():
    if device.type == "cuda":
        torch.cuda.synchronize()


key = bench = None
for line in sys.stdin:
    what, size, precision, batch, repeats = line.split()
    if key != (what, size, batch):
        bench = None
        key, bench = (what, size, batch), Bench(size, int(batch), what == "train")
        for _ in range(3):
            getattr(bench, what)(precision)
    wait()
    began = time.perf_counter()
    for _ in range(int(repeats)):
        getattr(bench, what)(precision)
    wait()
    print((time.perf_counter() - began) / int(repeats), flush=True)
