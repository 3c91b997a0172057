#include "engine/net/pool.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <boost/asio/post.hpp>

namespace infergraph::engine {
namespace {

// How long an address that refused is passed over while another one works.
constexpr auto kAvoidFor = std::chrono::seconds(1);
// An idle connection is closed after one to two of these without a call.
constexpr auto kSweepPeriod = std::chrono::seconds(30);
// An idle connection keeps room for a head of this size.
constexpr std::size_t kKeptHead = 4096;
// Each is a system call or two.
constexpr std::size_t kClosesPerTurn = 64;

}  // namespace

NodeConnection::NodeConnection(Socket socket, HttpPool& pool, MessageLimits limits)
    : Connection(std::move(socket)), reader(limits), pool_(&pool) {
  set_watcher(this);
}

NodeConnection::~NodeConnection() = default;

void NodeConnection::on_bytes_or_end() {
  if (idle) pool_->drop_idle(*this);
}

HttpPool::Lease::Lease(HttpPool& pool, std::shared_ptr<Address> address)
    : pool_(&pool), address_(std::move(address)) {
  ++address_->calls;
}

HttpPool::Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      address_(std::move(other.address_)),
      connection_(std::move(other.connection_)),
      keep_(other.keep_) {}

HttpPool::Lease& HttpPool::Lease::operator=(Lease&& other) noexcept {
  std::swap(pool_, other.pool_);  // `other` gives back what this one held
  std::swap(address_, other.address_);
  std::swap(connection_, other.connection_);
  std::swap(keep_, other.keep_);
  return *this;
}

HttpPool::Lease::~Lease() {
  if (pool_ != nullptr) pool_->give_back(*address_, std::move(connection_), keep_);
}

void HttpPool::Lease::set_connection(boost::intrusive_ptr<NodeConnection> connection) {
  connection_ = std::move(connection);
  if (pool_->metrics_) pool_->metrics_->busy.add(1);
}

void HttpPool::Lease::avoid() { address_->avoid_until = Clock::now() + kAvoidFor; }

HttpPool::HttpPool(IoThread& io, std::shared_ptr<AddressBook> book, MessageLimits limits,
                   std::optional<metrics::Families::NodeConnections> metrics)
    : io_(io),
      book_(std::move(book)),
      limits_(limits),
      metrics_(metrics),
      sweep_timer_(io.context) {}

HttpPool::~HttpPool() {
  for (const auto& address : addresses_) {
    for (const auto& connection : address->idle) {
      connection->set_watcher(nullptr);
      connection->close();
    }
  }
}

int HttpPool::calls() const {
  int sum = 0;
  for (const auto& address : addresses_) sum += address->calls;
  return sum;
}

boost::intrusive_ptr<NodeConnection> HttpPool::make_connection() {
  return new NodeConnection(Socket(io_.context), *this, limits_);
}

void HttpPool::count_connect(bool connected) {
  if (metrics_) (connected ? metrics_->connects : metrics_->connect_failures).add(1);
}

std::optional<HttpPool::Lease> HttpPool::lease(bool fresh) {
  follow_name();
  if (addresses_.empty()) return std::nullopt;

  std::size_t best = next_ % addresses_.size();
  if (addresses_.size() > 1) {
    const bool any_avoided = std::any_of(
        addresses_.begin(), addresses_.end(),
        [](const auto& address) { return address->avoid_until != Clock::time_point(); });
    const auto now = any_avoided ? Clock::now() : Clock::time_point();
    const auto rank = [&](std::size_t i) {
      const Address& address = *addresses_[i];
      return std::pair(address.avoid_until > now, address.calls);
    };
    for (std::size_t step = 1; step < addresses_.size(); ++step) {
      const std::size_t other = (next_ + step) % addresses_.size();
      if (rank(other) < rank(best)) best = other;
    }
    next_ = best + 1;
  }

  Lease lease(*this, addresses_[best]);
  auto& idle = addresses_[best]->idle;
  if (!fresh && !idle.empty()) {
    auto connection = std::move(idle.back());  // the one used last is the likeliest to be alive
    idle.pop_back();
    connection->idle = false;
    if (metrics_) metrics_->idle.add(-1);
    lease.set_connection(std::move(connection));
  }
  return lease;
}

void HttpPool::give_back(Address& address, boost::intrusive_ptr<NodeConnection> connection,
                         bool keep) {
  --address.calls;
  if (!connection) return;
  if (metrics_) metrics_->busy.add(-1);
  if (!keep || !address.listed || connection->ended() || !make_idle(address, *connection)) {
    connection->set_watcher(nullptr);
    connection->close();
  }
}

// False when there is no memory for it: then it is closed like one that can't be kept.
bool HttpPool::make_idle(Address& address, NodeConnection& connection) noexcept {
  try {
    auto& all = address.idle;
    if (all.size() == all.capacity()) all.reserve(std::max<std::size_t>(4, 2 * all.size()));
    if (!sweeping_) sweep_later();
    // What lies idle holds no answer: the next call's bytes come into a small block of their own.
    connection.reader.release();
    if (connection.head.capacity() > kKeptHead) connection.head = std::string();
    connection.set_block(Block::make());
    connection.start_read();
  } catch (const std::bad_alloc&) {
    return false;
  }
  connection.used = connection.idle = connection.touched = true;
  if (metrics_) metrics_->idle.add(1);
  address.idle.emplace_back(&connection);
  return true;
}

void HttpPool::drop_idle(NodeConnection& connection) {
  for (const auto& address : addresses_) {
    auto& idle = address->idle;
    const auto found = std::find(idle.begin(), idle.end(), &connection);
    if (found == idle.end()) continue;
    const auto dropped = std::move(*found);
    idle.erase(found);
    dropped->idle = false;
    dropped->close();
    if (metrics_) metrics_->idle.add(-1);
    return;
  }
}

void HttpPool::sweep() {
  sweeping_ = false;
  bool any_left = false;
  for (const auto& address : addresses_) {
    auto& idle = address->idle;
    discard(idle, std::stable_partition(idle.begin(), idle.end(), [](const auto& connection) {
              return std::exchange(connection->touched, false);
            }));
    any_left = any_left || !idle.empty();
  }
  if (any_left) sweep_later();
}

void HttpPool::sweep_later() {
  sweep_timer_.expires_after(kSweepPeriod);
  sweep_timer_.async_wait([self = std::weak_ptr(self_)](boost::system::error_code ec) {
    const auto pool = self.lock();
    if (!ec && pool) (*pool)->sweep();
  });
  sweeping_ = true;  // not before: beginning may throw
}

// Takes those behind `from` out of the pool.
void HttpPool::discard(Connections& idle, Connections::iterator from) {
  const bool was_closing = !closing_.empty();
  closing_.insert(closing_.end(), from, idle.end());
  for (auto it = from; it != idle.end(); ++it) {
    (*it)->idle = false;
    (*it)->set_watcher(nullptr);
    if (metrics_) metrics_->idle.add(-1);
  }
  idle.erase(from, idle.end());
  if (!was_closing) close_some();
}

void HttpPool::close_some() {
  for (std::size_t i = 0; i < kClosesPerTurn && !closing_.empty(); ++i) {
    closing_.back()->close();
    closing_.pop_back();
  }
  if (closing_.empty()) return;
  boost::asio::post(io_.context, [self = std::weak_ptr(self_)] {
    if (const auto pool = self.lock()) (*pool)->close_some();
  });
}

void HttpPool::follow_name() {
  const std::uint64_t version = book_->version();  // before the addresses, which may be newer
  if (version == seen_version_) return;
  const auto now_listed = book_->addresses();
  std::vector<std::shared_ptr<Address>> addresses;
  for (const TcpEndpoint& endpoint : now_listed) {
    const auto known = std::find_if(addresses_.begin(), addresses_.end(), [&](const auto& address) {
      return address->endpoint == endpoint;
    });
    if (known != addresses_.end()) {
      addresses.push_back(*known);
    } else {
      addresses.push_back(std::make_shared<Address>());
      addresses.back()->endpoint = endpoint;
    }
  }
  for (const auto& address : addresses_) {
    if (std::find(addresses.begin(), addresses.end(), address) != addresses.end()) continue;
    address->listed = false;
    discard(address->idle, address->idle.begin());
  }
  addresses_ = std::move(addresses);
  seen_version_ = version;  // last, so that what throws on the way here is done again
}

}  // namespace infergraph::engine
