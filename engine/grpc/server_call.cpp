#include "engine/grpc/server_call.hpp"

#include <functional>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "base/async/post_surely.hpp"
#include "engine/observe/log.hpp"
#include "protocol/caught.hpp"

namespace infergraph::engine {

namespace {

constexpr std::int64_t kLongestDeadline = 2'000'000'000;  // seconds, some 60 years

Clock::time_point to_time_point(gpr_timespec deadline) {
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) {
    return Clock::time_point::max();
  }
  const gpr_timespec monotonic = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);
  // What nobody will live to see would overflow nanoseconds.
  if (monotonic.tv_sec > kLongestDeadline) return Clock::time_point::max();
  return Clock::time_point(std::chrono::seconds(monotonic.tv_sec) +
                           std::chrono::nanoseconds(monotonic.tv_nsec));
}

}  // namespace

std::vector<protocol::HeaderField> metadata_of(const grpc::ServerContext& context) {
  std::vector<protocol::HeaderField> metadata;
  metadata.reserve(context.client_metadata().size());
  for (const auto& [key, value] : context.client_metadata()) {
    metadata.push_back({{key.data(), key.size()}, {value.data(), value.size()}});
  }
  return metadata;
}

Clock::time_point deadline_of(const grpc::ServerContext& context) {
  return to_time_point(context.raw_deadline());
}

std::uint64_t ServerCall::key() const { return std::hash<std::string>()(context_.peer()); }

// What the call's coroutine ends in. It has ended too when it could not even begin.
class ServerCall::Ended {
 public:
  explicit Ended(ServerCall& call) : call_(&call) {}
  Ended(Ended&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
  Ended(const Ended&) = delete;
  Ended& operator=(const Ended&) = delete;
  Ended& operator=(Ended&&) = delete;
  ~Ended() {
    if (call_ != nullptr) call_->on_served(true);
  }
  void operator()(const std::exception_ptr& thrown) {
    std::exchange(call_, nullptr)->on_served(thrown != nullptr);
  }

 private:
  ServerCall* call_;
};

ServerCall::ServerCall(CallHost& host, int method) : host_(host), method_(method) {
  // Comes for every call anyway; so it costs no event more.
  context_.AsyncNotifyWhenDone(tag_of(ended_));
}

grpc::Status ServerCall::thrown() const noexcept {
  host_.thread.tell_exception("a gRPC call");
  try {
    return {grpc::StatusCode::INTERNAL, protocol::caught().message()};
  } catch (...) {
    return {grpc::StatusCode::INTERNAL, "out of memory"};  // short enough to need none
  }
}

void ServerCall::wait() { request(tag_of(accepted_)); }

void ServerCall::on_accepted(bool ok) {
  if (!ok) {  // the server is going down, and has no more calls
    delete this;
    return;
  }
  // Without another one the method would not be served any more.
  post_surely([this] { next()->wait(); });
  host_.open.enter();
  host_.calls.push_back(*this);
  Ended ended(*this);
  try {
    boost::asio::co_spawn(host_.thread.context(), serve(), std::move(ended));
  } catch (...) {
    // `ended` tells, here or where it was moved to.
  }
}

void ServerCall::on_served(bool threw) {
  if (threw) {
    try {
      log::error_limited("a gRPC call threw", {});
    } catch (...) {
      // No memory for the line.
    }
    context_.TryCancel();
  }
  served_ = true;
  end_if_done();
}

void ServerCall::on_transport_end(bool) {
  // First of all: a call that is not known to have ended is waited for without end.
  transport_ended_ = true;
  try {
    if (context_.IsCancelled()) cancel_.cancel();
  } catch (...) {
    host_.thread.tell_exception("a gRPC call");
  }
  end_if_done();
}

void ServerCall::end_if_done() {
  if (!served_ || !transport_ended_) return;
  CallHost& host = host_;
  delete this;
  host.open.leave();
}

}  // namespace infergraph::engine
