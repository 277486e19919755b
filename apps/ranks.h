// A command as one of several processes that a launcher started.
#pragma once
#include <functional>

#include "app.h"
#include "dist/job.h"

namespace uvic {

/// Calls `work` with the world of all processes and this one's device, and returns its exit code; alone if no
/// launcher started more. An error that all processes have alike is said by rank 0; one that this process has
/// alone ends the others.
int as_rank(const CommonOptions& common, Needs needs,
            const std::function<int(const World& world, c10::Device device)>& work);

}  // namespace uvic
