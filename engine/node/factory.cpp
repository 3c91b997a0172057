#include "engine/node/factory.hpp"

#include <utility>

#include "engine/node/grpc.hpp"
#include "engine/node/rest.hpp"

namespace infergraph::engine {

using protocol::Transport;

CallLimits limits_of(const graph::NodeSettings& settings, CallLimits of_all) {
  if (settings.timeout) of_all.timeout = settings.timeout;
  if (settings.timeout && settings.timeout->count() == 0) of_all.timeout.reset();
  of_all.connect_timeout = settings.connect_timeout.value_or(of_all.connect_timeout);
  of_all.answer.body = settings.max_response_bytes.value_or(of_all.answer.body);
  return of_all;
}

CallLimits status_limits(std::chrono::milliseconds timeout) {
  return {timeout, timeout, {std::size_t{64} << 10, std::size_t{1} << 20}};
}

const std::string& host_of(const graph::Endpoint& endpoint, Transport transport) {
  const bool own = transport == Transport::kGrpc && !endpoint.grpc_host.empty();
  return own ? endpoint.grpc_host : endpoint.service_host;
}

std::uint16_t port_of(const graph::Endpoint& endpoint, Transport transport) {
  return transport == Transport::kRest ? endpoint.http_port : endpoint.grpc_port;
}

std::shared_ptr<AddressBook> book_of(Resolver& resolver, const graph::Endpoint& endpoint,
                                     Transport transport) {
  return resolver.book(host_of(endpoint, transport), port_of(endpoint, transport));
}

std::unique_ptr<HttpPool> NodeFactory::make_pool(IoThread& io, const NodeAccess& access,
                                                 std::shared_ptr<AddressBook> book) const {
  std::optional<metrics::Families::NodeConnections> counted;
  if (metrics_ != nullptr) counted.emplace(metrics_->node_connections(io.index, access.node));
  return std::make_unique<HttpPool>(io, std::move(book), access.limits.answer, counted);
}

std::shared_ptr<graph::NodeClient> NodeFactory::make_rest(const NodeAccess& access,
                                                          HttpPool& pool) const {
  RestNodeOptions calling;
  calling.timeout = access.limits.timeout;
  calling.connect_timeout = access.limits.connect_timeout;
  calling.protocol = access.protocol;
  calling.model = access.model;
  calling.status_path = access.status_path;
  return std::make_shared<RestNode>(access.node, pool, std::move(calling), metrics_, access.image,
                                    access.image_version);
}

std::shared_ptr<graph::NodeClient> NodeFactory::make_grpc(const NodeAccess& access,
                                                          std::shared_ptr<AddressBook> book,
                                                          IoThread* io) const {
  GrpcNodeOptions calling;
  calling.timeout = access.limits.timeout;
  calling.protocol = access.protocol;
  calling.has_model = access.has_model;
  GrpcCaller caller{nullptr, transport_.thread().index()};
  if (io != nullptr) caller = {&io->context, io->index};
  return std::make_shared<GrpcNode>(access.node, access.type,
                                    make_channels(access.limits, std::move(book)), calling, caller,
                                    metrics_, access.image, access.image_version);
}

std::unique_ptr<GrpcChannels> NodeFactory::make_channels(const CallLimits& limits,
                                                         std::shared_ptr<AddressBook> book) const {
  GrpcChannelOptions options = transport_.options();
  options.connect_timeout = limits.connect_timeout;
  options.max_answer = limits.answer.body;
  options.max_metadata = limits.answer.header;
  return std::make_unique<GrpcChannels>(transport_, std::move(book), options);
}

CallLimits NodeFactory::grpc_limits() const {
  const GrpcChannelOptions& options = transport_.options();
  CallLimits made;
  made.connect_timeout = options.connect_timeout;
  made.answer = {options.max_metadata, options.max_answer};
  return made;
}

}  // namespace infergraph::engine
