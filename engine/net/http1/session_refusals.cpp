// What a session says to a request that it refuses.
#include <string>

#include "base/duration.hpp"
#include "engine/net/http1/request_target.hpp"
#include "engine/net/http1/session.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::Status;

namespace {

std::string text_of(Clock::duration duration) {
  return duration_text(std::chrono::duration_cast<std::chrono::milliseconds>(duration));
}

}  // namespace

Status HttpSession::objection() const {
  const MessageHead& head = reader_.head();
  if (!head.has_host && head.version >= 11) {
    return {Code::kInvalidArgument, "HTTP/1.1 wants exactly one Host header"};
  }
  if (head.has_host && !is_host(head.host)) {
    return {Code::kInvalidArgument, "the Host header is no host"};
  }
  if (!read_target(head.verb, head.target)) {
    return {Code::kInvalidArgument, "the request's target is none"};
  }
  return no_room();
}

Status HttpSession::no_room() const {
  if (host_.refused != nullptr) host_.refused->add();
  return {Code::kOverloaded, place_.is_spare() ? kOutOfDescriptors : kTooManyConnections};
}

Status HttpSession::fault() const {
  switch (reader_.fault()) {
    case HttpFault::kHeaderTooLarge:
      return {Code::kHeaderTooLarge, "the request's head is over " +
                                         std::to_string(host_.limits.header) +
                                         " bytes (--max_header_bytes)"};
    case HttpFault::kBodyTooLarge:
      return {Code::kTooLarge, "the request's body is over " + std::to_string(host_.limits.body) +
                                   " bytes (--max_body_bytes)"};
    default:
      return {Code::kInvalidArgument, std::string(reader_.fault_text())};
  }
}

Status HttpSession::slowness() const {
  if (state_ == State::kBody) {
    return {Code::kTooSlow, "nothing more of the request's body came for " +
                                text_of(host_.timeouts.progress) + " (--progress_timeout)"};
  }
  if (place_.is_reserve()) return no_room();
  return {Code::kTooSlow, "the request's head wasn't there after " + text_of(host_.timeouts.head) +
                              " (--read_timeout)"};
}

}  // namespace infergraph::engine
