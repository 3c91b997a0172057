#include "engine/node/resolver.hpp"

#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include <boost/asio/ip/address.hpp>

namespace infergraph::engine {
namespace {

// A name that is not known yet is asked for more often than one that is.
constexpr auto kRetryUnknown = std::chrono::milliseconds(500);

}  // namespace

std::vector<TcpEndpoint> AddressBook::addresses() const {
  const std::lock_guard lock(mutex_);
  return addresses_;
}

std::string AddressBook::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void AddressBook::set(std::vector<TcpEndpoint> addresses) {
  const std::lock_guard lock(mutex_);
  if (addresses == addresses_ && version() > 0) return;
  addresses_ = std::move(addresses);
  error_.clear();
  version_.fetch_add(1, std::memory_order_release);
}

void AddressBook::set_error(std::string error) {
  const std::lock_guard lock(mutex_);
  if (!addresses_.empty()) return;  // a name server's hiccup must not cut a node off
  error_ = std::move(error);
}

Resolver::Resolver(std::chrono::milliseconds refresh, LookUp look_up)
    : refresh_(refresh), look_up_(std::move(look_up)) {}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<AddressBook> Resolver::book(const std::string& host, std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  auto& book = books_[{host, port}];
  if (book) return book;
  book = std::make_shared<AddressBook>(host, port);
  boost::system::error_code not_a_literal;
  const auto literal = boost::asio::ip::make_address(host, not_a_literal);
  if (!not_a_literal) {
    book->set({TcpEndpoint(literal, port)});
  } else {
    named_.push_back(book);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
  }
  return book;
}

void Resolver::wait_for_first_round(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [this] { return looked_up_ == named_.size(); });
}

void Resolver::run() {
  pthread_setname_np(pthread_self(), "resolver");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    bool all_known = true;
    for (std::size_t i = 0; i < named_.size() && !stopping_; ++i) {
      const auto book = named_[i];
      lock.unlock();
      std::string error;
      auto addresses = look_up_(book->host(), book->port(), error);
      if (addresses.empty()) {
        book->set_error(std::move(error));
      } else {
        book->set(std::move(addresses));
      }
      all_known = all_known && book->version() > 0;
      lock.lock();
      looked_up_ = std::max(looked_up_, i + 1);
      changed_.notify_all();
    }
    const std::size_t known = named_.size();
    changed_.wait_for(lock, all_known ? refresh_ : std::min(refresh_, kRetryUnknown),
                      [&] { return stopping_ || named_.size() > known; });
  }
}

std::vector<TcpEndpoint> Resolver::system_look_up(const std::string& host, std::uint16_t port,
                                                  std::string& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  std::vector<TcpEndpoint> endpoints;
  if (code != 0) {
    error = ::gai_strerror(code);
    return endpoints;
  }
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    TcpEndpoint endpoint;
    if (info->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), info->ai_addr, info->ai_addrlen);
    endpoint.resize(info->ai_addrlen);
    endpoint.port(port);
    endpoints.push_back(endpoint);
  }
  ::freeaddrinfo(found);
  // In a fixed order, so that a name server that shuffles is not taken for a change.
  std::sort(endpoints.begin(), endpoints.end());
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end()), endpoints.end());
  return endpoints;
}

}  // namespace infergraph::engine
