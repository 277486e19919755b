#pragma once
#include <vector>

#include "inspect/input_set.h"
#include "recipe/load_model.h"
#include "sampling/make_sampler.h"

namespace uvic {

/// The states through which a network's own samples go, at the evaluations nearest to given noise levels.
/// Seeds 0, 1, ..., each of its condition. The network is then run on them as the solver ran it, under the
/// condition alone where that was guided.
/// `times`: of the schedule. `condition`: of `count` images, on `device`; `rows`: as SampleRequest's context.
std::vector<InputSet> sampled_inputs(const LoadedModel& loaded, c10::Device device, const SamplerParts& parts,
                                     const std::vector<double>& times, const Condition& condition,
                                     const at::Tensor& rows, const at::Tensor& groups,
                                     const Sampler::OnStep& on_step);

}  // namespace uvic
