#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace infergraph::engine {

using TcpEndpoint = boost::asio::ip::tcp::endpoint;

/// The addresses of one host and port as they are known now. Shared by all threads that call it.
/// Threads: any.
class AddressBook {
 public:
  AddressBook(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}

  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }

  /// Grows with every change; 0 until the first answer. To be looked at before addresses().
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::vector<TcpEndpoint> addresses() const;
  /// Why there are none; empty when there are.
  std::string error() const;

  void set(std::vector<TcpEndpoint> addresses);
  void set_error(std::string error);

 private:
  const std::string host_;
  const std::uint16_t port_;
  std::atomic<std::uint64_t> version_{0};
  mutable std::mutex mutex_;
  std::vector<TcpEndpoint> addresses_;
  std::string error_;
};

/// Resolves names again and again, since getaddrinfo tells no time to live: a Service that moves is
/// followed within `refresh`. Works on a thread of its own; a name that fails keeps the addresses
/// that it had.
///
/// Threads: any. Stops its thread when it is destroyed.
class Resolver {
 public:
  /// `look_up` is getaddrinfo, but for tests.
  using LookUp = std::function<std::vector<TcpEndpoint>(const std::string& host, std::uint16_t port,
                                                        std::string& error)>;

  explicit Resolver(std::chrono::milliseconds refresh, LookUp look_up = system_look_up);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// The book of that host and port; always the same one. An address literal is known at once.
  std::shared_ptr<AddressBook> book(const std::string& host, std::uint16_t port);
  /// Waits until every book has been looked up once, at most `limit`.
  void wait_for_first_round(std::chrono::milliseconds limit);

  static std::vector<TcpEndpoint> system_look_up(const std::string& host, std::uint16_t port,
                                                 std::string& error);

 private:
  void run();

  const std::chrono::milliseconds refresh_;
  const LookUp look_up_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<std::string, std::uint16_t>, std::shared_ptr<AddressBook>> books_;
  std::vector<std::shared_ptr<AddressBook>> named_;  // what is looked up; not the literals
  std::size_t looked_up_ = 0;                        // of named_, at least once
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace infergraph::engine
