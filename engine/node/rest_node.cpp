#include "engine/node/rest_node.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "engine/http/header_name.hpp"
#include "engine/status_map.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;
using graph::CallContext;
using protocol::Code;
using protocol::Method;
using protocol::Payload;
using protocol::Status;
using enum protocol::Protocol;
// With its size known, a literal is appended without looking for its end.
using namespace std::string_view_literals;

namespace {

bool has_body(Method method) { return method != Method::kStatus && method != Method::kMetadata; }

constexpr std::string_view kJsonSize = "Inference-Header-Content-Length";

// Where the binary part of a v2 answer begins, as its node says.
std::optional<std::size_t> json_size_of(std::span<const protocol::HeaderField> headers) {
  for (const protocol::HeaderField& field : headers) {
    if (!same_name(field.name, kJsonSize)) continue;
    std::size_t size = 0;
    const char* const end = field.value.data() + field.value.size();
    const auto [stop, error] = std::from_chars(field.value.data(), end, size);
    if (error == std::errc() && stop == end) return size;
  }
  return std::nullopt;
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits{};
  out.append(digits.data(),
             std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

RestNode::Texts paths_of(const RestNodeOptions& options) {
  RestNode::Texts made;
  const std::string model = protocol::percent_encoded(options.model);
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i] = protocol::rest_path(options.protocol, static_cast<Method>(i), model);
  }
  return made;
}

std::array<CallMeter::Labels, protocol::kMethodCount> labels_of(const RestNode::Texts& paths) {
  std::array<CallMeter::Labels, protocol::kMethodCount> made;
  for (std::size_t i = 0; i < made.size(); ++i) {
    const bool gets = protocol::rest_verb(static_cast<Method>(i)) == "GET";
    made[i] = {paths[i], gets ? "get" : "post"};
  }
  return made;
}

}  // namespace

// One try of a call: what a cancellation or the deadline closes.
class RestNode::Exchange final : public graph::Cancellable, private Timed {
 public:
  Exchange(HttpPool::Lease its_lease, CallContext& context, IoThread& io)
      : lease(std::move(its_lease)), io_(io) {
    context.cancel->add(*this);
  }

  HttpPool::Lease lease;
  std::optional<Code> stopped;  // kCancelled or kDeadlineExceeded

  void limit(Clock::time_point until) {
    deadline = until;
    if (until != Clock::time_point::max() && !TimedHook::is_linked()) io_.calls.watch(*this);
  }
  Timed& timed() { return *this; }

  void cancel() override { stop(Code::kCancelled); }

 private:
  void on_deadline() override {
    deadline = Clock::time_point::max();
    stop(Code::kDeadlineExceeded);
  }
  void stop(Code why) {
    if (stopped) return;
    stopped = why;
    if (lease.connection() != nullptr) lease.connection()->close();
  }

  IoThread& io_;
};

RestNode::RestNode(std::string name, HttpPool& pool, RestNodeOptions options,
                   metrics::Families* metrics, const std::string& image, const std::string& version)
    : name_(std::move(name)),
      pool_(pool),
      options_(std::move(options)),
      paths_(paths_of(options_)),
      meter_(metrics, pool.io().index, name_, image, version, labels_of(paths_)) {
  const std::string& host = pool.book().host();
  const bool is_ipv6 = host.find(':') != std::string::npos;
  host_ = (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(pool.book().port());
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    request_lines_[i].append(protocol::rest_verb(static_cast<Method>(i))).append(" ");
    request_lines_[i].append(paths_[i]).append(" HTTP/1.1\r\nHost: ").append(host_).append("\r\n");
  }
}

graph::Awaitable<RestNode::Answer> RestNode::call(Method method, Payload payload,
                                                  CallContext& context) {
  const auto started = meter_.begin(context);
  auto answer = co_await send(method, payload, context, started);
  meter_.end(context, method, started,
             answer ? answer->status() : http_failure(answer.error()).status);
  co_return answer;
}

