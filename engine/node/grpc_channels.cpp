#include "engine/node/grpc_channels.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "base/saturated.hpp"
#include "engine/node/grpc_channel.hpp"

namespace infergraph::engine {
namespace {

// A node that comes back is called again within about this, however long it was away.
constexpr int kMostBackOffMs = 5000;
constexpr int kFirstBackOffMs = 100;

// As grpc++ spells an address: "ipv4:127.0.0.1:9000", "ipv6:[::1]:9000".
std::string target_of(const TcpEndpoint& address) {
  const std::string port = std::to_string(address.port());
  if (address.address().is_v4()) return "ipv4:" + address.address().to_string() + ":" + port;
  return "ipv6:[" + address.address().to_string() + "]:" + port;
}

grpc::ChannelArguments arguments_of(const GrpcChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(saturated<int>(options.max_answer));
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, saturated<int>(options.max_metadata));
  // Nodes are neighbours: no proxy of the environment stands between, as for REST.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // What nobody needs here, and every call would pay for: compressing requests, statistics for
  // channelz, a look whether the channel has become idle, an authority of the channel's (each call
  // brings its own).
  arguments.SetInt(GRPC_ARG_DISABLE_CLIENT_AUTHORITY_FILTER, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  arguments.SetInt(GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS, std::numeric_limits<int>::max());
  // Repeating is decided by the node's client, which knows what may be repeated and where.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackOffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMostBackOffMs);
  // What one attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   saturated<int>(options.connect_timeout.count()));
  return arguments;
}

}  // namespace

struct GrpcTransport::Cache {
  std::mutex mutex;
  std::map<std::pair<std::string, GrpcChannelOptions>, std::weak_ptr<Channel>> channels;
};

GrpcTransport::GrpcTransport(GrpcThread& thread, GrpcChannelOptions options)
    : thread_(thread), options_(options), cache_(std::make_unique<Cache>()) {}

GrpcTransport::~GrpcTransport() = default;

std::shared_ptr<GrpcTransport::Channel> GrpcTransport::channel(const TcpEndpoint& address,
                                                               const GrpcChannelOptions& options) {
  const std::string target = target_of(address);
  const std::lock_guard lock(cache_->mutex);
  std::erase_if(cache_->channels, [](const auto& entry) { return entry.second.expired(); });
  auto& known = cache_->channels[{target, options}];
  if (auto channel = known.lock()) return channel;
  auto made = std::make_shared<Channel>(
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments_of(options)));
  known = made;
  return made;
}

GrpcChannels::GrpcChannels(GrpcTransport& transport, std::shared_ptr<AddressBook> book,
                           const GrpcChannelOptions& options)
    : transport_(transport), options_(options), addresses_(std::move(book)) {
  const std::string& host = addresses_.book().host();
  const bool is_ipv6 = host.find(':') != std::string::npos;
  authority_ = (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(addresses_.book().port());
}

std::optional<GrpcChannels::Lease> GrpcChannels::lease(const std::vector<TcpEndpoint>& but_not) {
  addresses_.follow(
      [this](const TcpEndpoint& endpoint) {
        return std::make_shared<Address>(
            Address{endpoint, transport_.channel(endpoint, options_), 0});
      },
      [](Address&) {});  // its channel goes with its last call
  if (addresses_.empty()) return std::nullopt;
  return Lease(addresses_.choose([&](const Address& address) {
    return AddressRank{
        .tried = std::find(but_not.begin(), but_not.end(), address.endpoint) != but_not.end(),
        .avoided = address.channel->is_down(),
        .calls = address.calls};
  }));
}

}  // namespace infergraph::engine
