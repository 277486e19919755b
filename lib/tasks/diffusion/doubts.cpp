#include "tasks/diffusion/doubts.h"

namespace uvic {

std::vector<std::string> doubts_of(const DiffusionConfig& config, Beginning beginning) {
  auto doubts = doubts_of(config.train, config.optimizer, beginning);
  const auto& model = config.model;
  const auto& sample = config.sample;
  const bool trains_null = config.has_null() && config.diffusion.p_uncond > 0;
  const bool conditional = model.conditional() || model.has_context();
  const bool may_train_null = conditional && beginning != Beginning::kResumed;
  for (const auto& [key, cfg] : {std::pair("preview.cfg", config.preview.cfg),
                                 std::pair("sample.cfg", sample.has_guide() ? 1 : sample.cfg)}) {
    if (cfg == 1 || trains_null) continue;
    doubts.push_back(c10::str(key, ": guidance of ", value_text(cfg),
                              " needs what the model predicts without a class or a caption, and this run "
                              "never trains that; set ",
                              may_train_null ? "diffusion.p_uncond above 0, or " : "", key, "=1"));
  }
  if (conditional && config.diffusion.p_uncond == 1 && beginning != Beginning::kResumed)
    doubts.emplace_back("diffusion.p_uncond: 1 drops every label and caption, so that none is ever learnt");
  return doubts;
}

}  // namespace uvic
