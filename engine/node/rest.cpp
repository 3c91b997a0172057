#include "engine/node/rest.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "base/ascii.hpp"
#include "engine/node/exhaustion.hpp"
#include "engine/node/redirect.hpp"
#include "engine/node/retry.hpp"
#include "protocol/convert/status_map.hpp"
#include "protocol/routes.hpp"
#include "protocol/v2/json_size.hpp"

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

// RFC 9110 §15 has none beyond.
constexpr int kMostStatus = 599;

// Where the binary part of a v2 answer begins, as its node says.
std::optional<std::size_t> json_size_of(std::span<const protocol::HeaderField> headers) {
  for (const protocol::HeaderField& field : headers) {
    if (!same_name(field.name, protocol::kJsonSizeHeader)) continue;
    std::size_t size = 0;
    const char* const end = field.value.data() + field.value.size();
    const auto [stop, error] = std::from_chars(field.value.data(), end, size);
    if (error == std::errc() && stop == end) return size;
  }
  return std::nullopt;
}

std::array<CallMeter::Labels, protocol::kMethodCount> labels_of(const RequestHead::Texts& paths) {
  std::array<CallMeter::Labels, protocol::kMethodCount> made;
  for (std::size_t i = 0; i < made.size(); ++i) {
    const bool gets = protocol::rest_verb(static_cast<Method>(i)) == "GET";
    made[i] = {paths[i], gets ? "get" : "post"};
  }
  return made;
}

// How many 1xx a node may say before its answer. One a second lasts for a quarter of an hour.
constexpr int kMostInterimAnswers = 1000;

}  // namespace

// One try of a call: what a cancellation or the deadline closes.
class RestNode::Exchange final : public Cancellable, private Timed {
 public:
  Exchange(HttpPool::Lease its_lease, CallContext& context, IoThread& io)
      : lease(std::move(its_lease)), io_(io) {
    context.cancel->add(*this);
  }

  HttpPool::Lease lease;
  std::optional<Code> stopped;  // kCancelled or kDeadlineExceeded

