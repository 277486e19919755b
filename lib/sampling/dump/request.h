#pragma once
#include "sampling/dump/manifest.h"
#include "sampling/sampler.h"

namespace uvic {

/// What makes the images `indices` of a dump; `rows_of`: for a plan with prompts.
SampleRequest request_of(const DumpPlan& plan, const std::vector<size_t>& indices, const PromptRows& rows_of);

}  // namespace uvic
