#pragma once

namespace uvic {

/// From now on the threads of parallel regions wait for each other as the machine allows: spinning, which is
/// fastest, while they have the cores for themselves; asleep while others want the cores, too. Nothing is
/// done where OMP_WAIT_POLICY or GOMP_SPINCOUNT is set, which then counts for the whole of the run.
void adapt_thread_waiting();

}  // namespace uvic
