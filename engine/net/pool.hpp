#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "engine/net/address_list.hpp"
#include "engine/net/connection.hpp"
#include "engine/net/http1/message_reader.hpp"
#include "engine/net/idle_connections.hpp"
#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

class HttpPool;

/// A connection to a node, idle in a pool or leased by one call.
class NodeConnection final : public Connection, private Connection::Watcher {
 public:
  NodeConnection(Socket socket, HttpPool& pool, MessageLimits limits);
  ~NodeConnection() override;

  ResponseReader reader;
  std::string head;   ///< of the request; keeps its capacity
  bool used = false;  ///< it has answered before
  bool idle = false;  ///< it lies in the pool

 private:
  void on_bytes_or_end() override;  // idle: whatever comes, it is of no use any more

  HttpPool* pool_;
  friend class HttpPool;
};

/// Keep-alive connections of one I/O thread to one host and port, as many as calls run at once.
/// Which address a call goes to is AddressChoice's to say, and which connections are kept
/// IdleConnections'; here they are closed, watched and counted.
///
/// Threads: one. Outlives its leases.
class HttpPool {
 public:
  /// How many calls one address has, and where it is.
  struct Address {
    TcpEndpoint endpoint;
    IdleConnections<boost::intrusive_ptr<NodeConnection>> idle;
    int calls = 0;
    Clock::time_point avoid_until{};
    bool listed = true;  ///< false once the name no longer has it
  };

  /// One call's hold on an address, and on a connection to it. Gives both back when it ends; the
  /// connection only if keep() was said.
  class Lease {
   public:
    Lease(HttpPool& pool, std::shared_ptr<Address> address);
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();

    NodeConnection* connection() const { return connection_.get(); }
    const TcpEndpoint& endpoint() const { return address_->endpoint; }
    void set_connection(boost::intrusive_ptr<NodeConnection> connection);
    /// The connection may serve another call.
    void keep() { keep_ = true; }
    /// The address can't be connected: others are tried first for a while.
    void avoid();

   private:
    HttpPool* pool_;
    std::shared_ptr<Address> address_;
    boost::intrusive_ptr<NodeConnection> connection_;
    bool keep_ = false;
  };

  HttpPool(IoThread& io, std::shared_ptr<AddressBook> book, MessageLimits limits,
           std::optional<metrics::Families::NodeConnections> metrics);
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  /// An address with an idle connection of its own, or without one: then the caller connects.
  /// `fresh`: never a connection that was used. Nothing while the name is unknown.
  std::optional<Lease> lease(bool fresh);

  /// A socket of this pool's thread, not connected yet.
  boost::intrusive_ptr<NodeConnection> make_connection();
  /// Counts one that was connected, or could not be.
  void count_connect(bool connected);

  std::size_t address_count() const { return addresses_.size(); }
  /// How many calls are under way.
  int calls() const;
  const AddressBook& book() const { return addresses_.book(); }
  IoThread& io() { return io_; }
  metrics::CounterCell* retries() { return metrics_ ? &metrics_->retries : nullptr; }

 private:
  void follow_name();
  void give_back(Address& address, boost::intrusive_ptr<NodeConnection> connection, bool keep);
  bool make_idle(Address& address, NodeConnection& connection) noexcept;
  void drop_idle(NodeConnection& connection);
  void sweep();
  void sweep_later();
  void close_later(std::size_t from);
  void close_some();

  friend class NodeConnection;

  IoThread& io_;
  MessageLimits limits_;
  std::optional<metrics::Families::NodeConnections> metrics_;
  AddressList<Address> addresses_;
  boost::asio::steady_timer sweep_timer_;
  bool sweeping_ = false;
  std::vector<boost::intrusive_ptr<NodeConnection>>
      closing_;  // no longer in the pool, a few of them at a time
  // What waits in the thread's queue looks whether the pool is still there.
  std::shared_ptr<HttpPool*> self_ = std::make_shared<HttpPool*>(this);
};

}  // namespace infergraph::engine
