#include "engine/net/pool.hpp"

#include <new>
#include <utility>

#include <boost/asio/post.hpp>

namespace infergraph::engine {
namespace {

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

void HttpPool::Lease::avoid() {
  address_->avoid_until = pool_->addresses_.choice.avoid(Clock::now());
}

HttpPool::HttpPool(IoThread& io, std::shared_ptr<AddressBook> book, MessageLimits limits,
                   std::optional<metrics::Families::NodeConnections> metrics)
    : io_(io),
      limits_(limits),
      metrics_(metrics),
      addresses_(std::move(book)),
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

  Clock::time_point now;
  if (addresses_.size() > 1) now = addresses_.choice.time(Clock::now);
  const auto& chosen = addresses_.choose([now](const Address& address) {
    return AddressRank{.avoided = address.avoid_until > now, .calls = address.calls};
  });

  Lease lease(*this, chosen);
  auto& idle = chosen->idle;
  if (!fresh && !idle.empty()) {
    auto connection = idle.take();
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
    address.idle.make_room();
    if (!sweeping_) sweep_later();
    // What lies idle holds no answer: the next call's bytes come into a small block of their own.
    connection.reader.release();
    if (connection.head.capacity() > kKeptHead) connection.head = std::string();
    connection.set_block(Block::make());
    connection.start_read();
  } catch (const std::bad_alloc&) {
    return false;
  }
  connection.used = connection.idle = true;
  if (metrics_) metrics_->idle.add(1);
  address.idle.keep(boost::intrusive_ptr<NodeConnection>(&connection));
  return true;
}

void HttpPool::drop_idle(NodeConnection& connection) {
  for (const auto& address : addresses_) {
    const auto dropped = address->idle.remove(&connection);
    if (!dropped) continue;
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
    const std::size_t from = closing_.size();
    address->idle.sweep(closing_);
    close_later(from);
    any_left = any_left || !address->idle.empty();
  }
  if (any_left) sweep_later();
}

void HttpPool::sweep_later() {
  sweep_timer_.expires_after(decltype(Address::idle)::kSweepPeriod);
  sweep_timer_.async_wait([self = std::weak_ptr(self_)](boost::system::error_code ec) {
    const auto pool = self.lock();
    if (!ec && pool) (*pool)->sweep();
  });
  sweeping_ = true;  // not before: beginning may throw
}

// Those of closing_ from there on have just left the pool.
void HttpPool::close_later(std::size_t from) {
  for (std::size_t i = from; i < closing_.size(); ++i) {
    closing_[i]->idle = false;
    closing_[i]->set_watcher(nullptr);
    if (metrics_) metrics_->idle.add(-1);
  }
  if (from == 0) close_some();  // else there is a turn to come
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
  addresses_.follow(
      [](const TcpEndpoint& endpoint) {
        auto made = std::make_shared<Address>();
        made->endpoint = endpoint;
        return made;
      },
      [this](Address& gone) {
        gone.listed = false;
        const std::size_t from = closing_.size();
        gone.idle.clear(closing_);
        close_later(from);
      });
}

}  // namespace infergraph::engine
