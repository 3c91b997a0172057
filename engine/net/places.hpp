#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/clock.hpp"
#include "base/gate.hpp"

namespace infergraph::engine {

class Place;

/// How many connections a listener may hold at a time, of each kind. Threads: any.
class Places {
 public:
  enum class Kind : std::uint8_t {
    kCaller,     ///< served
    kReserve,    ///< beyond those: gets one answer, to a probe or that we are full
    kSpare,      ///< the same, since descriptors run out
    kLingering,  ///< has got its last answer, and is read from until the caller has seen it
  };
  struct Limits {
    int callers = 10000;
    int reserve = 64;
    int lingering = 64;
  };

  explicit Places(Limits limits)
      : limits_{limits.callers, limits.reserve, limits.reserve, limits.lingering} {}

  /// A caller's place, else one of the reserve, else none.
  Place take();
  Place take_spare();
  /// All that are taken; what their holders did before they gave them back has happened.
  int taken() const { return gate_.in_flight(); }
  /// Waits until none is taken; false if that isn't so at `limit`. With no limit, however long.
  bool wait_until_free(Clock::time_point limit) { return gate_.wait_until(limit); }
  void wait_until_free() { gate_.wait(); }

 private:
  friend class Place;
  bool take(Kind kind);
  void give_back(Kind kind);

  std::array<int, 4> limits_;
  std::array<std::atomic<int>, 4> taken_{};
  Gate gate_;  // who holds a place, of whichever kind, is in flight
};

/// One connection's hold on a place, given back when it ends. An empty one counts nowhere.
class Place {
 public:
  Place() = default;
  Place(Places& places, Places::Kind kind) : places_(&places), kind_(kind) { places.gate_.enter(); }
  Place(Place&& other) noexcept
      : places_(std::exchange(other.places_, nullptr)), kind_(other.kind_) {}
  Place& operator=(Place&& other) noexcept {
    std::swap(places_, other.places_);
    std::swap(kind_, other.kind_);
    return *this;
  }
  ~Place() {
    if (places_ == nullptr) return;
    places_->give_back(kind_);
    places_->gate_.leave();  // last: who waits for it may destroy them
  }

  explicit operator bool() const { return places_ != nullptr; }
  /// It is held for one answer only.
  bool is_reserve() const { return is(Places::Kind::kReserve) || is_spare(); }
  bool is_spare() const { return is(Places::Kind::kSpare); }

  /// Counts as lingering from now on. False when there are too many: then it must end at once.
  bool linger() {
    if (places_ == nullptr) return true;
    if (!places_->take(Places::Kind::kLingering)) return false;
    places_->give_back(std::exchange(kind_, Places::Kind::kLingering));
    return true;
  }

 private:
  bool is(Places::Kind kind) const { return places_ != nullptr && kind_ == kind; }

  Places* places_ = nullptr;
  Places::Kind kind_ = Places::Kind::kCaller;
};

inline bool Places::take(Kind kind) {
  const auto index = static_cast<std::size_t>(kind);
  if (taken_[index].fetch_add(1, std::memory_order_relaxed) < limits_[index]) return true;
  taken_[index].fetch_sub(1, std::memory_order_relaxed);
  return false;
}

inline void Places::give_back(Kind kind) {
  taken_[static_cast<std::size_t>(kind)].fetch_sub(1, std::memory_order_relaxed);
}

inline Place Places::take() {
  for (const Kind kind : {Kind::kCaller, Kind::kReserve}) {
    if (take(kind)) return {*this, kind};
  }
  return {};
}

inline Place Places::take_spare() {
  return take(Kind::kSpare) ? Place(*this, Kind::kSpare) : Place();
}

}  // namespace infergraph::engine
