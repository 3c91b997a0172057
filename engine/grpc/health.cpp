#include "engine/grpc/health.hpp"

#include <array>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/async/event.hpp"
#include "base/async/post_surely.hpp"
#include "grpc/health/v1/health.pb.h"

namespace infergraph::engine {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using protocol::GrpcCode;
using protocol::GrpcStatus;

namespace {

constexpr std::array<std::string_view, 1> kMethods = {"/grpc.health.v1.Health/Check"};

// Of a request that names a service. Parsing and answering go with its size, on the one gRPC
// thread.
constexpr std::size_t kMostBytes = 1024;

// Slices of a longer one aren't even joined.
bool read(const protocol::Payload& message, HealthCheckRequest& asked) {
  if (message.size() > kMostBytes) return false;
  const std::string_view bytes = message.bytes();
  return asked.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::string to_wire(HealthCheckResponse::ServingStatus status) {
  HealthCheckResponse response;
  response.set_status(status);
  return response.SerializeAsString();
}

}  // namespace

// A call of Watch that sleeps until something changes, or its caller goes.
class Health::Watcher final : public Cancellable {
 public:
  Watcher(Health& health, CancelScope& scope) : health_(health) {
    health_.watchers_.push_back(this);
    scope.add(*this);
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() override { std::erase(health_.watchers_, this); }

  auto change() { return change_->wait(); }
  /// Surely, or this one would sleep for ever, and those behind it would not hear of the change.
  void wake() {
    post_surely([this] {
      boost::asio::post(health_.thread_.context(), [change = change_] { change->notify(); });
    });
  }
  void cancel() override { wake(); }

 private:
  Health& health_;
  std::shared_ptr<Event> change_ = std::make_shared<Event>();
};

Health::Health(GrpcThread& thread, std::set<std::string, std::less<>> services)
    : thread_(thread), services_(std::move(services)) {
  services_.emplace("");
}

Health::~Health() = default;

void Health::set_serving(bool serving) {
  serving_ = serving;
  for (Watcher* watcher : watchers_) watcher->wake();
}

std::span<const std::string_view> Health::methods() const { return kMethods; }

Awaitable<GrpcResponse> Health::handle(GrpcRequest& request) {
  HealthCheckRequest asked;
  if (!read(request.body, asked)) {
    co_return GrpcResponse{{GrpcCode::kInvalidArgument, "not a HealthCheckRequest", ""}, {}, ""};
  }
  if (!services_.contains(asked.service())) {
    co_return GrpcResponse{
        {GrpcCode::kNotFound, "no service \"" + asked.service() + "\"", ""}, {}, ""};
  }
  const auto status = serving_ ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
  co_return GrpcResponse{{}, protocol::Payload::proto(to_wire(status)), ""};
}

Awaitable<GrpcStatus> Health::serve(MessageStream& stream) {
  const auto message = co_await stream.read();
  HealthCheckRequest asked;
  if (!message || !read(*message, asked)) {
    co_return GrpcStatus{GrpcCode::kInvalidArgument, "not a HealthCheckRequest", ""};
  }
  const bool known = services_.contains(asked.service());
  Watcher watcher(*this, stream.cancel());
  auto told = HealthCheckResponse::UNKNOWN;
  bool open = true;
  while (open && !stream.cancel().cancelled()) {
    const auto now = !known     ? HealthCheckResponse::SERVICE_UNKNOWN
                     : serving_ ? HealthCheckResponse::SERVING
                                : HealthCheckResponse::NOT_SERVING;
    if (now == told) {
      co_await watcher.change();
    } else {
      told = now;
      open = co_await stream.write(protocol::Payload::proto(to_wire(now)));
    }
  }
  co_return GrpcStatus{GrpcCode::kCancelled, "the watch has ended", ""};
}

}  // namespace infergraph::engine
