#include "engine/tools/try_recorder.hpp"

#include "protocol/convert.hpp"

namespace infergraph::engine {

namespace {

// What is shown is JSON; a message that can't be shown so is kept as it is.
protocol::Payload shown(const protocol::Payload& payload, protocol::MessageType type) {
  protocol::Target own;
  own.protocol = payload.protocol();
  own.role = payload.origin().empty() ? protocol::Role::kRequest : protocol::Role::kAnswer;
  own.max_decoded = payload.size();
  const auto json =
      payload.protocol() == protocol::Protocol::kSeldon
          ? protocol::convert(payload, type, protocol::Encoding::kJson, payload.size())
          : protocol::convert(payload, own);
  return json ? *json : payload;
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

const TryRecorder::Visit* TryRecorder::find(std::string_view node) const {
  const auto found = visits_.find(std::string(node));
  return found == visits_.end() ? nullptr : &found->second;
}

}  // namespace infergraph::engine
