"""U-ViT with Cog Attention in plain PyTorch: what bin/bench_model times ours against.

Answers a line of standard input with a line of output, seconds. A line is `train|sample SIZE fp32|bf16 BATCH REPEATS`:
`train` is a step (forward, backward, AdamW, EMA), `sample` one evaluation without gradients, each the mean of REPEATS. Attention
is as its authors have it, scores, sign and softmax of the magnitude as matrices, but for the first and the last block.
"""
import argparse
import math
import sys
import time

import torch
import torch.nn.functional as F

# in_chans, image side, patch, width, depth, heads, rows of labels (0: none)
SIZES = {"demo": (1, 28, 4, 128, 6, 4, 11), "S2": (3, 32, 2, 512, 12, 8, 0), "H2": (4, 32, 2, 1152, 28, 16, 1001)}

arguments = argparse.ArgumentParser()
arguments.add_argument("--device", default="cpu")
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--compile", action="store_true")
o = arguments.parse_args()
torch.set_num_threads(o.threads)
device = torch.device(o.device)


class Block(torch.nn.Module):
    def __init__(self, dim, heads, kind, skip):
        super().__init__()
        self.heads, self.kind = heads, kind
        self.norm1, self.norm2 = torch.nn.LayerNorm(dim), torch.nn.LayerNorm(dim)
        self.qkv, self.proj = torch.nn.Linear(dim, 3 * dim, bias=False), torch.nn.Linear(dim, dim)
        self.fc1, self.fc2 = torch.nn.Linear(dim, 4 * dim), torch.nn.Linear(4 * dim, dim)
        self.skip = torch.nn.Linear(2 * dim, dim) if skip else None

    def attend(self, x):
        B, N, C = x.shape
        q, k, v = self.qkv(x).view(B, N, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        if self.kind == "softmax":
            out = F.scaled_dot_product_attention(q, k, v)
        else:
            scores = q @ k.transpose(-2, -1) * (C // self.heads) ** -0.5
            out = (scores.sign() * scores.abs().softmax(-1)).to(v.dtype) @ v
        return self.proj(out.transpose(1, 2).reshape(B, N, C))

    def forward(self, x, skip=None):
        if self.skip is not None:
            x = self.skip(torch.cat([x, skip], -1))
        x = x + self.attend(self.norm1(x))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class UViT(torch.nn.Module):
    def __init__(self, chans, side, patch, dim, depth, heads, labels):
        super().__init__()
        self.chans, self.side, self.patch, self.dim = chans, side, patch, dim
        self.embed = torch.nn.Conv2d(chans, dim, patch, patch)
        self.labels = torch.nn.Embedding(labels, dim) if labels else None
        self.extras = 2 if labels else 1
        self.position = torch.nn.Parameter(torch.randn(1, self.extras + (side // patch) ** 2, dim) * 0.02)
        kinds = ["softmax"] + ["cog"] * (depth - 1) + ["softmax"]
        self.blocks = torch.nn.ModuleList(Block(dim, heads, kind, i > depth // 2) for i, kind in enumerate(kinds))
        self.norm, self.out = torch.nn.LayerNorm(dim), torch.nn.Linear(dim, patch * patch * chans)
        self.final = torch.nn.Conv2d(chans, chans, 3, padding=1)

    def forward(self, x, t, y):
        half = self.dim // 2
        angles = t[:, None] * torch.exp(-math.log(1e4) / half * torch.arange(half, device=x.device))
        tokens = [torch.cat([angles.cos(), angles.sin()], -1)[:, None]]
        if self.labels is not None:
            tokens.insert(0, self.labels(y)[:, None])
        x = torch.cat([*tokens, self.embed(x).flatten(2).transpose(1, 2)], 1) + self.position
        skips, half = [], len(self.blocks) // 2
        for i, block in enumerate(self.blocks):
            x = block(x, skips.pop()) if i > half else block(x)
            if i < half:
                skips.append(x)
        x = self.out(self.norm(x))[:, self.extras :]
        g = self.side // self.patch
        x = x.view(-1, g, g, self.patch, self.patch, self.chans).permute(0, 5, 1, 3, 2, 4)
        return self.final(x.reshape(-1, self.chans, self.side, self.side))


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
