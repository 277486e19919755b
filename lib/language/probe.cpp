#include "language/probe.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "core/errors.h"
#include "core/text.h"
#include "language/not_finite.h"

namespace uvic {
namespace {

constexpr std::pair<const char*, double Distance::*> kNorms[] = {
    {"l1", &Distance::l1}, {"l2", &Distance::l2}, {"max", &Distance::max}, {"relative", &Distance::relative}};

int64_t digit_token(const Tokenizer& tokenizer, const std::string& digit) {
  const auto tokens = tokenizer.encode(digit);
  // "_1", or "_" and "1": what is behind the first is what stands between others.
  const auto twice = tokenizer.encode(digit + digit);
  for (const auto& candidates : {twice, tokens}) {
    if (!candidates.empty() && tokenizer.piece(candidates.back()) == digit) return candidates.back();
  }
  usage_error("the ", tokenizer.name(), " tokenizer has no token for the digit ", digit,
              " alone; give the tokens by number");
}

Distance distance(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor difference = (a - b).abs();
  const double l2 = difference.norm().item<double>();
  return {difference.sum().item<double>(), l2, difference.max().item<double>(), l2 / b.norm().item<double>()};
}

std::vector<double> column(const std::vector<ProbeRow>& rows, Distance ProbeRow::*test,
                           double Distance::*norm) {
  std::vector<double> values;
  for (const ProbeRow& row : rows) values.push_back(row.*test.*norm);
  return values;
}

}  // namespace

std::vector<std::string> distance_names() {
  std::vector<std::string> names;
  for (const auto& [name, member] : kNorms) names.emplace_back(name);
  return names;
}

double Distance::*norm_named(const std::string& name) {
  for (const auto& [known, member] : kNorms) {
    if (name == known) return member;
  }
  usage_error("no norm '", name, "'; it must be one of ", join(distance_names(), ", "));
}

ProbeTokens digit_tokens(const Tokenizer& tokenizer, int64_t bos) {
  return {digit_token(tokenizer, "1"), digit_token(tokenizer, "0"), bos};
}

std::vector<int64_t> probe_lengths(int64_t most) {
  std::vector<int64_t> lengths;
  for (int64_t n = 1; n <= most; n *= 2) {
    lengths.push_back(n);
    if (n > 1 && n + n / 2 <= most) lengths.push_back(n + n / 2);
  }
  if (!lengths.empty() && lengths.back() != most) lengths.push_back(most);
  return lengths;
}

int64_t most_ones(const CogformerOptions& model, const ProbeTokens& tokens) {
  return model.max_seq_length - 1 - (tokens.bos >= 0 ? 1 : 0);
}

std::vector<ProbeRow> probe(const LanguageNetwork& network, const ProbeTokens& tokens,
                            const std::vector<int64_t>& lengths) {
  const int64_t most = most_ones(network.options(), tokens);
  for (const int64_t n : lengths) {
    check_usage(n >= 1 && n <= most, "a length of ", n, ": the model's context has room for 1 to ", most,
                " ones");
  }
  const int64_t start = tokens.bos >= 0 ? 1 : 0, longest = *std::max_element(lengths.begin(), lengths.end());
  at::Tensor sequences = at::full({2, start + longest + 1}, tokens.one, at::kLong);
  if (start == 1) sequences.select(1, 0).fill_(tokens.bos);
  sequences[1][start] = tokens.zero;
  check_vocabulary(sequences.flatten(), network.options().vocab_size, "the probe");
  const at::Tensor hidden = network.representations(sequences).to(at::kCPU, at::kDouble);
  if (!hidden.isfinite().all().item<bool>()) throw std::runtime_error(kNotFinite);
  const at::Tensor ones = hidden[0].slice(0, start), behind_zero = hidden[1].slice(0, start + 1);
  std::vector<ProbeRow> rows;
  for (const int64_t n : lengths) {
    rows.push_back({n, distance(ones[n], ones[n - 1]), distance(behind_zero[n - 1], ones[n - 1])});
  }
  return rows;
}

nlohmann::ordered_json probe_json(const ProbeResult& result) {
  nlohmann::ordered_json json = {{"name", result.name}, {"ones", nlohmann::json::array()}};
  for (const ProbeRow& row : result.rows) json["ones"].push_back(row.ones);
  for (const auto& [name, test] :
       {std::pair("one_more", &ProbeRow::one_more), std::pair("zero_before", &ProbeRow::zero_before)}) {
    for (const auto& [norm, member] : kNorms) json[name][norm] = column(result.rows, test, member);
  }
  return json;
}

}  // namespace uvic
