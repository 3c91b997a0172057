#include "protocol/convert/status_map.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "base/utf8.hpp"
#include "google/api/httpbody.pb.h"
#include "google/rpc/status.pb.h"
#include "protocol/convert/error_text.hpp"
#include "protocol/json/json.hpp"
#include "protocol/seldon/json.hpp"

namespace infergraph::protocol {

namespace {

// How much of a node's error body goes into a message or its details.
constexpr std::size_t kBodyInMessage = 512;
constexpr std::size_t kBodyInDetails = 4096;
// gRPC's metadata is for a few kilobytes: callers refuse more than 8 KiB in all. So much of it may
// message and details take, as they are on the wire, and so much of that the text of the message.
constexpr std::size_t kMostMetadata = 7680;
constexpr std::size_t kMostText = 4096;
// Of a node's name. Kubernetes has none longer than 63.
constexpr std::size_t kMostName = 128;
// What google.rpc.Status and Any add to a body of an error.
constexpr std::size_t kDetailsFraming = 128;
// json::excerpt's.
constexpr std::string_view kDots = "…";

// docs/wire/engine.md §5.
GrpcCode code_for_http(int http_status) {
  switch (http_status) {
    case 400:
      return GrpcCode::kInvalidArgument;
    case 401:
      return GrpcCode::kUnauthenticated;
    case 403:
      return GrpcCode::kPermissionDenied;
    case 404:
      return GrpcCode::kNotFound;
    case 405:
    case 501:
      return GrpcCode::kUnimplemented;
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
    case 502:
    case 503:
      return GrpcCode::kUnavailable;
    default:
      return http_status / 100 == 4 ? GrpcCode::kInvalidArgument : GrpcCode::kInternal;
  }
}

std::string at_node(std::string text, const Status& status) {
  if (!status.node().empty()) {
    text += " (node \"" + json::excerpt(to_utf8(status.node()), kMostName) + "\")";
  }
  return text;
}

// What a byte of `grpc-message` takes on the wire, where it is percent-encoded.
std::size_t wire_size(char c) { return c >= 0x20 && c <= 0x7e && c != '%' ? 1 : 3; }

std::size_t wire_size(std::string_view text) {
  return std::transform_reduce(text.begin(), text.end(), std::size_t{0}, std::plus<>(),
                               [](char c) { return wire_size(c); });
}

// `text` for a message: well-formed, and not longer than one may be. What is no UTF-8 gets longer
// by being replaced, so it is counted behind that; a character that this cuts in two lies beyond.
std::string bounded(std::string_view text) {
  constexpr std::size_t kLongestCharacter = 4;
  const std::string whole = to_utf8(text.substr(0, kMostText + kLongestCharacter));
  std::size_t size = 0;
  std::size_t most = 0;
  while (most < whole.size() && size + wire_size(whole[most]) <= kMostText) {
    size += wire_size(whole[most++]);
  }
  return json::excerpt(whole, most);
}

// How many bytes of details there is room for beside `message`: on the wire they are base64.
std::size_t room_beside(const std::string& message) {
  const std::size_t taken = wire_size(message);
  return taken < kMostMetadata ? (kMostMetadata - taken) / 4 * 3 : 0;
}

std::string details_of(GrpcCode code, const std::string& message, const Payload& answer) {
  const std::size_t taken = kDetailsFraming + message.size();
  std::size_t room = room_beside(message);
  room = room > taken ? room - taken : 0;
  google::api::HttpBody body;
  const std::string_view type = answer.content_type();
  if (is_utf8(type) && type.size() <= room / 4) {
    body.set_content_type(std::string(type));
    room -= type.size();
  }
  std::string_view bytes = answer.bytes();
  const std::size_t most = std::min(kBodyInDetails, room);
  if (bytes.size() > most)
    bytes = bytes.substr(0, json::excerpt(bytes, most).size() - kDots.size());
  body.set_data(std::string(bytes));
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.set_message(message);
  details.add_details()->PackFrom(body);
  return details.SerializeAsString();
}

// A node's details as they are, or where they are too long, as many of them as there is room for.
std::string fitting(const std::string& details, const std::string& message) {
  const std::size_t room = room_beside(message);
  if (details.size() <= room) return details;
  google::rpc::Status all;
  if (!all.ParseFromString(details)) return "";
  google::rpc::Status kept;
  kept.set_code(all.code());
  kept.set_message(message);
  if (kept.ByteSizeLong() > room) return "";
  for (auto& detail : *all.mutable_details()) {
    *kept.add_details() = std::move(detail);
    if (kept.ByteSizeLong() > room) kept.mutable_details()->RemoveLast();
  }
  return kept.SerializeAsString();
}

}  // namespace

HttpFailure http_failure(const Status& status) {
  switch (status.code()) {
    case Code::kUpstream:
      if (status.answer()) return {status.answer()->status(), ""};
      if (status.grpc_answer()) {
        const GrpcCode code = status.grpc_answer()->code;
        return {to_http_status(code), name_of(code)};
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
      return status.answer() ? code_for_http(status.answer()->status()) : GrpcCode::kInternal;
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

GrpcStatus grpc_status(const Status& status) {
  const GrpcCode code = grpc_code(status);
  if (status.code() != Code::kUpstream || !status.answer()) {
    std::string message = at_node(bounded(status.message()), status);
    std::string details;
    if (status.grpc_answer()) details = fitting(status.grpc_answer()->details, message);
    return {code, std::move(message), std::move(details)};
  }
  const Payload& answer = *status.answer();
  std::string message = "the node answered " + std::to_string(answer.status());
  if (!answer.empty() && answer.content_encoding().empty()) {
    message.append(": ").append(json::excerpt(answer.bytes(), kBodyInMessage));
  }
  message = at_node(bounded(message), status);
  std::string details = details_of(code, message, answer);
  return {code, std::move(message), std::move(details)};
}

std::string failed_node(const Status& status) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const std::string_view name = status.node();
  std::string made;
  for (std::size_t i = 0; i < name.size() && made.size() < kMostName; ++i) {
    const char c = name[i];
    const bool is_edge = i == 0 || i + 1 == name.size();
    if (wire_size(c) == 1 && !(c == ' ' && is_edge)) {
      made += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      made += {'%', kHex[byte >> 4U], kHex[byte & 0xFU]};
    }
  }
  return made;
}

Payload error_body(const Status& status, Protocol protocol) {
  const HttpFailure failure = http_failure(status);
  std::string message = status.message();
  std::string_view reason = failure.reason;
  if (status.code() == Code::kUpstream && status.answer()) {
    if (status.answer()->protocol() == protocol) return *status.answer();
    message = error_text(*status.answer(), kBodyInMessage);
    reason = name_of(code_for_http(failure.status));
  }
  message = at_node(std::move(message), status);
  std::string text;
  if (protocol == Protocol::kSeldon) {
    text = write_status(failure.status, message, reason);
  } else {
    text = "{\"error\":";
    protocol::json::append_string(text, message);
    text += '}';
  }
  auto body = Payload::json(std::move(text));
  body.set_status(failure.status);
  return body;
}

}  // namespace infergraph::protocol
