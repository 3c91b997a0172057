#include "engine/node/request_head.hpp"

#include <algorithm>

#include "base/append_number.hpp"
#include "base/ascii.hpp"
#include "base/host_port.hpp"
#include "protocol/routes.hpp"
#include "protocol/v2/json_size.hpp"

namespace infergraph::engine {

using graph::CallContext;
using protocol::Method;
using protocol::Payload;
using enum protocol::Protocol;
// With its size known, a literal is appended without looking for its end.
using namespace std::string_view_literals;

namespace {

// Segments of a path of the caller's, percent-encoded as they are, but for "." and "..", which
// would lead elsewhere: those become bytes of a name.
std::string without_dots(std::string_view segments) {
  std::string made;
  while (!segments.empty()) {
    const std::size_t end = std::min(segments.find('/'), segments.size());
    const std::string_view segment = segments.substr(0, end);
    if (segment == "." || segment == "..") {
      made += protocol::percent_encoded(segment);
    } else {
      made += segment;
    }
    if (end < segments.size()) made += '/';
    segments.remove_prefix(std::min(end + 1, segments.size()));
  }
  return made;
}

}  // namespace

RequestHead::RequestHead(protocol::Protocol protocol, std::string model,
                         const std::string& status_path, const AddressBook& book)
    : protocol_(protocol), model_(std::move(model)) {
  host_ = host_port(book.host(), book.port());
  const std::string segment = protocol::percent_encoded(model_);
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    paths_[i] = protocol::rest_path(protocol_, static_cast<Method>(i), segment);
  }
  if (!status_path.empty()) paths_[static_cast<std::size_t>(Method::kStatus)] = status_path;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    lines_[i].append(protocol::rest_verb(static_cast<Method>(i))).append(" ");
    lines_[i].append(paths_[i]).append(" HTTP/1.1\r\nHost: ").append(host_).append("\r\n");
  }
}

bool RequestHead::has_body(Method method) {
  return method != Method::kStatus && method != Method::kMetadata;
}

bool RequestHead::asks_own_path(const CallContext& context) const {
  return context.protocol != protocol_ || protocol_ == kSeldon ||
         (context.model.empty() && context.model_version.empty() &&
          context.operation == protocol::Operation::kPredict);
}

std::string RequestHead::path(Method method, const CallContext& context) const {
  if (asks_own_path(context)) return paths_[static_cast<std::size_t>(method)];
  std::string model =
      context.model.empty() ? protocol::percent_encoded(model_) : without_dots(context.model);
  model += without_dots(context.model_version);
  return protocol::rest_path(protocol_, method, model, context.operation);
}

void RequestHead::write_line(std::string& head, Method method, const CallContext& context,
                             const std::string& target) const {
  if (target.empty() && asks_own_path(context)) {
    head = lines_[static_cast<std::size_t>(method)];
    return;
  }
  head = protocol::rest_verb(method);
  head.append(" ").append(target.empty() ? path(method, context) : target);
  head.append(" HTTP/1.1\r\nHost: ").append(host_).append("\r\n");
}

void RequestHead::write(std::string& head, Method method, const Payload& payload,
                        const CallContext& context, const std::string& target) const {
  write_line(head, method, context, target);
  for (const protocol::HeaderField& field : context.headers) {
    if (same_name(field.name, "seldon-puid") || same_name(field.name, protocol::kJsonSizeHeader))
      continue;
    head.append(field.name).append(": "sv).append(field.value).append("\r\n"sv);
  }
  // Each line ends where the next begins, which saves an append a line.
  head.append("Seldon-Puid: "sv).append(context.puid);
  if (has_body(method)) {
    if (!payload.content_type().empty()) {
      head.append("\r\nContent-Type: "sv).append(payload.content_type());
    }
    if (!payload.content_encoding().empty()) {
      head.append("\r\nContent-Encoding: "sv).append(payload.content_encoding());
    }
    if (const auto json_size = payload.json_size()) {
      head.append("\r\n"sv).append(protocol::kJsonSizeHeader).append(": "sv);
      append_number(head, *json_size);
    }
    head.append("\r\nContent-Length: "sv);
    append_number(head, payload.size());
  }
  head.append("\r\n\r\n"sv);
}

}  // namespace infergraph::engine