  void limit(Deadline until) {
    deadline = until.at();
    if (!until.is_never() && !TimedHook::is_linked()) io_.calls.watch(*this);
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
      timeout_(to_clock(options_.timeout)),
      head_(options_.protocol, options_.model, options_.status_path, pool.book()),
      meter_(metrics, pool.io().index, name_, image, version, labels_of(head_.paths())) {}

Awaitable<RestNode::Answer> RestNode::call(Method method, Payload payload, CallContext& context) {
  const auto started = meter_.begin(context);
  try {
    const Deadline limit = std::min(context.deadline, Deadline::after(started, timeout_));
    std::string target;
    auto answer = co_await send(method, payload, context, limit, target);
    if (!answer && is_redirect(answer, method, context, target)) {
      answer = co_await send(method, payload, context, limit, target);
    }
    meter_.end(context, method, started,
               answer ? answer->status() : protocol::http_failure(answer.error()).status);
    co_return answer;
  } catch (...) {
    meter_.abandon(context);
    throw;
  }
}

Awaitable<RestNode::Answer> RestNode::send(Method method, const Payload& payload,
                                           CallContext& context, Deadline limit,
                                           std::string& target) {
  for (bool retrying = false;; retrying = true) {
    if (context.cancel->cancelled()) co_return failed(Code::kCancelled, "cancelled");
    auto lease = pool_.lease(retrying);
    if (!lease) co_return failed(Code::kUnavailable, "can't resolve: " + pool_.book().error());
    Exchange exchange(*std::move(lease), context, pool_.io());
    if (exchange.lease.connection() == nullptr) {
      auto failure = co_await connect(exchange, method, limit);
      if (failure) co_return *std::move(failure);
    }
    exchange.limit(limit);
    NodeConnection& connection = *exchange.lease.connection();

    if (must_be_seen_alive(method, connection.used) && connection.peer_has_gone()) continue;

    connection.start_read();
    head_.write(connection.head, method, payload, context, target);
    Outgoing outgoing(connection.head,
                      RequestHead::has_body(method) ? payload.bytes() : std::string_view());
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
    int interim_answers = 0;
    while (!exchange.stopped &&
           (progress == ResponseReader::Progress::kNeedMore ||
            (progress == ResponseReader::Progress::kDone && reader.head().status / 100 == 1))) {
      if (progress == ResponseReader::Progress::kDone) {
        if (reader.head().status == 101 || ++interim_answers > kMostInterimAnswers) break;
        reader.start(reader.block_behind());
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

    const TcpEndpoint& peer = exchange.lease.endpoint();
    if (exchange.stopped) {
      co_return *exchange.stopped == Code::kCancelled
          ? failed(Code::kCancelled, "cancelled", peer)
          : failed(Code::kDeadlineExceeded, "no answer in time", peer);
    }
    if (progress == ResponseReader::Progress::kDone && reader.head().status >= 200) {
      if (outgoing.done() && !reader.head().closes && reader.rest().empty()) exchange.lease.keep();
      if (reader.head().status / 100 != 2) co_return error_of(reader, peer, target);
      co_return payload_of(reader);
    }
    if (interim_answers > kMostInterimAnswers) {
      co_return failed(Code::kBadUpstream, "bad answer: too many interim answers", peer);
    }
    if (progress == ResponseReader::Progress::kDone) {  // 101, or a status that there isn't
      co_return bad_status(reader.head().status, peer);
    }
    const Reached reached = any_byte               ? Reached::kAnswering
                            : outgoing.untouched() ? Reached::kNotServed
                                                   : Reached::kPerhapsServed;
    if (repeat_after({method, reached, connection.used, retrying}) != Repeat::kNo) {
      if (auto* retries = pool_.retries()) retries->add();
      continue;
    }
    if (connection.ended()) co_return failed(Code::kUnavailable, "connection lost", peer);
    co_return failed(Code::kBadUpstream, "bad answer: " + std::string(reader.fault_text()), peer);
  }
}

Payload RestNode::payload_of(const ResponseReader& reader) const {
  Payload answer = reader.body();
  answer.set_status(reader.head().status);
  answer.set_origin(name_);
  answer.set_protocol(options_.protocol);
  answer.set_headers({reader.block()->fields.data(), reader.block()->fields.size()});
  if (options_.protocol == protocol::Protocol::kV2) {
    if (const auto size = json_size_of(answer.headers())) answer.set_json_size(*size);
  }
  return answer;
}

Status RestNode::error_of(const ResponseReader& reader, const TcpEndpoint& peer,
                          std::string& target) const {
  const int status = reader.head().status;
  if (status > kMostStatus) return bad_status(status, peer);
  if (status / 100 == 3) {
    target.clear();
    auto& fields = reader.block()->fields;
    for (auto field = fields.begin(); field != fields.end();) {
      if (!same_name(field->name, "Location")) {
        ++field;
      } else {
        target = field->value;
        field = fields.erase(field);
      }
    }
  }
  Status failure = Status::from_upstream(name_, payload_of(reader));
  failure.set_peer(to_text(peer));
  return failure;
}

Status RestNode::bad_status(int status, const TcpEndpoint& peer) const {
  return failed(Code::kBadUpstream, "bad answer: status " + std::to_string(status), peer);
}

// Whether to ask once more, and then at `target`.
bool RestNode::is_redirect(const Answer& answer, Method method, const CallContext& context,
                           std::string& target) const {
  const Status failure = answer.error();  // Boost 1.81's gives no reference that could be kept
  const auto& redirect = failure.answer();
  if (!redirect || target.empty()) return false;
  if (redirect->status() != 307 && redirect->status() != 308) return false;
  auto found = redirect_target(target, head_.path(method, context), pool_.book().host(),
                               pool_.book().port());
  if (found) target = *std::move(found);
  return found.has_value();
}

Awaitable<std::optional<Status>> RestNode::connect(Exchange& exchange, Method method,
                                                   Deadline limit) {
  boost::system::error_code ec;
  TcpEndpoint peer;
  for (std::size_t others = pool_.address_count() - 1;; --others) {
    peer = exchange.lease.endpoint();
    exchange.lease.set_connection(pool_.make_connection());
    NodeConnection& connection = *exchange.lease.connection();
    exchange.limit(std::min(limit, Deadline::after(Clock::now(), options_.connect_timeout)));
    std::tie(ec) = co_await connection.socket().async_connect(peer, asio::as_tuple(asio::deferred));
    if (exchange.stopped == Code::kCancelled) co_return failed(Code::kCancelled, "cancelled", peer);
    pool_.count_connect(!ec && !exchange.stopped);
    if (exchange.stopped == Code::kDeadlineExceeded) {
      if (limit.has_passed(Clock::now())) {
        co_return failed(Code::kDeadlineExceeded, "no connection in time", peer);
      }
      exchange.stopped.reset();
      ec = asio::error::timed_out;
    }
    if (!ec) {
      boost::system::error_code ignored;
      connection.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
      connection.set_block(Block::make());
      co_return std::nullopt;
    }
    // It is the engine that has run out: the node isn't to blame, nor would another address help.
    if (is_exhaustion(ec)) co_return exhausted(ec.message());
    exchange.lease.avoid();
    const FailedTry failed_try{method, Reached::kNoConnection, false, false, others};
    if (repeat_after(failed_try) == Repeat::kNo) break;
    auto other = pool_.lease(true);
    if (!other) break;
    exchange.lease = *std::move(other);
  }
  co_return failed(Code::kUnavailable, "can't connect: " + ec.message(), peer);
}

Status RestNode::failed(Code code, std::string_view what) const {
  return {code, std::string(what) + " (" + head_.host() + ")", name_};
}

Status RestNode::failed(Code code, std::string_view what, const TcpEndpoint& peer) const {
  Status made = failed(code, what);
  made.set_peer(to_text(peer));
  return made;
}

}  // namespace infergraph::engine
