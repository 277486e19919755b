// What computer this is.
#pragma once
#include <string>

namespace uvic {

/// "AMD EPYC 9B14, 2 cores, 16 GiB of memory; NVIDIA H100 80GB HBM3": as the system tells it, for records.
std::string machine_text();

/// Its name in the network; "localhost" where the system does not say.
std::string host_name();

}  // namespace uvic
