// The processes that work at one job together: who is who, and what they tell each other. One process is a
// world of its own, in which everything below is nothing to do.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace c10d {
class Backend;
class Store;
class Work;
}  // namespace c10d

namespace uvic {

/// An operation of all ranks that has begun.
class Pending {
 public:
  Pending() = default;
  Pending(c10::intrusive_ptr<c10d::Work> work, at::Tensor keeps);
  ~Pending();
  Pending(Pending&&) noexcept;
  Pending& operator=(Pending&&) noexcept;
  /// Until it is done; of tensors of a GPU, until what follows on its stream may use them.
  void wait();

 private:
  c10::intrusive_ptr<c10d::Work> work_;
  at::Tensor keeps_;
};

/// Every operation is called by all ranks, in the same order. Copies are the same world.
class World {
 public:
  World();
  /// `backend`: of tensors of `device`; null: there is none, and only texts can be exchanged.
  World(int rank, int size, c10::Device device, c10::intrusive_ptr<c10d::Backend> backend,
        c10::intrusive_ptr<c10d::Store> store);

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool alone() const { return size_ == 1; }
  /// Of whom the run directory is: rank 0.
  bool first() const { return rank_ == 0; }
  bool has_backend() const;

  /// This rank's part of `count` things, which go round in turn: rank, rank + size, ...
  std::vector<int64_t> share(int64_t count) const;
  /// This rank's part in runs, {first, count} each, of at most most / size things, or one.
  std::vector<std::pair<int64_t, int64_t>> share_in_runs(int64_t count, int64_t most) const;

  /// Sums over the ranks, in place. `data`: contiguous, of `device` or of the CPU; float32, float64 or int64.
  void sum(const at::Tensor& data) const;
  double sum(double value) const;
  double max(double value) const;
  bool any(bool value) const { return max(value ? 1 : 0) > 0; }
  bool all(bool value) const { return !any(!value); }
  /// The tensors of all ranks, of one shape but for their first dimension, one behind the other.
  at::Tensor gather(const at::Tensor& part) const;
  /// Of what the ranks made of their share(count): all of it in order.
  at::Tensor gather_shares(const at::Tensor& part, int64_t count) const;

  /// As `sum`, of a tensor of `device`, behind what the caller goes on with.
  Pending start_sum(const at::Tensor& data) const;
  /// `to`: the sums of this rank's part of `from`, [size x to.numel()].
  Pending start_scatter_sum(const at::Tensor& to, const at::Tensor& from) const;
  /// `to`: the `from` of all ranks, [size x from.numel()].
  Pending start_gather(const at::Tensor& to, const at::Tensor& from) const;

  /// What each rank says, in their order. Through the store.
  std::vector<std::string> texts(const std::string& mine) const;
  std::string text_of_first(const std::string& mine) const;
  /// The same for rank 0 alone, of any length; the others get nothing and do not wait.
  std::vector<std::string> texts_for_first(std::string mine) const;
  /// What rank 0 does while the others wait: its result, or its error, on all.
  std::string on_first(const std::function<std::string()>& act) const;
  bool first_finds(const std::function<bool()>& look) const;
  void first_does(const std::function<void()>& act) const;

 private:
  struct Links;
  void reduce(const at::Tensor& data, int operation) const;
  double reduce(double value, int operation) const;
  int rank_ = 0, size_ = 1;
  std::shared_ptr<Links> links_;  // null: alone
};

/// UsageError on every rank, with both values, unless all ranks say the same. `what`: "train.seed".
void check_alike(const World& world, const std::string& what, const std::string& mine);
/// The same of texts of several lines, such as configurations: names the lines that differ.
void check_alike_lines(const World& world, const std::string& what, const std::string& mine);

}  // namespace uvic
