#include "graph/walker.hpp"

#include <utility>

#include "graph/parallel.hpp"
#include "graph/self_time.hpp"
#include "graph/trail.hpp"
#include "graph/walk_observer.hpp"
#include "graph/work_place.hpp"
#include "protocol/gzip.hpp"
#include "protocol/seldon/json.hpp"
#include "protocol/seldon/proto.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::Method;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

namespace {

constexpr int kAllChildren = -1;
constexpr int kNoChild = -2;

Status at_node(const PlanNode& node, Status status) {
  // No node is to blame when the engine has run out of something.
  const bool is_ours = status.code() == Code::kOverloaded;
  if (status.node().empty() && !is_ours) status.set_node(node.name);
  return status;
}

void blame(const PlanNode& node, Result<Payload>& failed) {
  failed = at_node(node, std::move(failed).error());
}

std::string branch_out_of_range(int branch, std::size_t children) {
  return "branch " + std::to_string(branch) + " is not one of its " + std::to_string(children) +
         (children == 1 ? " child" : " children");
}

void tell_answer(const CallContext& context, const PlanNode& node, Method method,
                 const Result<Payload>& answer) {
  if (answer) return context.observer->on_answer(node, method, &*answer, nullptr);
  const Status failure = answer.error();
  context.observer->on_answer(node, method, nullptr, &failure);
}

Result<std::map<std::string, int>> routing_of(const Payload& feedback, std::size_t max_decoded) {
  const auto plain = protocol::decoded(feedback, max_decoded);
  if (!plain) return Status(Code::kInvalidArgument, plain.error().message());
  return plain->encoding() == protocol::Encoding::kProto
             ? protocol::read_feedback_routing_proto(plain->bytes())
             : protocol::read_feedback_routing(plain->bytes());
}

bool is_branch(int branch, std::size_t children) {
  return branch == kAllChildren || branch == kNoChild ||
         (branch >= 0 && static_cast<std::size_t>(branch) < children);
}

}  // namespace

Awaitable<Result<Payload>> Walker::predict(Payload message, CallContext& context) {
  return predict_at(plan_.root(), std::move(message), context);
}

// asio uses a frame again if it has no more than 1,020 bytes. So what the children need is in one
// of its own, and what is passed by value is so by functions that are no coroutines.
Awaitable<Result<Payload>> Walker::predict_at(const PlanNode& node, Answer message,
                                              CallContext& context) {
  SelfTime self_time(node.self_time);

  if (node.input) {
    self_time.pause();
    message = co_await step(node, *node.input, std::move(*message), context);
    self_time.resume();
    if (!message) {
      blame(node, message);
      co_return message;
    }
  }

  int branch = kAllChildren;
  if (!node.children.empty()) {
    self_time.pause();
    message = co_await ask_children(node, *message, branch, context);
    if (!message) co_return message;
    self_time.resume();
  }
  if (context.trail != nullptr && node.is_first) context.trail->record(node.name, branch);

  if (node.transforms_output) {
    self_time.pause();
    message = co_await step(node, Method::kTransformOutput, std::move(*message), context);
    self_time.resume();
    if (!message) blame(node, message);
  }
  co_return message;
}

Awaitable<Result<Payload>> Walker::ask_children(const PlanNode& node, Payload& message, int& branch,
                                                CallContext& context) {
  if (node.routes) {
    const auto routed = co_await route_at(node, message, context);
    if (!routed) co_return at_node(node, routed.error());
    branch = *routed;
  }
  if (context.observer != nullptr) context.observer->on_routing(node, branch);
  if (branch == kNoChild) co_return std::move(message);

  std::vector<Payload> answers;
  if (branch == kAllChildren && node.children.size() > 1) {
    auto all = co_await run_all(node.children.size(), context,
                                [this, &node, &message](std::size_t i, CallContext& child) {
                                  return predict_at(*node.children[i], message, child);
                                });
    if (!all) co_return std::move(all).error();
    answers = *std::move(all);
  } else {
    const std::size_t only = branch == kAllChildren ? 0 : static_cast<std::size_t>(branch);
    auto answer = co_await predict_at(*node.children[only], std::move(message), context);
    if (!answer || !node.aggregates) co_return answer;
    answers.push_back(*std::move(answer));
  }
  if (!node.aggregates) co_return std::move(answers.front());
  auto combined = co_await aggregate_at(node, std::move(answers), context);
  if (!combined) co_return at_node(node, std::move(combined).error());
  co_return combined;
}

