#include "engine/grpc/front.hpp"

#include <grpc/grpc.h>
#include <grpcpp/alarm.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <functional>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include "base/async/post_surely.hpp"
#include "base/saturated.hpp"
#include "engine/grpc/health.hpp"
#include "engine/grpc/queue.hpp"
#include "engine/grpc/reflection.hpp"
#include "engine/grpc/server_call.hpp"
#include "engine/grpc/stream_call.hpp"
#include "engine/grpc/unary_call.hpp"
#include "engine/net/drain_limits.hpp"
#include "engine/net/grace.hpp"

// Of libgrpc itself, as it is in Debian 12 (1.51); see send_goaways().
namespace grpc_core {
class Server {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the library's names
  void StopListening();
  void SendGoaways();
  // NOLINTEND(readability-identifier-naming)
};
}  // namespace grpc_core

namespace infergraph::engine {
namespace {

constexpr const char* kWatch = "/grpc.health.v1.Health/Watch";
constexpr std::array<const char*, 2> kReflection = {
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};
// A caller may ping this often before it is told to go: less would cut clients that were set to
// notice a dead engine soon.
constexpr int kLeastPingIntervalMs = 5000;
constexpr Clock::duration kLongest = std::chrono::hours(24 * 365);

// Stops listening, and tells every caller to go elsewhere, while calls that are on their way are
// still taken. grpc++'s Shutdown does both too, but from its first moment on it kills what arrives
// before the callers have heard of it, with CANCELLED, which nobody repeats. The library can do it
// gently, though only inside: so its own methods are called, on one of its threads, where they are
// allowed to run, by way of an alarm.
void send_goaways(grpc::Server& server, bool stop_listening) {
  auto* core = reinterpret_cast<grpc_core::Server*>(server.c_server());
  std::promise<void> done;
  grpc::Alarm alarm;
  alarm.Set(gpr_time_0(GPR_CLOCK_MONOTONIC), [&](bool) {
    if (stop_listening) core->StopListening();
    core->SendGoaways();
    done.set_value();
  });
  done.get_future().wait();
}

// Why nothing can listen there: the library only tells that it could not, so the system is asked
// once more. Empty if it has no objection now.
std::string objection(const std::string& address, std::uint16_t port) {
  namespace ip = boost::asio::ip;
  boost::system::error_code ec;
  const ip::tcp::endpoint endpoint(ip::make_address(address, ec), port);
  boost::asio::io_context context;
  ip::tcp::acceptor acceptor(context);
  if (!ec) acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(ip::tcp::acceptor::reuse_address(true), ec);
  if (!ec && endpoint.protocol() == ip::tcp::v6()) acceptor.set_option(ip::v6_only(false), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(1, ec);
  return ec ? ": " + ec.message() : "";
}

std::string objections(const std::vector<std::string>& addresses, std::uint16_t port) {
  std::string found;
  for (const std::string& address : addresses) {
    if (found.empty()) found = objection(address, port);
  }
  return found;
}

// A port that was free a moment ago; 0 when the address isn't ours.
int free_port(const std::string& address) {
  namespace ip = boost::asio::ip;
  boost::system::error_code ec;
  const auto literal = ip::make_address(address, ec);
  boost::asio::io_context context;
  ip::tcp::acceptor acceptor(context);
  const ip::tcp::endpoint endpoint(literal, 0);
  if (!ec) acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  return ec ? 0 : acceptor.local_endpoint().port();
}

// "/seldon.protos.Seldon/Predict" → "seldon.protos.Seldon"
std::string service_of(std::string_view method) {
  return std::string(method.substr(1, method.rfind('/') - 1));
}

std::set<std::string, std::less<>> services_of(const GrpcService& service) {
  std::set<std::string, std::less<>> names;
  for (const std::string_view method : service.methods()) names.insert(service_of(method));
  for (const GrpcStream& stream : service.streams()) names.insert(service_of(stream.method));
  names.insert(service_of(kWatch));
  for (const char* method : kReflection) names.insert(service_of(method));
  return names;
}

int milliseconds_of(std::chrono::milliseconds time) { return saturated<int>(time.count()); }

}  // namespace

struct GrpcFront::Server {
  Server(GrpcThread& thread, GrpcService& its_service)
      : service(its_service),
        health(thread, services_of(its_service)),
        reflection(services_of(its_service)),
        host(thread, raw) {}

  void serve(GrpcService& unary) {
    for (std::size_t i = 0; i < unary.methods().size(); ++i) {
      const int method = raw.add(unary.methods()[i].data(), false);
      first_calls.push_back(
          [this, &unary, method, i] { return new UnaryCall(host, unary, method, i); });
    }
  }
  void serve(StreamHandler& handler, const char* name) {
    const int method = raw.add(name, true);
    first_calls.push_back(
        [this, &handler, method] { return new StreamCall(host, handler, method); });
  }