graph::Awaitable<RestNode::Answer> RestNode::send(Method method, const Payload& payload,
                                                  CallContext& context, Clock::time_point started) {
  const auto limit =
      options_.timeout ? std::min(context.deadline, started + *options_.timeout) : context.deadline;
  for (bool retrying = false;; retrying = true) {
    if (context.cancel->cancelled()) co_return failed(Code::kCancelled, "cancelled");
    auto lease = pool_.lease(retrying);
    if (!lease) co_return failed(Code::kUnavailable, "can't resolve: " + pool_.book().error());
    Exchange exchange(*std::move(lease), context, pool_.io());
    if (exchange.lease.connection() == nullptr) {
      auto failure = co_await connect(exchange, limit);
      if (failure) co_return *std::move(failure);
    }
    exchange.limit(limit);
    NodeConnection& connection = *exchange.lease.connection();

    // Asked only here: for every other method a stale connection shows by itself, and is repeated.
    if (method == Method::kSendFeedback && connection.used && connection.peer_has_gone()) continue;

    connection.start_read();
    write_head(connection.head, method, payload, context);
    Outgoing outgoing(connection.head, has_body(method) ? payload.bytes() : std::string_view());
    boost::system::error_code write_error;
    if (!connection.write_now(outgoing, write_error) && !write_error) {
      write_error =
          co_await connection.write_rest(outgoing, exchange.timed(), Clock::duration::zero(), true);
    }

    // Even when writing failed there may be an answer: a node may refuse a body that it won't read.
    ResponseReader& reader = connection.reader;
    reader.start(connection.block());
    auto progress = reader.advance(connection.ended());
    bool any_byte = reader.block()->size > 0;
    while (!exchange.stopped &&
           (progress == ResponseReader::Progress::kNeedMore ||
            (progress == ResponseReader::Progress::kDone && reader.head().status / 100 == 1))) {
      if (progress == ResponseReader::Progress::kDone) {
        if (reader.head().status == 101) break;
        auto next = Block::make(std::max(Block::kInlineCapacity, 2 * reader.rest().size()));
        next->size = reader.rest().copy(next->data(), reader.rest().size());
        reader.start(std::move(next));
      } else if (connection.ended()) {
        break;
      } else {
        connection.set_block(reader.block());
        connection.start_read();
        co_await connection.wait();
      }
      progress = reader.advance(connection.ended());
      any_byte = any_byte || reader.block()->size > 0;
    }

    if (exchange.stopped) {
      co_return *exchange.stopped == Code::kCancelled
          ? failed(Code::kCancelled, "cancelled")
          : failed(Code::kDeadlineExceeded, "no answer in time");
    }
    if (progress == ResponseReader::Progress::kDone && reader.head().status >= 200) {
      if (outgoing.done() && !reader.head().closes && reader.rest().empty()) exchange.lease.keep();
      Payload answer = reader.body();
      answer.set_status(reader.head().status);
      answer.set_origin(name_);
      answer.set_protocol(options_.protocol);
      answer.set_headers({reader.block()->fields.data(), reader.block()->fields.size()});
      if (options_.protocol == protocol::Protocol::kV2) {
        if (const auto size = json_size_of(answer.headers())) answer.set_json_size(*size);
      }
      if (reader.head().status / 100 != 2)
        co_return Status::from_upstream(name_, std::move(answer));
      co_return answer;
    }
    if (!any_byte && connection.used && !retrying &&
        (method != Method::kSendFeedback || outgoing.untouched())) {
      if (auto* retries = pool_.retries()) retries->add();
      continue;
    }
    if (connection.ended()) co_return failed(Code::kUnavailable, "connection lost");
    co_return failed(
        Code::kBadUpstream,
        "bad answer: " + std::string(reader.fault() == HttpFault::kNone ? "switching protocols"
                                                                        : reader.fault_text()));
  }
}

graph::Awaitable<std::optional<Status>> RestNode::connect(Exchange& exchange,
                                                          Clock::time_point limit) {
  boost::system::error_code ec;
  for (std::size_t tries = pool_.address_count(); tries > 0; --tries) {
    exchange.lease.set_connection(pool_.make_connection());
    NodeConnection& connection = *exchange.lease.connection();
    exchange.limit(std::min(limit, Clock::now() + options_.connect_timeout));
    std::tie(ec) = co_await connection.socket().async_connect(exchange.lease.endpoint(),
                                                              asio::as_tuple(asio::deferred));
    if (exchange.stopped == Code::kCancelled) co_return failed(Code::kCancelled, "cancelled");
    if (exchange.stopped == Code::kDeadlineExceeded) {
      if (Clock::now() >= limit) co_return failed(Code::kDeadlineExceeded, "no connection in time");
      exchange.stopped.reset();
      ec = asio::error::timed_out;
    }
    if (!ec) {
      boost::system::error_code ignored;
      connection.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
      connection.set_block(Block::make());
      co_return std::nullopt;
    }
    exchange.lease.avoid();
    if (tries > 1) {
      auto other = pool_.lease(true);
      if (!other) break;
      exchange.lease = *std::move(other);
    }
  }
  co_return failed(Code::kUnavailable, "can't connect: " + ec.message());
}

void RestNode::write_request_line(std::string& head, Method method,
                                  const CallContext& context) const {
  const bool is_own = context.protocol != options_.protocol || options_.protocol == kSeldon ||
                      (context.model.empty() && context.model_version.empty() &&
                       context.operation == protocol::Operation::kPredict);
  if (is_own) {
    head = request_lines_[static_cast<std::size_t>(method)];
    return;
  }
  std::string model = context.model.empty() ? protocol::percent_encoded(options_.model)
                                            : std::string(context.model);
  model += context.model_version;
  head = protocol::rest_verb(method);
  head.append(" ").append(protocol::rest_path(options_.protocol, method, model, context.operation));
  head.append(" HTTP/1.1\r\nHost: ").append(host_).append("\r\n");
}

void RestNode::write_head(std::string& head, Method method, const Payload& payload,
                          const CallContext& context) const {
  write_request_line(head, method, context);
  for (const protocol::HeaderField& field : context.headers) {
    if (same_name(field.name, "seldon-puid") || same_name(field.name, kJsonSize)) continue;
    head.append(field.name).append(": "sv).append(field.value).append("\r\n"sv);
  }
  head.append("Seldon-Puid: "sv).append(context.puid).append("\r\n"sv);
  if (has_body(method)) {
    if (!payload.content_type().empty()) {
      head.append("Content-Type: "sv).append(payload.content_type()).append("\r\n"sv);
    }
    if (!payload.content_encoding().empty()) {
      head.append("Content-Encoding: "sv).append(payload.content_encoding()).append("\r\n"sv);
    }
    if (const auto json_size = payload.json_size()) {
      head.append(kJsonSize).append(": "sv);
      append_number(head, *json_size);
      head.append("\r\n"sv);
    }
    head.append("Content-Length: "sv);
    append_number(head, payload.size());
    head.append("\r\n"sv);
  }
  head.append("\r\n"sv);
}

Status RestNode::failed(Code code, std::string_view what) const {
  return {code, std::string(what) + " (" + host_ + ")", name_};
}

}  // namespace infergraph::engine
