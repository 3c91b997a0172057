#include "engine/status_map.hpp"

#include <string>
#include <utility>

#include "google/api/httpbody.pb.h"
#include "google/rpc/status.pb.h"
#include "protocol/codec/error_text.hpp"
#include "protocol/codec/seldon_json.hpp"
#include "protocol/json.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::GrpcCode;
using protocol::Payload;
using protocol::Protocol;
using protocol::Status;

namespace {

// How much of a node's error body goes into a message or its details: gRPC's metadata is for a few
// kilobytes, and callers refuse more.
constexpr std::size_t kBodyInMessage = 512;
constexpr std::size_t kBodyInDetails = 4096;

// Design §7.
GrpcCode to_grpc_code(int http_status) {
  switch (http_status) {
    case 400:
      return GrpcCode::kInvalidArgument;
    case 401:
      return GrpcCode::kUnauthenticated;
    case 403:
      return GrpcCode::kPermissionDenied;
    case 404:
      return GrpcCode::kNotFound;
    case 408:
    case 504:
      return GrpcCode::kDeadlineExceeded;
    case 409:
      return GrpcCode::kAborted;
    case 413:
    case 429:
      return GrpcCode::kResourceExhausted;
    case 499:
      return GrpcCode::kCancelled;
    case 501:
      return GrpcCode::kUnimplemented;
    case 502:
    case 503:
      return GrpcCode::kUnavailable;
    default:
      return GrpcCode::kInternal;
  }
}

std::string at_node(std::string text, const Status& status) {
  if (!status.node().empty()) text += " (node \"" + status.node() + "\")";
  return text;
}

// At most `most` bytes, not cut within a character.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

std::string details_of(GrpcCode code, const std::string& message, const protocol::Payload& answer) {
  google::api::HttpBody body;
  if (protocol::json::is_utf8(answer.content_type())) {
    body.set_content_type(std::string(answer.content_type()));
  }
  body.set_data(std::string(cut(answer.bytes(), kBodyInDetails)));
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.set_message(message);
  details.add_details()->PackFrom(body);
  return details.SerializeAsString();
}

}  // namespace

HttpFailure http_failure(const Status& status) {
  switch (status.code()) {
    case Code::kUpstream:
      if (status.answer()) return {status.answer()->status(), ""};
      if (status.grpc_answer()) {
        const GrpcCode code = status.grpc_answer()->code;
        return {to_http_status(code), protocol::name_of(code)};
      }
      break;
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

int to_http_status(GrpcCode code) {
  switch (code) {
    case GrpcCode::kOk:
      return 200;
    case GrpcCode::kCancelled:
      return 499;
    case GrpcCode::kInvalidArgument:
    case GrpcCode::kFailedPrecondition:
    case GrpcCode::kOutOfRange:
      return 400;
    case GrpcCode::kDeadlineExceeded:
      return 504;
    case GrpcCode::kNotFound:
      return 404;
    case GrpcCode::kAborted:
    case GrpcCode::kAlreadyExists:
      return 409;
    case GrpcCode::kPermissionDenied:
      return 403;
    case GrpcCode::kResourceExhausted:
      return 429;
    case GrpcCode::kUnimplemented:
      return 501;
    case GrpcCode::kUnavailable:
      return 503;
    case GrpcCode::kUnauthenticated:
      return 401;
    case GrpcCode::kUnknown:
    case GrpcCode::kInternal:
    case GrpcCode::kDataLoss:
      break;
  }
  return 500;
}

GrpcCode grpc_code(const Status& status) {
  switch (status.code()) {
    case Code::kUpstream:
      if (status.grpc_answer()) return status.grpc_answer()->code;
      return status.answer() ? to_grpc_code(status.answer()->status()) : GrpcCode::kInternal;
    case Code::kUnavailable:
      return GrpcCode::kUnavailable;
    case Code::kDeadlineExceeded:
      return GrpcCode::kDeadlineExceeded;
    case Code::kInvalidArgument:
      return GrpcCode::kInvalidArgument;
    case Code::kTooLarge:
    case Code::kHeaderTooLarge:
    case Code::kTooSlow:
    case Code::kOverloaded:
      return GrpcCode::kResourceExhausted;
    case Code::kNotFound:
      return GrpcCode::kNotFound;
    case Code::kMethodNotAllowed:
      return GrpcCode::kUnimplemented;
    case Code::kCancelled:
      return GrpcCode::kCancelled;
    case Code::kBadUpstream:
    case Code::kInvalidRouting:
    case Code::kInvalidCombination:
    case Code::kInternal:
      break;
  }
  return GrpcCode::kInternal;
}

protocol::GrpcStatus grpc_status(const Status& status) {
  const GrpcCode code = grpc_code(status);
  if (status.code() != Code::kUpstream) return {code, at_node(status.message(), status), ""};
  if (status.grpc_answer()) {
    return {code, at_node(status.message(), status), status.grpc_answer()->details};
  }
  if (!status.answer()) return {code, at_node(status.message(), status), ""};
  const protocol::Payload& answer = *status.answer();
  std::string message = "the node answered " + std::to_string(answer.status());
  const std::string_view body = cut(answer.bytes(), kBodyInMessage);
  // A message is text: callers' parsers refuse a status that isn't UTF-8.
  if (!body.empty() && answer.content_encoding().empty() && protocol::json::is_utf8(body)) {
    message.append(": ").append(body);
  }
  message = at_node(std::move(message), status);
  return {code, message, details_of(code, message, answer)};
}

protocol::Payload error_body(const Status& status, Protocol protocol) {
  const HttpFailure failure = http_failure(status);
  std::string message = status.message();
  std::string_view reason = failure.reason;
  if (status.code() == Code::kUpstream && status.answer()) {
    if (status.answer()->protocol() == protocol) return *status.answer();
    message = protocol::error_text(*status.answer(), kBodyInMessage);
    reason = protocol::name_of(to_grpc_code(failure.status));
  }
  message = at_node(std::move(message), status);
  std::string text;
  if (protocol == Protocol::kSeldon) {
    text = protocol::write_status(failure.status, message, reason);
  } else {
    text = "{\"error\":";
    protocol::json::append_string(text, message);
    text += '}';
  }
  auto body = Payload::json(std::move(text));
  body.set_status(failure.status);
  return body;
}

}  // namespace infergraph::engine
