#include "engine/tools/stub_service.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "graph/cancellation.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;

namespace {

/// A wait that ends early when the caller goes away.
class Pause final : public graph::Cancellable {
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
    : stub_(stub), on_event_(std::move(on_event)) {}

graph::Awaitable<StubReply> StubService::answer(const HttpRequest& request) {
  const auto began = graph::Clock::now();
  StubNode::Reply reply = stub_.reply(request);
  const bool caller_waits = request.cancel == nullptr || !request.cancel->cancelled();
  if (reply.delay.count() > 0 && caller_waits) {
    Pause pause(co_await asio::this_coro::executor, reply.delay);
    if (request.cancel != nullptr) request.cancel->add(pause);
    co_await pause.wait();
  }
  if (on_event_) {
    on_event_({stub_, request, reply.response, graph::Clock::now() - began});
  }
  co_return reply;
}

graph::Awaitable<HttpResponse> StubService::handle(const HttpRequest& request,
                                                   std::string& header_lines) {
  StubReply reply = co_await answer(request);
  if (const auto size = reply.response.body.json_size()) {
    header_lines += "Inference-Header-Content-Length: " + std::to_string(*size) + "\r\n";
  }
  co_return std::move(reply.response);
}

HttpResponse StubService::refuse(const protocol::Status& why, std::string& /*header_lines*/) {
  return stub_.refuse(why);
}

}  // namespace infergraph::engine
