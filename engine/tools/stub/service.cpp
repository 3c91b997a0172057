#include "engine/tools/stub/service.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/async/cancellation.hpp"
#include "protocol/v2/json_size.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;

namespace {

/// A wait that ends early when the caller goes away.
class Pause final : public Cancellable {
 public:
  Pause(const asio::any_io_executor& executor, std::chrono::nanoseconds delay)
      : timer_(executor, delay) {}

  auto wait() { return timer_.async_wait(asio::as_tuple(asio::use_awaitable)); }
  void cancel() override { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
};

}  // namespace

StubService::StubService(StubNode& stub, OnEvent on_event)
    : stubs_{&stub}, on_event_(std::move(on_event)) {}

void StubService::add(StubNode& stub) {
  for (StubNode* other : stubs_) {
    if (other->server() == nullptr || stub.server() == nullptr) continue;
    for (const std::string& model : stub.server()->models()) other->server()->add_neighbour(model);
    for (const std::string& model : other->server()->models()) stub.server()->add_neighbour(model);
  }
  stubs_.push_back(&stub);
}

StubNode& StubService::choose(const HttpRequest& request) const {
  if (stubs_.size() == 1) return *stubs_.front();
  const auto found = std::find_if(stubs_.begin(), stubs_.end(),
                                  [&](const StubNode* stub) { return stub->is_for(request); });
  return found == stubs_.end() ? *stubs_.front() : **found;
}

Awaitable<StubReply> StubService::answer(const HttpRequest& request) {
  const auto began = Clock::now();
  StubNode& stub = choose(request);
  StubNode::Reply reply = stub.reply(request);
  const bool caller_waits = request.cancel == nullptr || !request.cancel->cancelled();
  if (reply.delay.count() > 0 && caller_waits) {
    Pause pause(co_await asio::this_coro::executor, reply.delay);
    if (request.cancel != nullptr) request.cancel->add(pause);
    co_await pause.wait();
  }
  if (on_event_) {
    on_event_({stub, request, reply.response, Clock::now() - began});
  }
  co_return reply;
}

Awaitable<HttpResponse> StubService::handle(const HttpRequest& request,
                                            protocol::HeaderList& headers) {
  StubReply reply = co_await answer(request);
  if (const auto size = reply.response.body.json_size()) {
    headers.add_made(protocol::kJsonSizeHeader, std::to_string(*size));
  }
  if (!reply.allow.empty()) headers.add_made("Allow", reply.allow);
  // flask-cors is part of the wrapper.
  if (stub().server() == nullptr) headers.add("Access-Control-Allow-Origin", "*");
  co_return std::move(reply.response);
}

HttpResponse StubService::refuse(const protocol::Status& why, protocol::HeaderList& /*headers*/) {
  return stub().refuse(why);
}

}  // namespace infergraph::engine
