// For rooms that compute with tensors; see pch_tensor.h.
#pragma once
#include <ATen/ATen.h>

#include "core/pch_tensor.h"