Awaitable<Result<Payload>> Walker::step(const PlanNode& node, Method method, Payload&& message,
                                        CallContext& context) {
  // Without an observer this is the unit's own awaitable: no frame of its own on the hot path.
  if (context.observer == nullptr) return node.unit->call(method, std::move(message), context);
  return observed_step(node, method, std::move(message), context);
}

Awaitable<Result<Payload>> Walker::observed_step(const PlanNode& node, Method method,
                                                 Payload message, CallContext& context) {
  context.observer->on_step(node, method, std::span(&message, 1));
  auto answer = co_await node.unit->call(method, std::move(message), context);
  tell_answer(context, node, method, answer);
  co_return answer;
}

Awaitable<Result<int>> Walker::route_at(const PlanNode& node, const Payload& message,
                                        CallContext& context) {
  if (context.observer != nullptr) {
    context.observer->on_step(node, Method::kRoute, std::span(&message, 1));
  }
  auto branch = co_await node.unit->route(message, context);
  if (branch && !is_branch(*branch, node.children.size())) {
    branch = Status(Code::kInvalidRouting, "the router answered a wrong route: " +
                                               branch_out_of_range(*branch, node.children.size()));
  }
  if (context.observer != nullptr && !branch) {
    const Status failure = branch.error();
    context.observer->on_answer(node, Method::kRoute, nullptr, &failure);
  }
  co_return branch;
}

Awaitable<Result<Payload>> Walker::aggregate_at(const PlanNode& node, std::vector<Payload> answers,
                                                CallContext& context) {
  if (context.observer != nullptr) context.observer->on_step(node, Method::kAggregate, answers);
  auto combined = co_await node.unit->aggregate(std::move(answers), context);
  if (context.observer != nullptr) tell_answer(context, node, Method::kAggregate, combined);
  co_return combined;
}

Awaitable<Result<Payload>> Walker::feedback(Payload body, CallContext& context) {
  Routing routing;
  if (plan_.has_branches()) {
    const auto read = [&] { return routing_of(body, max_decoded_); };
    auto recorded = try_here(context, body.size(), read);
    if (!recorded) recorded = co_await elsewhere(context, body.size(), read);
    if (!*recorded) co_return recorded->error();
    routing = **std::move(recorded);
  }
  co_return co_await feedback_at(plan_.root(), body, routing, context);
}

Awaitable<Result<Payload>> Walker::feedback_at(const PlanNode& node, const Payload& body,
                                               const Routing& routing, CallContext& context) {
  Payload answer = Payload::json("{}");
  if (!node.children.empty()) {
    const auto recorded = node.is_first ? routing.find(node.name) : routing.end();
    const int branch = recorded == routing.end() ? kAllChildren : recorded->second;
    if (!is_branch(branch, node.children.size())) {
      co_return Status(Code::kInvalidArgument,
                       "response.meta.routing is out of range: " +
                           branch_out_of_range(branch, node.children.size()),
                       node.name);
    }
    if (branch == kAllChildren && node.children.size() > 1) {
      auto all =
          co_await run_all(node.children.size(), context,
                           [this, &node, &body, &routing](std::size_t i, CallContext& child) {
                             return feedback_at(*node.children[i], body, routing, child);
                           });
      if (!all) co_return std::move(all).error();
      answer = std::move(all->front());
    } else if (branch != kNoChild) {
      const std::size_t only = branch == kAllChildren ? 0 : static_cast<std::size_t>(branch);
      auto below = co_await feedback_at(*node.children[only], body, routing, context);
      if (!below) co_return std::move(below).error();
      answer = *std::move(below);
    }
  }
  if (!node.takes_feedback) co_return answer;
  auto own = co_await step(node, Method::kSendFeedback, Payload(body), context);
  if (!own) co_return at_node(node, std::move(own).error());
  co_return own;
}

Awaitable<Result<Payload>> Walker::ask(Method method, std::string_view node_name, Payload request,
                                       CallContext& context) {
  const PlanNode* node = plan_.find(node_name);
  if (node == nullptr) {
    co_return Status(Code::kNotFound, "no node \"" + std::string(node_name) + "\" in the graph");
  }
  auto answer = co_await step(*node, method, std::move(request), context);
  if (!answer) co_return at_node(*node, std::move(answer).error());
  co_return answer;
}

}  // namespace infergraph::graph
