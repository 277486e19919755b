#include "report/commands.h"

#include <algorithm>
#include <cctype>

namespace uvic {
namespace {

// A run whose learning rate has come down to 0 cannot simply be given more steps.
NextCommand go_on(const RunFacts& run, const std::string& program, const std::string& path) {
  const std::string config = shell_word((run.path / "config.yaml").string());
  if (!run.finished()) return {"Resume", program + " --config " + config + " --out " + path};
  const std::string steps = " --steps " + std::to_string(2 * run.steps());
  if (setting(run.settings, "optimizer.schedule") == "constant")
    return {"Train on", program + " --config " + config + steps + " --out " + path};
  return {"Begin a new run with its weights", program + " --config " + config + " --init-from " + path +
                                                  " --out " + shell_word(run.path.string() + "-2")};
}

std::vector<NextCommand> of_images(const RunFacts& run, const std::string& path) {
  const std::string weights = " --checkpoint " + path;
  const auto in_run = [&](const char* name) { return shell_word((run.path / name).string()); };
  const bool text = setting(run.settings, "model.num_clip_token") != "0" &&
                    setting(run.settings, "text.encoder") != "none" &&
                    !setting(run.settings, "model.num_clip_token").empty();
  const int64_t classes =
      run.data && setting(run.settings, "model.num_classes") != "-1" ? run.data->num_classes : 0;
  std::string sample = "uvic-sample" + weights;
  if (text) {
    sample += " --prompt 'a red apple'";
  } else if (classes > 0 && classes <= 32) {
    sample += " --class-per-row --grid " + std::to_string(classes) + "x8";
  } else {
    sample += " --grid 8x8";
  }
  const std::string dump = in_run("dump.zip");
  return {{"Sample", sample + " --out " + in_run("grid.png")},
          {"Dump images for FID", "uvic-fid dump" + weights + " --num 10000" +
                                      (text ? " --prompts PROMPTS.txt" : "") + " --out " + dump},
          {"Score them against the training images",
           "uvic-fid score " + dump + " --config " + in_run("config.yaml") + " --features FEATURES.pt"},
          {"Look at its attention", "uvic-inspect" + weights}};
}

}  // namespace

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string("_-./=,:+@%").find(char(c)) != std::string::npos;
  });
  if (plain && text.front() != '-') return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::vector<NextCommand> next_commands(const RunFacts& run) {
  const std::string path = shell_word(run.path.string());
  std::vector<NextCommand> commands = {go_on(run, run.language() ? "uvic-lm train" : "uvic-train", path)};
  if (run.checkpoint.empty()) return commands;  // there are no weights yet
  if (run.language()) {
    const std::string tokens = setting(run.settings, "data.path");
    commands.push_back(
        {"Generate", "uvic-lm generate --checkpoint " + path + " --prompt 'Once upon a time'"});
    commands.push_back({"Evaluate", "uvic-lm eval --checkpoint " + path + " --tokens " + shell_word(tokens)});
    return commands;
  }
  for (auto& command : of_images(run, path)) commands.push_back(std::move(command));
  return commands;
}

}  // namespace uvic
