#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace infergraph::engine {

/// The connections to one address that no call uses. The one used last is given first, as the
/// likeliest to be alive; so what nobody needs stays at the bottom, from where a sweep takes all
/// that have lain there since the sweep before. Swept every period, a connection goes one to two
/// periods after its last call.
///
/// `Pointer` is a smart pointer that moves without throwing. Threads: one.
template <typename Pointer>
class IdleConnections {
 public:
  static constexpr Clock::duration kSweepPeriod = std::chrono::seconds(30);

  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

  /// Sees to it that the next keep() needs no memory. May throw std::bad_alloc.
  void make_room() {
    if (all_.size() == all_.capacity()) all_.reserve(std::max<std::size_t>(4, 2 * all_.size()));
  }
  /// make_room() came before.
  void keep(Pointer connection) noexcept { all_.push_back(std::move(connection)); }

  /// The one that was used last. There must be one.
  Pointer take() {
    Pointer last = std::move(all_.back());
    all_.pop_back();
    rested_ = std::min(rested_, all_.size());
    return last;
  }

  /// That one, which is no longer here then; null when it isn't here.
  Pointer remove(typename Pointer::element_type* connection) {
    const auto found = std::find_if(all_.begin(), all_.end(), [connection](const Pointer& kept) {
      return kept.get() == connection;
    });
    if (found == all_.end()) return {};
    if (static_cast<std::size_t>(found - all_.begin()) < rested_) --rested_;
    Pointer removed = std::move(*found);
    all_.erase(found);
    return removed;
  }

  /// Moves behind `into` what no call has used since the last sweep. May throw std::bad_alloc; then
  /// nothing has changed.
  void sweep(std::vector<Pointer>& into) {
    move_first(rested_, into);
    rested_ = all_.size();
  }
  /// All of them.
  void clear(std::vector<Pointer>& into) {
    move_first(all_.size(), into);
    rested_ = 0;
  }

 private:
  void move_first(std::size_t count, std::vector<Pointer>& into) {
    const auto last = all_.begin() + static_cast<std::ptrdiff_t>(count);
    into.insert(into.end(), std::move_iterator(all_.begin()), std::move_iterator(last));
    all_.erase(all_.begin(), last);
  }

  std::vector<Pointer> all_;
  std::size_t rested_ = 0;  // how many at the front have lain there since the last sweep
};

}  // namespace infergraph::engine
