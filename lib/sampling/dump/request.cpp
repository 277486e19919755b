#include "sampling/dump/request.h"

#include <c10/util/Exception.h>

namespace uvic {

SampleRequest request_of(const DumpPlan& plan, const std::vector<size_t>& indices,
                         const PromptRows& rows_of) {
  SampleRequest request;
  for (const size_t index : indices) {
    request.seeds.push_back(plan.manifest.seeds[index]);
    if (!plan.labels.empty()) request.labels.push_back(plan.labels[index]);
  }
  const Prompts& prompts = plan.manifest.making.prompts;
  if (prompts.empty() || request.seeds.empty()) return request;
  TORCH_CHECK(rows_of, "a dump of prompts, and nothing that reads them");
  request.context = rows_of(prompts.of(request.seeds));
  return request;
}

}  // namespace uvic