  GrpcService& service;
  Health health;
  Reflection reflection;
  RawService raw;
  CallHost host;
  // Make the first call of each method; it owns itself.
  std::vector<std::function<ServerCall*()>> first_calls;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
  std::unique_ptr<grpc::Server> server;
};

GrpcFront::GrpcFront(GrpcThread& thread, GrpcService& service, GrpcFrontOptions options)
    : thread_(thread),
      options_(std::move(options)),
      server_(std::make_unique<Server>(thread, service)) {}

GrpcFront::~GrpcFront() = default;

protocol::Result<std::uint16_t> GrpcFront::open() {
  grpc::ServerBuilder builder;
  // A limit that no message can reach would still be looked at for each.
  const int limit = options_.max_message == INT_MAX ? -1 : options_.max_message;
  builder.SetMaxReceiveMessageSize(limit);
  builder.SetMaxSendMessageSize(limit);
  // Or a second process would share the port unnoticed.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kLeastPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, saturated<int>(options_.max_metadata));
  if (options_.max_streams > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options_.max_streams);
  }
  if (options_.keepalive_time.count() > 0) {
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                               milliseconds_of(options_.keepalive_time));
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                               milliseconds_of(options_.keepalive_timeout));
  }
  if (options_.max_connection_age.count() > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                               milliseconds_of(options_.max_connection_age));
  }
  int port = 0;
  if (options_.port) {
    // Where the system picks a port it is the same on all addresses.
    const bool picked = *options_.port == 0 && options_.addresses.size() > 1;
    const int common = picked ? free_port(options_.addresses.front()) : *options_.port;
    for (const std::string& address : options_.addresses) {
      const bool is_ipv6 = address.find(':') != std::string::npos;
      builder.AddListeningPort(
          (is_ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(common),
          grpc::InsecureServerCredentials(), &port);
    }
  } else {
    server_->acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
  }
  server_->serve(server_->service);
  for (const GrpcStream& stream : server_->service.streams()) {
    server_->serve(*stream.handler, stream.method);
  }
  server_->serve(server_->health);
  server_->serve(server_->health, kWatch);
  for (const char* name : kReflection) server_->serve(server_->reflection, name);
  builder.RegisterService(&server_->raw);
  auto queue = builder.AddCompletionQueue();
  server_->host.queue = queue.get();
  server_->server = builder.BuildAndStart();
  // The queue is the thread's also when nothing came of the server: it has to be shut down.
  thread_.queue().replace(std::move(queue));
  if (!server_->server || (options_.port && port == 0)) {
    const std::uint16_t asked = options_.port.value_or(0);
    return protocol::Status(protocol::Code::kUnavailable,
                            "failed to listen on port " + std::to_string(asked) + " for gRPC" +
                                objections(options_.addresses, asked));
  }
  for (const auto& make : server_->first_calls) make()->wait();
  return static_cast<std::uint16_t>(port);
}

void GrpcFront::adopt(int descriptor, std::string_view read) {
  // What is handed to a server that shuts down is lost.
  const std::lock_guard lock(closing_);
  if (closed_) {
    turn_away(descriptor);
    return;
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.fd = descriptor;
  const grpc::Slice slice(read.data(), read.size());
  connection.read_buffer = grpc::ByteBuffer(&slice, 1);
  server_->acceptor->HandleNewConnection(&connection);
}

// Empty SETTINGS, which must come first, and a GOAWAY (RFC 9113 §3.4, §6.8).
void GrpcFront::turn_away(int descriptor) {
  constexpr std::array<unsigned char, 26> kFrames = {0, 0, 0, 4, 0, 0, 0, 0, 0,   // SETTINGS
                                                     0, 0, 8, 7, 0, 0, 0, 0, 0};  // GOAWAY, zeros
  ::send(descriptor, kFrames.data(), kFrames.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(descriptor, SHUT_WR);
  // What is left unread would make close() a reset, which may overtake the frames.
  std::array<char, 4096> unread{};
  while (::recv(descriptor, unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
  }
  ::close(descriptor);
}

void GrpcFront::set_serving(bool serving) {
  // It is told once for each change.
  post_surely([&] { thread_.post([this, serving] { server_->health.set_serving(serving); }); });
}

bool GrpcFront::drain(std::chrono::milliseconds limit) {
  if (!server_->server || std::exchange(drained_, true)) return true;
  Grace grace(Clock::now(), limit, DrainLimits::kGrpcSilence);
  // The acceptor of a shared port would be left with a listener that is gone.
  send_goaways(*server_->server, options_.port.has_value());
  Gate& open = server_->host.open;
  while (!grace.over(Clock::now(), open.in_flight())) {
    cut_streams();
    send_goaways(*server_->server, false);
    std::this_thread::sleep_for(DrainLimits::kGoawayPeriod);
  }
  unfinished_ = open.in_flight();
  {
    const std::lock_guard lock(closing_);
    closed_ = true;
  }
  shut_down(grace.end());
  // A call may have been accepted that the thread has not seen yet.
  std::promise<void> seen;
  post_surely([&] { thread_.post([&seen] { seen.set_value(); }); });
  seen.get_future().wait();
  open.wait();  // what was cut ends as soon as its nodes have let go
  return unfinished_ == 0;
}

// Streams have no end of their own.
void GrpcFront::cut_streams() {
  const auto cut = [this] {
    for (ServerCall& call : server_->host.calls) {
      if (dynamic_cast<StreamCall*>(&call) != nullptr) call.cut();
    }
  };
  post_surely([&] { thread_.post(cut); });
}

// Shutdown waits for connections too, and a silent caller would keep his.
void GrpcFront::shut_down(Clock::time_point limit) {
  grpc::Server& server = *server_->server;
  // Without a thread it is done below, and takes its whole time for a silent caller.
  auto shut = std::async(std::launch::async | std::launch::deferred, [&] {
    // A year and more is for ever, and doesn't overflow the other clock.
    const Clock::duration left = std::min<Clock::duration>(limit - Clock::now(), kLongest);
    server.Shutdown(std::chrono::system_clock::now() + left);
  });
  while (shut.wait_for(DrainLimits::kGoawayPeriod) == std::future_status::timeout) {
    // At the limit it calls off itself what is left.
    if (server_->host.open.wait_until(limit)) grpc_server_cancel_all_calls(server.c_server());
  }
  shut.get();
}

}  // namespace infergraph::engine
