// Training a language model.
#pragma once
#include <memory>

#include "language/generate.h"
#include "tasks/language/config.h"
#include "tasks/language/validation.h"
#include "tasks/language/windows.h"
#include "train/task.h"

namespace uvic {

class Cogformer;
class Tokenizer;

class LanguageTask : public Task {
 public:
  LanguageTask(const LanguageConfig& config, c10::Device device);
  ~LanguageTask() override;

  std::string describe() const override;
  void open(const std::filesystem::path& memory) override;
  std::string describe_data() const override;
  std::string data_identity() const override;
  std::vector<std::string> data_differences(const std::string& then) const override;
  std::map<std::string, std::string> weights_metadata() const override;
  void build(uint64_t seed) override;
  std::shared_ptr<torch::nn::Module> module() const override;
  /// Which network of the file that init_from will be given. UsageError if its weights do not fit.
  void plan_start(const std::filesystem::path& weights_file, const std::string& network);
  void init_from(const std::filesystem::path& weights_file) override;
  std::string unit() const override { return "tokens"; }
  int64_t units_per_example() const override { return config_.model.max_seq_length; }
  void begin(const SliceSequence& slices, int64_t first_step, int64_t last_step) override;
  std::vector<at::Tensor> inputs(const Slice& slice) override;
  at::Tensor losses(const std::vector<at::Tensor>& inputs) override;
  bool replayable() const override { return false; }  // attention is laid out by where documents end
  double wait_seconds() const override { return wait_seconds_; }
  Values step_values(const World&) override { return {}; }
  bool can_validate() const override { return validation_ != nullptr; }
  Values validate(const World& world) override;
  void preview(int64_t step, const TaskContext& context) override;
  Scorer* scorer() override { return nullptr; }
  void finish() override {}

 private:
  LanguageConfig config_;
  c10::Device device_;
  std::shared_ptr<const TokenFile> tokens_, held_out_;  // the second may be null
  std::unique_ptr<Tokenizer> tokenizer_;                // null: previews have no text
  std::vector<Prompt> prompts_;                         // of previews
  std::unique_ptr<TokenWindows> windows_;
  std::unique_ptr<TokenValidation> validation_;  // null if nothing is held out
  std::shared_ptr<Cogformer> model_;
  std::string start_network_ = "ema";
  double wait_seconds_ = 0;
};

}  // namespace uvic
