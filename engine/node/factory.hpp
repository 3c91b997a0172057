#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/net/http1/message_reader.hpp"
#include "engine/net/pool.hpp"
#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/grpc_channels.hpp"
#include "graph/node_client.hpp"
#include "graph/spec/spec.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

/// What holds for every call to a node, whatever is asked.
struct CallLimits {
  std::optional<std::chrono::milliseconds> timeout;  ///< of a whole call; none: no limit of its own
  std::chrono::milliseconds connect_timeout{2000};
  MessageLimits answer;
};

/// What the node's own settings say, and `of_all` where they say nothing.
CallLimits limits_of(const graph::NodeSettings& settings, CallLimits of_all);

/// For looks whether a server is there, over REST: a status is some hundred bytes, and whatever
/// else listens there may send as much as it likes.
CallLimits status_limits(std::chrono::milliseconds timeout);

/// Where an endpoint is, over one transport.
const std::string& host_of(const graph::Endpoint& endpoint, protocol::Transport transport);
std::uint16_t port_of(const graph::Endpoint& endpoint, protocol::Transport transport);
std::shared_ptr<AddressBook> book_of(Resolver& resolver, const graph::Endpoint& endpoint,
                                     protocol::Transport transport);

/// Whose calls they are, how they are made, and what is asked for.
struct NodeAccess {
  std::string node;
  graph::NodeType type = graph::NodeType::kModel;
  std::string image;  ///< a label, as its version
  std::string image_version;
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  std::string model;        ///< what the node calls its model
  bool has_model = true;    ///< of protocol v2: false asks for the status of the server
  std::string status_path;  ///< of kStatus over REST, where it isn't the protocol's
  CallLimits limits;

  NodeAccess() = default;
  /// Of that node; the rest is still to be said.
  explicit NodeAccess(const graph::NodeSpec& spec)
      : node(spec.name), type(spec.type), image(spec.image), image_version(spec.image_version) {}
};

/// Makes the clients of nodes: for those who serve, who try a graph, and who look whether a node is
/// there. Threads: any; what it makes belongs to the thread that it is made for.
/// Borrows everything it is made of, which outlives what it makes.
class NodeFactory {
 public:
  /// `metrics`: where calls are counted; null for nowhere.
  NodeFactory(GrpcTransport& transport, metrics::Families* metrics)
      : transport_(transport), metrics_(metrics) {}

  /// The connections over REST of one thread to one place, for the clients made with it.
  std::unique_ptr<HttpPool> make_pool(IoThread& io, const NodeAccess& access,
                                      std::shared_ptr<AddressBook> book) const;
  std::shared_ptr<graph::NodeClient> make_rest(const NodeAccess& access, HttpPool& pool) const;
  /// `io`: the thread that calls; null for the gRPC thread itself.
  std::shared_ptr<graph::NodeClient> make_grpc(const NodeAccess& access,
                                               std::shared_ptr<AddressBook> book,
                                               IoThread* io) const;
  /// For who calls over gRPC by himself.
  std::unique_ptr<GrpcChannels> make_channels(const CallLimits& limits,
                                              std::shared_ptr<AddressBook> book) const;

  /// What holds for calls over gRPC of who says nothing else.
  CallLimits grpc_limits() const;

 private:
  GrpcTransport& transport_;
  metrics::Families* metrics_;
};

}  // namespace infergraph::engine
