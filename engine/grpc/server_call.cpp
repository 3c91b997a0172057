#include "engine/grpc/server_call.hpp"

#include <boost/asio/co_spawn.hpp>

#include "engine/observe/log.hpp"

namespace infergraph::engine {

namespace {

constexpr std::int64_t kLongestDeadline = 2'000'000'000;  // seconds, some 60 years

graph::Clock::time_point to_time_point(gpr_timespec deadline) {
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) {
    return graph::Clock::time_point::max();
  }
  const gpr_timespec monotonic = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);
  // What nobody will live to see would overflow nanoseconds.
  if (monotonic.tv_sec > kLongestDeadline) return graph::Clock::time_point::max();
  return graph::Clock::time_point(std::chrono::seconds(monotonic.tv_sec) +
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

graph::Clock::time_point deadline_of(const grpc::ServerContext& context) {
  return to_time_point(context.raw_deadline());
}

ServerCall::ServerCall(CallHost& host, int method) : host_(host), method_(method) {
  // Comes for every call anyway; so it costs no event more.
  context_.AsyncNotifyWhenDone(tag_of(ended_));
}

void ServerCall::wait() { request(tag_of(accepted_)); }

void ServerCall::on_accepted(bool ok) {
  if (!ok) {  // the server is going down, and has no more calls
    delete this;
    return;
  }
  next()->wait();
  host_.open.fetch_add(1, std::memory_order_relaxed);
  host_.calls.push_back(*this);
  boost::asio::co_spawn(host_.thread.context(), serve(), [this](const std::exception_ptr& thrown) {
    if (thrown) {
      log::error_limited("a gRPC call threw", {});
      context_.TryCancel();
    }
    served_ = true;
    end_if_done();
  });
}

void ServerCall::on_transport_end(bool) {
  if (context_.IsCancelled()) cancel_.cancel();
  transport_ended_ = true;
  end_if_done();
}

void ServerCall::end_if_done() {
  if (!served_ || !transport_ended_) return;
  CallHost& host = host_;
  delete this;
  host.open.fetch_sub(1, std::memory_order_release);
}

}  // namespace infergraph::engine
