// `uvic-fid dump`: images in bulk, resumable, whole or in shards.
#pragma once
#include "dist/world.h"
#include "sample_options.h"
#include "sampling/dump/manifest.h"
#include "sampling/dump/shard.h"

namespace uvic {

struct DumpCommand {
  SampleCommand command;
  std::string out, format = "auto", shard;
  int64_t num = 0;
  int encoders = 0;
  bool subdirs = false;

  void add_to(CLI::App& app);
  int run();

 private:
  int dump_part(const Shard& part, c10::Device device);
  int dump_together(const World& world, c10::Device device);
  std::vector<int64_t> chosen_seeds(const Prompts& prompts) const;
  DumpManifest manifest_of(const LoadedModel& loaded, const Stages& stages, const Prompts& prompts,
                           c10::Device device) const;
  int dump(const std::filesystem::path& target, const LoadedModel& loaded, const Sampler& sampler,
           const DumpManifest& manifest, const PromptRows& rows_of, c10::Device device) const;
};

}  // namespace uvic
