#include "engine/net/resolver.hpp"

#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include <boost/asio/ip/address.hpp>

#include "engine/observe/log.hpp"
#include "engine/observe/tell_exception.hpp"
#include "protocol/caught.hpp"

namespace infergraph::engine {
namespace {

using Clock = AddressBook::Clock;

// A name that is not known yet is asked for more often than one that is.
constexpr auto kRetryUnknown = std::chrono::milliseconds(500);
// Threads that wait for the next name to be due; one more saves the start of one for each look-up.
constexpr std::size_t kMostIdle = 2;
// In the end a look-up that is about to answer may do so.
constexpr auto kLastPatience = std::chrono::milliseconds(50);

// One host, whatever its ports.
struct Name {
  std::string host;
  std::vector<std::shared_ptr<AddressBook>> books;
  std::vector<TcpEndpoint> addresses;
  bool looked_up = false;  // once, at least
  bool failing = false;    // though it has addresses

  bool known() const { return !addresses.empty(); }
};

std::vector<TcpEndpoint> with_port(std::vector<TcpEndpoint> addresses, std::uint16_t port) {
  for (TcpEndpoint& address : addresses) address.port(port);
  return addresses;
}

}  // namespace

struct Resolver::State {
  State(std::chrono::milliseconds its_refresh, LookUp its_look_up)
      : refresh(its_refresh), look_up(std::move(its_look_up)) {}

  // With the mutex held, but run().
  void start_thread(const std::shared_ptr<State>& self);
  void run(const std::shared_ptr<State>& self);
  std::vector<TcpEndpoint> try_look_up(const std::string& host, std::string& error) const noexcept;
  void store(Name& name, std::vector<TcpEndpoint> addresses, std::string error);

  const std::chrono::milliseconds refresh;
  const LookUp look_up;

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  std::map<std::pair<std::string, std::uint16_t>, std::shared_ptr<AddressBook>> books;
  std::map<std::string, Name> names;                // what is looked up; not the literals
  std::multimap<Clock::time_point, Name*> waiting;  // by when they are due; not while looked up
  std::size_t threads = 0;
  std::size_t idle = 0;  // of them
  bool stopping = false;
};

Resolver::Resolver(std::chrono::milliseconds refresh, LookUp look_up)
    : state_(std::make_shared<State>(refresh, std::move(look_up))) {}

Resolver::~Resolver() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, kLastPatience, [this] { return state_->threads == 0; });
}

std::shared_ptr<AddressBook> Resolver::book(const std::string& host, std::uint16_t port) {
  const std::lock_guard lock(state_->mutex);
  auto& book = state_->books[{host, port}];
  if (book) return book;
  book = std::make_shared<AddressBook>(host, port);
  boost::system::error_code not_a_literal;
  const auto literal = boost::asio::ip::make_address(host, not_a_literal);
  if (!not_a_literal) {
    book->set({TcpEndpoint(literal, port)});
    return book;
  }
  const auto [found, is_new] = state_->names.try_emplace(host);
  Name& name = found->second;
  if (is_new) {
    name.host = host;
    state_->waiting.emplace(Clock::now(), &name);
  }
  name.books.push_back(book);
  if (name.known()) book->set(with_port(name.addresses, port));
  if (state_->threads == 0) state_->start_thread(state_);
  state_->changed.notify_all();
  return book;
}

void Resolver::wait_for_first_round(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, limit, [this] {
    return std::all_of(state_->names.begin(), state_->names.end(),
                       [](const auto& name) { return name.second.looked_up; });
  });
}

void Resolver::State::start_thread(const std::shared_ptr<State>& self) {
  std::thread([self] { self->run(self); }).detach();
  ++threads;
}

void Resolver::State::run(const std::shared_ptr<State>& self) {
  pthread_setname_np(pthread_self(), "resolver");
  std::unique_lock lock(mutex);
  while (!stopping) {
    const auto now = Clock::now();
    const auto first = waiting.begin();
    if (first == waiting.end() || first->first > now) {
      if (idle == kMostIdle) break;
      ++idle;
      if (first == waiting.end()) {
        changed.wait(lock);
      } else {
        changed.wait_until(lock, Clock::time_point(first->first));
      }
      --idle;
      continue;
    }
    // Put back with its node, which takes no memory: a name that is lost is never followed again.
    auto turn = waiting.extract(first);
    Name& name = *turn.mapped();
    for (const auto& book : name.books) book->set_looking(now);
    if (idle == 0 && threads < kMostThreads) {
      try {
        start_thread(self);
      } catch (const std::exception&) {
        // Then what this one hangs in delays the others.
      }
    }
    lock.unlock();
    std::string error;
    auto addresses = try_look_up(name.host, error);
    lock.lock();
    auto pause = std::min(refresh, kRetryUnknown);
    try {
      // The process may be about to end, and with it what the log needs.
      if (!stopping) store(name, std::move(addresses), std::move(error));
      if (name.known()) pause = refresh;
    } catch (...) {
      tell_exception("resolver", nullptr);  // the next look-up stores what this one couldn't
    }
    turn.key() = Clock::now() + pause;
    waiting.insert(std::move(turn));
    changed.notify_all();
  }
  --threads;
  changed.notify_all();
}

// Nobody is above these threads to catch what is thrown on them.
std::vector<TcpEndpoint> Resolver::State::try_look_up(const std::string& host,
                                                      std::string& error) const noexcept {
  try {
    return look_up(host, error);
  } catch (...) {
    const protocol::Status what = protocol::caught();
    try {
      error = what.message();
    } catch (...) {
      error.clear();
    }
    return {};
  }
}

void Resolver::State::store(Name& name, std::vector<TcpEndpoint> addresses, std::string error) {
  name.looked_up = true;
  if (addresses.empty() && error.empty()) error = "it has no addresses";
  const bool failed = addresses.empty();
  if (failed && name.known() && !name.failing) {
    log::warn("a name can't be resolved any more; its last addresses are used on",
              {{"name", name.host}, {"error", error}});
  } else if (!failed && name.failing) {
    log::info("a name can be resolved again", {{"name", name.host}});
  }
  if (!failed) name.addresses = std::move(addresses);
  name.failing = failed && name.known();
  for (const auto& book : name.books) {
    if (failed) {
      book->set_error(error);
    } else {
      book->set(with_port(name.addresses, book->port()));
    }
  }
}

std::vector<TcpEndpoint> Resolver::system_look_up(const std::string& host, std::string& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  std::vector<TcpEndpoint> endpoints;
  if (code != 0) {
    error = code == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(code);
    return endpoints;
  }
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    TcpEndpoint endpoint;
    if (info->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), info->ai_addr, info->ai_addrlen);
    endpoint.resize(info->ai_addrlen);
    endpoints.push_back(endpoint);
  }
  // In a fixed order, so that a name server that shuffles is not taken for a change.
  std::sort(endpoints.begin(), endpoints.end());
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end()), endpoints.end());
  return endpoints;
}

}  // namespace infergraph::engine
