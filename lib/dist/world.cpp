#include "dist/world.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "core/error_text.h"
#include "core/errors.h"

namespace uvic {

using at::Tensor;

struct World::Links {
  c10::Device device;
  c10::intrusive_ptr<c10d::Backend> backend;
  c10::intrusive_ptr<c10d::Store> store;
  int64_t told = 0;  // texts so far

  std::string key(int64_t number, int rank) const { return c10::str("text/", number, "/", rank); }
};

Pending::Pending(c10::intrusive_ptr<c10d::Work> work, Tensor keeps)
    : work_(std::move(work)), keeps_(std::move(keeps)) {}
Pending::~Pending() = default;
Pending::Pending(Pending&&) noexcept = default;
Pending& Pending::operator=(Pending&&) noexcept = default;

void Pending::wait() {
  if (work_) work_->wait();
  work_.reset();
  keeps_.reset();
}

World::World() = default;

World::World(int rank, int size, c10::Device device, c10::intrusive_ptr<c10d::Backend> backend,
             c10::intrusive_ptr<c10d::Store> store)
    : rank_(rank),
      size_(size),
      links_(std::make_shared<Links>(Links{device, std::move(backend), std::move(store)})) {}

bool World::has_backend() const {
  return alone() || links_->backend;
}

std::vector<int64_t> World::share(int64_t count) const {
  std::vector<int64_t> mine;
  for (int64_t i = rank_; i < count; i += size_) mine.push_back(i);
  return mine;
}

std::vector<std::pair<int64_t, int64_t>> World::share_in_runs(int64_t count, int64_t most) const {
  const int64_t run = std::max<int64_t>(most / size_, 1);
  std::vector<std::pair<int64_t, int64_t>> mine;
  for (const int64_t index : share((count + run - 1) / run))
    mine.emplace_back(index * run, std::min(run, count - index * run));
  return mine;
}

// NCCL takes tensors of its GPU alone.
void World::reduce(const Tensor& data, int operation) const {
  if (alone()) return;
  std::vector<Tensor> tensors = {data.to(links_->device)};
  c10d::AllreduceOptions options;
  options.reduceOp = c10d::ReduceOp::RedOpType(operation);
  links_->backend->allreduce(tensors, options)->wait();
  if (!tensors[0].is_same(data)) data.copy_(tensors[0]);
}

void World::sum(const Tensor& data) const {
  reduce(data, c10d::ReduceOp::SUM);
}

double World::reduce(double value, int operation) const {
  const Tensor one = at::full({1}, value, at::kDouble);
  reduce(one, operation);
  return one.item<double>();
}

double World::sum(double value) const {
  return reduce(value, c10d::ReduceOp::SUM);
}

double World::max(double value) const {
  return reduce(value, c10d::ReduceOp::MAX);
}

// The parts are padded to the longest, as an operation of all has one size.
Tensor World::gather(const Tensor& part) const {
  if (alone()) return part;
  Tensor lengths = at::zeros({size_}, at::kLong);
  lengths[rank_] = part.size(0);
  sum(lengths);
  const auto longest = lengths.max().item<int64_t>();
  auto shape = part.sizes().vec();
  shape[0] = longest;
  Tensor from = at::zeros(shape, part.options().device(links_->device));
  from.narrow(0, 0, part.size(0)).copy_(part);
  shape[0] = longest * size_;
  const Tensor all = at::empty(shape, from.options());
  start_gather(all, from).wait();
  std::vector<Tensor> parts;
  for (int64_t r = 0; r < size_; ++r) parts.push_back(all.narrow(0, r * longest, lengths[r].item<int64_t>()));
  return at::cat(parts).to(part.device());
}

Tensor World::gather_shares(const Tensor& part, int64_t count) const {
  if (alone()) return part;
  std::vector<Tensor> places;
  for (int64_t r = 0; r < size_; ++r) places.push_back(at::arange(r, count, size_, at::kLong));
  return gather(part).index_select(0, at::cat(places).argsort().to(part.device()));
}

Pending World::start_sum(const Tensor& data) const {
  if (alone()) return {};
  std::vector<Tensor> tensors = {data};
  return {links_->backend->allreduce(tensors, {}), data};
}

Pending World::start_scatter_sum(const Tensor& to, const Tensor& from) const {
  Tensor output = to, input = from;
  return {links_->backend->_reduce_scatter_base(output, input, {}), from};
}

Pending World::start_gather(const Tensor& to, const Tensor& from) const {
  Tensor output = to, input = from;
  return {links_->backend->_allgather_base(output, input, {}), from};
}

// A text is deleted when the one after the next is told: by then all have read it.
std::vector<std::string> World::texts(const std::string& mine) const {
  if (alone()) return {mine};
  auto& [device, backend, store, told] = *links_;
  store->set(links_->key(told, rank_), std::vector<uint8_t>(mine.begin(), mine.end()));
  std::vector<std::string> all;
  for (int r = 0; r < size_; ++r) {
    const auto bytes = store->get(links_->key(told, r));
    all.emplace_back(bytes.begin(), bytes.end());
  }
  if (told >= 2) store->deleteKey(links_->key(told - 2, rank_));
  ++told;
  return all;
}

std::vector<std::string> World::texts_for_first(std::string mine) const {
  if (alone()) return {std::move(mine)};
  c10d::Store& store = *links_->store;
  const auto key = [&](int rank) { return "for-first/" + links_->key(links_->told, rank); };
  if (!first()) store.set(key(rank_), std::vector<uint8_t>(mine.begin(), mine.end()));
  std::vector<std::string> all;
  for (int r = 1; r < size_ && first(); ++r) {
    const auto bytes = store.get(key(r));
    store.deleteKey(key(r));
    all.emplace_back(bytes.begin(), bytes.end());
  }
  if (first()) all.insert(all.begin(), std::move(mine));
  ++links_->told;
  return all;
}

std::string World::text_of_first(const std::string& mine) const {
  return texts(first() ? mine : "").front();
}

std::string World::on_first(const std::function<std::string()>& act) const {
  if (alone()) return act();
  std::exception_ptr failed;
  // What came of it: a letter, then its text.
  const auto tell = [&]() -> std::string {
    try {
      return "r" + act();
    } catch (const std::exception& error) {
      failed = std::current_exception();
      const bool of_user = dynamic_cast<const UsageError*>(&error) != nullptr ||
                           dynamic_cast<const std::filesystem::filesystem_error*>(&error) != nullptr;
      return (of_user ? "u" : "e") + error_text(error);
    }
  };
  const std::string told = text_of_first(first() ? tell() : "");
  if (failed) std::rethrow_exception(failed);
  if (told[0] == 'u') usage_error(told.substr(1));
  if (told[0] == 'e') throw std::runtime_error(told.substr(1));
  return told.substr(1);
}

bool World::first_finds(const std::function<bool()>& look) const {
  return on_first([&] { return std::string(look() ? "yes" : "no"); }) == "yes";
}

void World::first_does(const std::function<void()>& act) const {
  on_first([&] {
    act();
    return std::string();
  });
}

}  // namespace uvic
