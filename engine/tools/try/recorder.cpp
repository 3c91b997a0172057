#include "engine/tools/try/recorder.hpp"

#include <utility>

#include "protocol/convert/convert.hpp"
#include "protocol/json/json.hpp"
#include "protocol/limits.hpp"

namespace infergraph::engine {

namespace {

// Messages in proto grow when they become JSON.
constexpr std::size_t kMaxShown = protocol::kMaxBody;

// What is shown is JSON; a message that can't be shown so is kept as it is.
protocol::Payload shown(const protocol::Payload& payload, protocol::MessageType type) {
  protocol::Target own;
  own.protocol = payload.protocol();
  own.role = payload.origin().empty() ? protocol::Role::kRequest : protocol::Role::kAnswer;
  own.max_decoded = kMaxShown;
  own.binary = false;
  const auto json = payload.protocol() == protocol::Protocol::kSeldon
                        ? protocol::convert(payload, type, protocol::Encoding::kJson, kMaxShown)
                        : protocol::convert(payload, own);
  return json ? *json : payload;
}

// The elements of a JSON array.
class Elements final : public protocol::json::Visitor {
 public:
  bool enter(const protocol::json::Path& path, protocol::json::Kind) override {
    return path.depth() == 0;
  }
  void value(const protocol::json::Path& path, protocol::json::Kind,
             std::string_view text) override {
    if (path.depth() == 1) found.push_back(protocol::Payload::json(std::string(text)));
  }
  std::vector<protocol::Payload> found;
};

/// A list for aggregate, taken apart; nothing when it is none.
std::vector<protocol::Payload> taken_apart(const protocol::Payload& list) {
  const auto json = protocol::convert(list, protocol::MessageType::kSeldonMessageList,
                                      protocol::Encoding::kJson, kMaxShown);
  Elements elements;
  if (!json || protocol::json::visit(json->bytes(), elements)) return {};
  return std::move(elements.found);
}

}  // namespace

void TryRecorder::on_step(const graph::PlanNode& node, protocol::Method method,
                          std::span<const protocol::Payload> in) {
  Step step;
  step.method = method;
  const auto type = method == protocol::Method::kSendFeedback
                        ? protocol::MessageType::kFeedback
                        : protocol::MessageType::kSeldonMessage;
  for (const protocol::Payload& message : in) step.in.push_back(shown(message, type));
  visits_[node.name].steps.push_back(std::move(step));
  began_[node.name] = now_();
}

void TryRecorder::on_answer(const graph::PlanNode& node, protocol::Method method,
                            const protocol::Payload* out, const protocol::Status* error) {
  // A node takes one step at a time, so the answer is to its last.
  Visit& visit = visits_[node.name];
  if (visit.steps.empty() || visit.steps.back().method != method) return;
  Step& step = visit.steps.back();
  step.took = now_() - began_[node.name];
  if (out != nullptr) step.out = shown(*out, protocol::MessageType::kSeldonMessage);
  if (error != nullptr) step.error = *error;
}

void TryRecorder::on_routing(const graph::PlanNode& node, int branch) {
  Visit& visit = visits_[node.name];
  visit.branch = branch;
  // A route that succeeded has no other answer than this.
  if (visit.steps.empty()) return;
  Step& step = visit.steps.back();
  if (step.method == protocol::Method::kRoute && !step.took) step.took = now_() - began_[node.name];
}

void TryRecorder::on_sent(std::string_view node, protocol::Method method,
                          const protocol::Payload& sent) {
  const auto found = visits_.find(std::string(node));
  if (found == visits_.end() || found->second.steps.empty()) return;
  Step& step = found->second.steps.back();
  // A question for metadata is no step of the walk.
  if (step.method != method || step.took) return;
  if (method == protocol::Method::kAggregate) {
    if (auto parts = taken_apart(sent); !parts.empty()) step.in = std::move(parts);
    return;
  }
  const auto type = method == protocol::Method::kSendFeedback
                        ? protocol::MessageType::kFeedback
                        : protocol::MessageType::kSeldonMessage;
  protocol::Payload message = sent;
  // What is sent is a request, whoever wrote it; only a router gets what its children will.
  if (method != protocol::Method::kRoute) message.set_origin("");
  step.in = {shown(message, type)};
}

const TryRecorder::Visit* TryRecorder::find(std::string_view node) const {
  const auto found = visits_.find(std::string(node));
  return found == visits_.end() ? nullptr : &found->second;
}

}  // namespace infergraph::engine
