"""The Cogformer network in plain PyTorch, eager: what bin/bench_lm times ours against.

Answers a line of standard input with a line of output: seconds. `train cog|softmax fp32|bf16`: a step (forward,
backward, fused AdamW); `generate cog|softmax fp32|bf16 N`: N tokens one by one with a key-value cache at batch 1,
behind a prompt of 64. Cog is as its authors have it: scores, sign and softmax of the magnitude as matrices; softmax is
scaled_dot_product_attention.
"""
import argparse
import sys
import time

import torch
import torch.nn.functional as F

arguments = argparse.ArgumentParser()
for name, value in dict(vocab=50257, dim=768, layers=12, heads=12, hidden=2048, context=1024, batch=4, threads=2).items():
    arguments.add_argument(f"--{name}", type=int, default=value)
o = arguments.parse_args()
torch.set_num_threads(o.threads)


def rotate(x, rotation):  # x [B, T, H, D]
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * rotation[:, None]).flatten(-2).to(x.dtype)


def attend(kind, q, k, v, causal):
    if kind == "softmax":
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    magnitude = scores.abs()
    if causal:
        hidden = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).triu(1)
        magnitude = magnitude.masked_fill(hidden, float("-inf"))
    return (scores.sign() * magnitude.softmax(-1)) @ v


class Block(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        linear = lambda a, b: torch.nn.Linear(a, b, bias=False)
        self.norm1, self.norm2 = torch.nn.RMSNorm(o.dim, 1e-6), torch.nn.RMSNorm(o.dim, 1e-6)
        self.q, self.k, self.v, self.o = (linear(o.dim, o.dim) for _ in range(4))
        self.g, self.p, self.out = linear(o.dim, o.hidden), linear(o.dim, o.hidden), linear(o.hidden, o.dim)

    def forward(self, x, rotation, cache=None):
        y = self.norm1(x)
        heads = lambda z: z.view(*x.shape[:2], o.heads, -1)
        q, k = rotate(heads(self.q(y)), rotation).transpose(1, 2), rotate(heads(self.k(y)), rotation).transpose(1, 2)
        v = heads(self.v(y)).transpose(1, 2)
        causal = cache is None or cache["n"] == 0
        if cache is not None:
            n = cache["n"]
            for name, new in (("k", k), ("v", v)):
                kept = cache.setdefault((id(self), name), torch.empty(1, o.heads, o.context, k.shape[3], dtype=k.dtype))
                kept[:, :, n : n + new.shape[2]] = new
            k, v = (cache[(id(self), name)][:, :, : n + q.shape[2]] for name in "kv")
        x = x + self.o(attend(self.kind, q, k, v, causal).transpose(1, 2).reshape(x.shape))
        y = self.norm2(x)
        return x + self.out(self.g(y) * F.silu(self.p(y)))


class Network(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        ends = (0, o.layers - 1)
        self.embedding = torch.nn.Embedding(o.vocab, o.dim)
        self.layers = torch.nn.ModuleList(Block("softmax" if i in ends else kind) for i in range(o.layers))
        self.norm, self.output = torch.nn.RMSNorm(o.dim, 1e-6), torch.nn.Linear(o.dim, o.vocab, bias=False)
        d = o.dim // o.heads
        angles = torch.outer(torch.arange(o.context).double(), 1e4 ** (-torch.arange(0, d, 2).double() / d))
        self.rotation = torch.polar(torch.ones_like(angles), angles).to(torch.complex64)

    def forward(self, tokens, cache=None):
        n = 0 if cache is None else cache["n"]
        x = self.embedding(tokens)
        rotation = self.rotation[n : n + tokens.shape[1]]
        for layer in self.layers:
            x = layer(x, rotation, cache)
        if cache is not None:
            cache["n"] += tokens.shape[1]
        return self.output(self.norm(x))


def train(kind, precision, state={}):
    if state.get("key") != kind:
        state.clear()
        network = Network(kind)
        state.update(key=kind, network=network, optimizer=torch.optim.AdamW(network.parameters(), 1e-4, fused=True))
    network, optimizer = state["network"], state["optimizer"]
    tokens = torch.randint(2, o.vocab, (o.batch, o.context + 1))
    began = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        logits = network(tokens[:, :-1])
    loss = F.cross_entropy(logits.float().flatten(0, 1), tokens[:, 1:].flatten())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return time.perf_counter() - began


@torch.no_grad()
def generate(kind, precision, count, networks={}):
    if (kind, precision) not in networks:
        networks[kind, precision] = Network(kind).to(torch.bfloat16 if precision == "bf16" else torch.float32)
    network, cache = networks[kind, precision], {"n": 0}
    token = network(torch.randint(2, o.vocab, (1, 64)), cache)[:, -1:].argmax(-1)
    began = time.perf_counter()
    for _ in range(count):
        token = network(token, cache)[:, -1:].argmax(-1)
    return time.perf_counter() - began


for line in sys.stdin:
    command, kind, precision, *rest = line.split()
    print(train(kind, precision) if command == "train" else generate(kind, precision, int(rest[0])), flush=True)
