#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/grpc/thread.hpp"
#include "engine/net/address_list.hpp"
#include "engine/net/resolver.hpp"
#include "graph/call_context.hpp"
#include "protocol/limits.hpp"

namespace infergraph::engine {

struct GrpcChannelOptions {
  std::chrono::milliseconds connect_timeout{2000};
  std::size_t max_answer = protocol::kMaxBody;    ///< bytes of one message
  std::size_t max_metadata = protocol::kMaxHead;  ///< bytes of all entries of an answer

  auto operator<=>(const GrpcChannelOptions&) const = default;
};

/// The channels of the process, one for each address and options: whoever calls an address by the
/// same options shares its connection. A channel lives while somebody uses it. Threads: any.
class GrpcTransport {
 public:
  GrpcTransport(GrpcThread& thread, GrpcChannelOptions options);
  ~GrpcTransport();
  GrpcTransport(const GrpcTransport&) = delete;
  GrpcTransport& operator=(const GrpcTransport&) = delete;

  struct Channel;
  std::shared_ptr<Channel> channel(const TcpEndpoint& address, const GrpcChannelOptions& options);
  GrpcThread& thread() { return thread_; }
  /// Those of nodes that have none of their own.
  const GrpcChannelOptions& options() const { return options_; }

 private:
  struct Cache;

  GrpcThread& thread_;
  GrpcChannelOptions options_;
  std::unique_ptr<Cache> cache_;
};

/// The channels to one node as one thread uses them. A call goes where AddressChoice says; one that
/// is known not to connect is left to its back-off while there are others.
///
/// Threads: one. Outlives its leases.
class GrpcChannels {
 public:
  struct Address {
    TcpEndpoint endpoint;
    std::shared_ptr<GrpcTransport::Channel> channel;
    int calls = 0;
  };

  /// One call's hold on an address.
  class Lease {
   public:
    explicit Lease(std::shared_ptr<Address> address) : address_(std::move(address)) {
      ++address_->calls;
    }
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&& other) = delete;
    ~Lease() {
      if (address_) --address_->calls;
    }
    GrpcTransport::Channel& channel() const { return *address_->channel; }
    const TcpEndpoint& endpoint() const { return address_->endpoint; }

   private:
    std::shared_ptr<Address> address_;
  };

  GrpcChannels(GrpcTransport& transport, std::shared_ptr<AddressBook> book)
      : GrpcChannels(transport, std::move(book), transport.options()) {}
  GrpcChannels(GrpcTransport& transport, std::shared_ptr<AddressBook> book,
               const GrpcChannelOptions& options);

  /// An address to call; `but_not` those that this call has tried, while there are others.
  /// Nothing while the name is unknown.
  std::optional<Lease> lease(const std::vector<TcpEndpoint>& but_not);

  std::size_t address_count() const { return addresses_.size(); }
  const AddressBook& book() const { return addresses_.book(); }
  /// "host:port" as the node is known, for messages and for meshes that route by it.
  const std::string& authority() const { return authority_; }
  GrpcTransport& transport() { return transport_; }
  std::size_t max_answer() const { return options_.max_answer; }

 private:
  GrpcTransport& transport_;
  GrpcChannelOptions options_;
  std::string authority_;
  AddressList<Address> addresses_;
};

}  // namespace infergraph::engine
