#include "engine/grpc/server_call.hpp"

#include <boost/asio/co_spawn.hpp>

#include "engine/observe/log.hpp"

namespace infergraph::engine {

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
