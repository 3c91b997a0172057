#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "engine/net/http_service.hpp"
#include "engine/tools/stub/seldon/node.hpp"

namespace infergraph::engine {

/// One request that a stand-in has answered. Borrows from the request and the answer.
struct StubEvent {
  const StubNode& stub;
  const HttpRequest& request;
  const HttpResponse& response;
  std::chrono::nanoseconds took;
};

/// A stand-in behind an HTTP listener, or several behind one, since a server may have several
/// models and a container be used twice: waits as long as its StubNode says, without a thread.
/// Threads: one, on which `on_event` is called as well. Borrows the stubs.
/// Cancellation: a caller that goes away ends the wait.
class StubService final : public HttpService {
 public:
  using OnEvent = std::function<void(const StubEvent&)>;

  StubService(StubNode& stub, OnEvent on_event);

  /// The answer to `request`, which lives until then, after the wait.
  Awaitable<StubReply> answer(const HttpRequest& request);
  const StubNode& stub() const { return *stubs_.front(); }
  /// Before the first request: `stub` answers what is for it.
  void add(StubNode& stub);

  Awaitable<HttpResponse> handle(const HttpRequest& request,
                                 protocol::HeaderList& headers) override;
  HttpResponse refuse(const protocol::Status& why, protocol::HeaderList& headers) override;

 private:
  StubNode& choose(const HttpRequest& request) const;

  std::vector<StubNode*> stubs_;  ///< the first one answers what is for none
  OnEvent on_event_;
};

}  // namespace infergraph::engine
