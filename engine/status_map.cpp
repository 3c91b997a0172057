#include "engine/status_map.hpp"

#include <string>

#include "protocol/codec/seldon_json.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::Status;

HttpFailure http_failure(const Status& status) {
  switch (status.code()) {
    case Code::kUpstream:
      return {status.answer() ? status.answer()->status() : 502, ""};
    case Code::kUnavailable:
      return {503, "UNAVAILABLE"};
    case Code::kDeadlineExceeded:
      return {504, "DEADLINE_EXCEEDED"};
    case Code::kBadUpstream:
      return {502, "BAD_UPSTREAM"};
    case Code::kInvalidRouting:
      return {500, "INVALID_ROUTING"};
    case Code::kInvalidCombination:
      return {500, "INVALID_COMBINATION"};
    case Code::kInvalidArgument:
      return {400, "INVALID_ARGUMENT"};
    case Code::kTooLarge:
      return {413, "RESOURCE_EXHAUSTED"};
    case Code::kHeaderTooLarge:
      return {431, "RESOURCE_EXHAUSTED"};
    case Code::kTooSlow:
      return {408, "RESOURCE_EXHAUSTED"};
    case Code::kOverloaded:
      return {503, "OVERLOADED"};
    case Code::kNotFound:
      return {404, "NOT_FOUND"};
    case Code::kMethodNotAllowed:
      return {405, "NOT_FOUND"};
    case Code::kCancelled:
      return {499, "CANCELLED"};
    case Code::kInternal:
      break;
  }
  return {500, "INTERNAL"};
}

protocol::Payload seldon_error(const Status& status) {
  if (status.code() == Code::kUpstream && status.answer()) return *status.answer();
  const HttpFailure failure = http_failure(status);
  std::string info = status.message();
  if (!status.node().empty()) info += " (node \"" + status.node() + "\")";
  auto body = protocol::Payload::json(protocol::write_status(failure.status, info, failure.reason));
  body.set_status(failure.status);
  return body;
}

}  // namespace infergraph::engine
