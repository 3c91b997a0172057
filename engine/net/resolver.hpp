#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/net/address_book.hpp"

namespace infergraph::engine {

/// Resolves names again and again, since getaddrinfo tells no time to live: a Service that moves is
/// followed within `refresh`. Works on threads of its own, one more for each look-up that hangs, up
/// to a bound; so a name that hangs delays no other. A name that fails keeps the addresses that it
/// had; the log tells when that begins and when it ends.
///
/// Threads: any. Leaves a thread that hangs in a look-up to itself when it is destroyed.
class Resolver {
 public:
  /// getaddrinfo, but for tests: the addresses of a host, with port 0; or none, and why.
  using LookUp =
      std::function<std::vector<TcpEndpoint>(const std::string& host, std::string& error)>;

  static constexpr std::size_t kMostThreads = 16;

  explicit Resolver(std::chrono::milliseconds refresh, LookUp look_up = system_look_up);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// The book of that host and port; always the same one. An address literal is known at once.
  std::shared_ptr<AddressBook> book(const std::string& host, std::uint16_t port);
  /// Waits until every name has been looked up once, at most `limit`.
  void wait_for_first_round(std::chrono::milliseconds limit);

  static std::vector<TcpEndpoint> system_look_up(const std::string& host, std::string& error);

 private:
  struct State;
  std::shared_ptr<State> state_;  // with its threads, which may outlive this object
};

}  // namespace infergraph::engine
