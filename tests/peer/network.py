"""U-ViT with Cog Attention in plain PyTorch, attention as its authors have it: scores, sign and softmax of the magnitude as matrices,
but for the first and the last block, which are softmax."""
import math

import torch
import torch.nn.functional as F


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
