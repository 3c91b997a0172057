#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace infergraph::engine {

using TcpEndpoint = boost::asio::ip::tcp::endpoint;

/// "127.0.0.1:9000", "[::1]:9000".
std::string to_text(const TcpEndpoint& endpoint);

/// The addresses of one host and port as they are known now. Shared by all threads that call it.
/// Threads: any.
class AddressBook {
 public:
  using Clock = std::chrono::steady_clock;

  AddressBook(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}

  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }

  /// Grows with every change; 0 until the first answer. To be looked at before addresses().
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::vector<TcpEndpoint> addresses() const;
  /// Why there are none: never empty then, and empty when there are.
  std::string error(Clock::time_point now = Clock::now()) const;

  void set(std::vector<TcpEndpoint> addresses);
  void set_error(std::string error);
  /// A look-up began that has not ended.
  void set_looking(Clock::time_point since);

 private:
  const std::string host_;
  const std::uint16_t port_;
  std::atomic<std::uint64_t> version_{0};
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<TcpEndpoint> addresses_;
  std::string error_ = "not looked up yet";
  Clock::time_point looking_since_;  // the epoch: nobody looks
};

}  // namespace infergraph::engine
