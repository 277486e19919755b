// How the lines of core/log.h read in one of several processes that do one job.
#pragma once
#include <string>

namespace uvic {

/// From rank 1 on log_info is silent, and so are warnings until `let_ranks_warn`, as all ranks read the same
/// settings and data; then they say whose they are.
void set_rank(int rank);
void let_ranks_warn();
/// The error that this process ends with is rank 0's, too, which says it.
void leave_errors_to_rank_0();
/// Writes "error: ", the rank, and `text`, unless rank 0 does.
void write_error(const std::string& text);
/// "rank 1: " from rank 1 on; else empty.
std::string of_rank();

}  // namespace uvic
