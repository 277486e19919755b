// The headers that most units use, compiled once, for rooms that hold tensors and compute nothing with them.
// Every unit pays for what its precompiled header leaves to be instantiated: 0.5 s of this one, 1.5 s of
// pch_aten.h, 4.2 s of pch_nn.h (g++ 12, an empty unit, 2026-11-26). So a room takes the least that serves
// it.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/util/StringUtil.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>
