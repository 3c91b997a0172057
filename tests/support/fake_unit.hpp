#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/async/event.hpp"
#include "graph/unit.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::testing {

/// A unit that a test drives by hand: it writes down what it is asked, and answers "name(input)" or
/// what the test has set, at once or when the test says so.
class FakeUnit final : public graph::Unit, public Cancellable {
 public:
  using Log = std::vector<std::string>;
  using Answer = protocol::Result<protocol::Payload>;

  FakeUnit(std::string name, Log& log) : name_(std::move(name)), log_(log) {}

  /// The next answers, in order; afterwards the usual one again.
  std::deque<Answer> answers;
  protocol::Result<int> branch = -1;
  /// True: a call sleeps until release(), or a cancellation.
  bool held = false;
  bool was_cancelled = false;
  int running = 0;

  void release() { event_.notify(); }

  Awaitable<Answer> call(protocol::Method method, protocol::Payload message,
                         graph::CallContext& context) override {
    return work(verb(method), std::string(message.bytes()), context);
  }

  Awaitable<protocol::Result<int>> route(protocol::Payload message, graph::CallContext&) override {
    log_.push_back(name_ + ".route " + std::string(message.bytes()));
    co_return branch;
  }

  Awaitable<Answer> aggregate(std::vector<protocol::Payload> children,
                              graph::CallContext& context) override {
    std::string input;
    for (const auto& child : children)
      input += (input.empty() ? "" : "+") + std::string(child.bytes());
    return work("aggregate", input, context);
  }

 private:
  static std::string verb(protocol::Method method) {
    static const char* const kNames[] = {"predict", "transform-input", "transform-output",
                                         "route",   "aggregate",       "send-feedback",
                                         "status",  "metadata"};
    return kNames[static_cast<int>(method)];
  }

  Awaitable<Answer> work(std::string what, std::string input, graph::CallContext& context) {
    log_.push_back(name_ + "." + what + " " + input);
    if (held) {
      ++running;
      context.cancel->add(*this);
      co_await event_.wait();
      unlink();
      --running;
      if (was_cancelled) co_return protocol::Status(protocol::Code::kCancelled, "cancelled");
    }
    if (!answers.empty()) {
      Answer answer = answers.front();
      answers.pop_front();
      co_return answer;
    }
    co_return protocol::Payload::json(name_ + "(" + input + ")");
  }

  void cancel() override { was_cancelled = true; }

  std::string name_;
  Log& log_;
  Event event_;
};

}  // namespace infergraph::testing
