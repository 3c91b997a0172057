#include "engine/net/address_book.hpp"

#include "base/host_port.hpp"

namespace infergraph::engine {
namespace {

// A look-up that takes so long is worth a word.
constexpr auto kSlow = std::chrono::seconds(1);

}  // namespace

std::string to_text(const TcpEndpoint& endpoint) {
  return host_port(endpoint.address().to_string(), endpoint.port());
}

std::vector<TcpEndpoint> AddressBook::addresses() const {
  const std::lock_guard lock(mutex_);
  return addresses_;
}

std::string AddressBook::error(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  if (!addresses_.empty()) return "";
  const auto looking = now - looking_since_;
  if (looking_since_ == Clock::time_point{} || looking < kSlow) return error_;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(looking);
  return "the name server has not answered for " + std::to_string(seconds.count()) + " s";
}

void AddressBook::set(std::vector<TcpEndpoint> addresses) {
  const std::lock_guard lock(mutex_);
  looking_since_ = {};
  if (addresses == addresses_ && version() > 0) return;
  addresses_ = std::move(addresses);
  error_.clear();
  version_.fetch_add(1, std::memory_order_release);
}

void AddressBook::set_error(std::string error) {
  const std::lock_guard lock(mutex_);
  looking_since_ = {};
  if (!addresses_.empty()) return;  // a name server's hiccup must not cut a node off
  error_ = std::move(error);
}

void AddressBook::set_looking(Clock::time_point since) {
  const std::lock_guard lock(mutex_);
  looking_since_ = since;
}

}  // namespace infergraph::engine
