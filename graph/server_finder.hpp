#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// What a look for a model server under one of its names brought.
enum class ServerLook : std::uint8_t {
  kServes,  ///< the server itself said that the model can be called
  kOther,   ///< nobody is there, or whoever is said something else
  kSilent,  ///< no answer in time
};

/// Decides whether a model server beside its proxy is called itself, and under which of its names,
/// from what the looks at it bring. It is called from its first word on that it serves the model;
/// the proxy is, from its first word that it doesn't, or after kMostSilent looks without an answer:
/// a busy server may miss one. Threads: none of its own.
class ServerFinder {
 public:
  static constexpr int kMostSilent = 3;
  static constexpr int kProxy = -1;

  /// `looks`: one under each name, in their order; under the name in use only, where it serves.
  /// Gives the index of the name to call, or kProxy.
  int take(std::span<const ServerLook> looks) {
    const bool is_silent = found_ != kProxy && look_at(looks, found_) == ServerLook::kSilent;
    silent_ = is_silent ? silent_ + 1 : 0;
    if (is_silent && silent_ < kMostSilent) return found_;
    if (found_ != kProxy && look_at(looks, found_) == ServerLook::kServes) return found_;
    found_ = kProxy;
    silent_ = 0;
    for (std::size_t i = 0; i < looks.size() && found_ == kProxy; ++i) {
      if (looks[i] == ServerLook::kServes) found_ = static_cast<int>(i);
    }
    return found_;
  }

  int found() const { return found_; }

 private:
  static ServerLook look_at(std::span<const ServerLook> looks, int name) {
    const auto index = static_cast<std::size_t>(name);
    return index < looks.size() ? looks[index] : ServerLook::kOther;
  }

  int found_ = kProxy;
  int silent_ = 0;
};

/// What ServerFinders have decided of one node, for each transport. Threads: any.
class FoundServer {
 public:
  /// The index of the name under which the server is called, or ServerFinder::kProxy.
  int name(protocol::Transport transport) const {
    return names_[static_cast<std::size_t>(transport)].load(std::memory_order_relaxed);
  }
  void set(protocol::Transport transport, int name) {
    names_[static_cast<std::size_t>(transport)].store(name, std::memory_order_relaxed);
  }
  bool any() const {
    return name(protocol::Transport::kRest) != ServerFinder::kProxy ||
           name(protocol::Transport::kGrpc) != ServerFinder::kProxy;
  }

 private:
  std::array<std::atomic<int>, 2> names_{ServerFinder::kProxy, ServerFinder::kProxy};
};

}  // namespace infergraph::graph
