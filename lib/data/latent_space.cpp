#include "data/latent_space.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/options.h"

namespace uvic {
namespace {

// [1, C, 1, 1], on the device of `like`.
at::Tensor a_channel(const std::vector<double>& values, const at::Tensor& like) {
  TORCH_CHECK(int64_t(values.size()) == like.size(1), "latents of ", like.size(1), " channels, but ",
              values.size(), " values of a channel");
  return at::tensor(values, at::kDouble).to(like.device(), like.scalar_type()).view({1, -1, 1, 1});
}

std::string list_text(const std::vector<double>& values) {
  return values.empty() ? "not set" : nlohmann::json(values).dump();
}

}  // namespace

at::Tensor LatentSpace::normalise(const at::Tensor& latents) const {
  at::Tensor seen = latents;
  if (shift_factor != 0) seen = seen - shift_factor;
  if (!mean.empty()) seen = seen - a_channel(mean, seen);
  if (!std.empty()) seen = seen / a_channel(std, seen);
  return seen * scaling_factor;
}

at::Tensor LatentSpace::restore(const at::Tensor& seen) const {
  at::Tensor latents = seen / scaling_factor;
  if (!std.empty()) latents = latents * a_channel(std, latents);
  if (!mean.empty()) latents = latents + a_channel(mean, latents);
  return shift_factor != 0 ? latents + shift_factor : latents;
}

std::string to_json(const LatentSpace& space) {
  return nlohmann::ordered_json{{"encoder_sha256", space.encoder_sha256},
                                {"channels", space.channels},
                                {"downscale", space.downscale},
                                {"scaling_factor", space.scaling_factor},
                                {"shift_factor", space.shift_factor},
                                {"mean", space.mean},
                                {"std", space.std}}
      .dump();
}

LatentSpace latent_space_from_json(const std::string& json, const std::string& name) {
  try {
    const auto record = nlohmann::json::parse(json);
    LatentSpace space;
    record.at("encoder_sha256").get_to(space.encoder_sha256);
    record.at("channels").get_to(space.channels);
    record.at("downscale").get_to(space.downscale);
    record.at("scaling_factor").get_to(space.scaling_factor);
    record.at("shift_factor").get_to(space.shift_factor);
    record.at("mean").get_to(space.mean);
    record.at("std").get_to(space.std);
    return space;
  } catch (const nlohmann::json::exception& error) {
    usage_error(name, ": the record of its latents is damaged: ", error.what());
  }
}

std::vector<std::string> differences(const LatentSpace& here, const LatentSpace& there) {
  std::vector<std::string> clauses;
  const auto compare = [&](const char* what, const std::string& a, const std::string& b) {
    if (a != b) clauses.push_back(c10::str(what, " is ", a, " here, ", b, " there"));
  };
  if (!here.encoder_sha256.empty() && !there.encoder_sha256.empty())
    compare("the encoder (SHA-256)", here.encoder_sha256.substr(0, 12), there.encoder_sha256.substr(0, 12));
  compare("channels", std::to_string(here.channels), std::to_string(there.channels));
  if (here.downscale > 0 && there.downscale > 0)
    compare("pixels a latent", std::to_string(here.downscale), std::to_string(there.downscale));
  compare("scaling_factor", value_text(here.scaling_factor), value_text(there.scaling_factor));
  compare("shift_factor", value_text(here.shift_factor), value_text(there.shift_factor));
  compare("latents_mean", list_text(here.mean), list_text(there.mean));
  compare("latents_std", list_text(here.std), list_text(there.std));
  return clauses;
}

}  // namespace uvic
