#include "engine/net/http1/session.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include "engine/net/http1/request_target.hpp"
#include "engine/net/http1/response_head.hpp"
#include "engine/observe/tell_exception.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::Status;

namespace {

// How long a drain waits for the first request of a connection that was just accepted.
constexpr auto kFirstRequestGrace = std::chrono::milliseconds(500);
// How long we read on after a refusal, so that the caller gets to see it (RFC 9112 §9.6).
constexpr auto kLinger = std::chrono::seconds(2);
// How long a caller may keep a place of the reserve before his head is there.
constexpr auto kReserveHead = std::chrono::seconds(2);
// How long requests that lie ready behind each other are answered before others get a turn.
constexpr auto kTurn = std::chrono::microseconds(250);
// How often we look whether a caller has gone from whom we can't read.
constexpr auto kGoneCheck = std::chrono::milliseconds(250);
// What a client with prior knowledge of HTTP/2 says first (RFC 9113 §3.4).
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace

HttpSession::HttpSession(SessionHost& host, Socket socket, Place place)
    : place_(std::move(place)),
      host_(host),
      connection_(new Connection(std::move(socket))),
      reader_(host.limits) {
  maybe_http2_ = static_cast<bool>(host.take_http2);
  host_.io.connections.watch(*this);
  host_.sessions.insert(this);  // last of what may throw: no end would take it out again
  connection_->set_watcher(this);
  if (host_.open_gauge != nullptr) host_.open_gauge->add(1);
}

HttpSession::~HttpSession() {
  connection_->set_watcher(nullptr);
  connection_->close();
  if (host_.open_gauge != nullptr) host_.open_gauge->add(-1);
  host_.sessions.erase(this);
}

Awaitable<void> HttpSession::serve(SessionHost& host, Socket socket, Place place) {
  HttpSession session(host, std::move(socket), std::move(place));
  co_await session.run();
}

Awaitable<void> HttpSession::run() {
  connection_->set_block(Block::make());
  bool thrown = false;
  Clock::time_point turn_began;
  // One co_await a statement: GCC 12 miscompiles two of them joined by &&.
  try {
    while (!host_.closed) {
      answered_ = false;
      const bool has_request = co_await read_request();
      if (!has_request) break;
      const bool goes_on = co_await answer_request();
      if (!goes_on) break;
      served_any_ = true;
      maybe_http2_ = false;
      if (connection_->block()->size == 0) continue;
      // What lies there already would be answered without ever going through the loop.
      if (Clock::now() - turn_began < kTurn) continue;
      co_await boost::asio::post(host_.io.context.get_executor(), boost::asio::deferred);
      turn_began = Clock::now();
    }
  } catch (...) {
    request_ = nullptr;
    tell_exception("session", host_.io.exceptions);
    thrown = true;
  }
  // Of no use once an answer has begun.
  if (thrown && !answered_) co_await refuse(Status(Code::kInternal, "out of memory"));
}

void HttpSession::enter(State state, Clock::duration limit) {
  state_ = state;
  deadline = limit == Clock::duration::max() ? Clock::time_point::max() : Clock::now() + limit;
}

Clock::duration HttpSession::idle_limit() const {
  if (place_.is_reserve()) return kReserveHead;
  // Who was accepted at the last moment has missed drain(), so it is looked at here too.
  if (host_.draining) return std::min<Clock::duration>(host_.timeouts.idle, kFirstRequestGrace);
  return host_.timeouts.idle;
}

Awaitable<bool> HttpSession::read_request() {
  reader_.start(connection_->block());
  timed_out_ = continued_ = head_checked_ = false;
  if (reader_.block()->size == 0) enter(State::kIdle, idle_limit());
  // Which of them is asked behind the loop: a Status in one place keeps the frame short.
  Status (HttpSession::*objects)() const = nullptr;
  for (;;) {
    if (maybe_http2_ && opening() == Opening::kHttp2) {
      hand_over();
      co_return false;
    }
    const auto progress = maybe_http2_ && opening() == Opening::kMaybeHttp2
                              ? RequestReader::Progress::kNeedMore
                              : reader_.advance();
    if (reader_.head_done() && !head_checked_) {
      head_checked_ = true;
      if (!head_is_good()) {
        objects = &HttpSession::objection;
        break;
      }
    }
    if (progress == RequestReader::Progress::kDone) co_return true;
    if (progress == RequestReader::Progress::kFault) {
      objects = &HttpSession::fault;
      break;
    }
    connection_->set_block(reader_.block());
    if (reader_.head_done()) {
      continue_if_expected();
      enter(State::kBody, host_.timeouts.progress);
    } else if (reader_.block()->size > 0 && state_ != State::kHead) {
      enter(State::kHead, place_.is_reserve()
                              ? std::min<Clock::duration>(host_.timeouts.head, kReserveHead)
                              : host_.timeouts.head);
    }
    if (!connection_->ended()) {
      connection_->start_read();
      co_await connection_->wait();
    }
    if (timed_out_ && state_ != State::kIdle) {
      objects = &HttpSession::slowness;
      break;
    }
    if (timed_out_ && !connection_->ended() &&
        (connection_->block()->size > 0 || connection_->has_unread())) {
      timed_out_ = false;  // it came just in time
      continue;
    }
    if (timed_out_ ||
        (connection_->ended() && reader_.advance() != RequestReader::Progress::kDone)) {
      co_return false;
    }
  }
  co_await refuse((this->*objects)());
  co_return false;
}

bool HttpSession::head_is_good() {
  const MessageHead& head = reader_.head();
  if (head.has_host ? !is_host(head.host) : head.version >= 11) return false;
  const auto target = read_target(head.verb, head.target);
  if (!target) return false;
  return !place_.is_reserve() || host_.service.answers_when_full(head.verb, target->path);
}

HttpSession::Opening HttpSession::opening() const {
  const Block& block = *connection_->block();
  const std::string_view read(block.data(), block.size);
  if (read.starts_with(kHttp2Preface)) return Opening::kHttp2;
  return kHttp2Preface.starts_with(read) ? Opening::kMaybeHttp2 : Opening::kHttp1;
}

void HttpSession::hand_over() {
  const std::shared_ptr<Block> block = connection_->block();
  boost::system::error_code ec;
  const int descriptor = connection_->socket().release(ec);
  if (ec) return;
  if (place_.is_reserve() && host_.refused != nullptr) host_.refused->add();
  host_.take_http2(descriptor, {block->data(), block->size}, !place_.is_reserve());
}

void HttpSession::continue_if_expected() {
  if (continued_ || !reader_.head().expects_continue) return;
  continued_ = true;
  Outgoing interim("HTTP/1.1 100 Continue\r\n\r\n", {});
  boost::system::error_code ec;
  // Before any other answer the kernel always has room for these few bytes.
  connection_->write_now(interim, ec);
}

Awaitable<bool> HttpSession::answer_request() {
  const MessageHead& head = reader_.head();
  const auto block = reader_.block();

  // From here on the next message has a block of its own, so that the caller's end is noticed
  // during the walk. A caller who has sent more already is not read from until it is that request's
  // turn: its block may have to grow, which no read may be pending for.
  connection_->set_block(reader_.block_behind());
  enter(State::kServing, Clock::duration::max());
  CancelScope cancel;
  request_ = &cancel;
  if (connection_->block()->size == 0) {
    connection_->start_read();
  } else {
    enter(State::kServing, kGoneCheck);
  }

  HttpRequest request;
  request.verb = head.verb;
  const auto target = read_target(head.verb, head.target);
  request.path = target->path;
  request.query = target->query;
  request.headers = {block->fields.data(), block->fields.size()};
  request.body = reader_.body();
  request.cancel = &cancel;
  request.caller = this;
  is_head_ = head.verb == "HEAD";

  headers_.clear();
  const HttpResponse response = co_await host_.service.handle(request, headers_);
  request_ = nullptr;
  if (cancel.cancelled()) co_return false;

  // In a drain too, what has reached us is answered: a pipelined request keeps the connection open.
  const bool leaves = (host_.winding_down || host_.draining) && connection_->block()->size == 0 &&
                      !connection_->has_unread();
  const bool close = head.closes || leaves || place_.is_reserve();
  const bool written = co_await write(response, close);
  co_return written && !close;
}

Awaitable<bool> HttpSession::write(const HttpResponse& response, bool close) {
  write_head(
      head_, response,
      {host_.fixed_lines, headers_.fields(), host_.date(), reader_.head().version < 11, close});
  const bool bodiless = is_head_ || has_no_body(response.status);
  Outgoing outgoing(head_, bodiless ? std::string_view() : response.body.bytes());
  answered_ = true;
  boost::system::error_code ec;
  if (!connection_->write_now(outgoing, ec) && !ec) {
    enter(State::kWriting, host_.timeouts.progress);
    ec = co_await connection_->write_rest(outgoing, *this, host_.timeouts.progress, false);
  }
  co_return !ec;
}

Awaitable<void> HttpSession::refuse(Status why) {
  headers_.clear();
  is_head_ = false;
  const HttpResponse response = host_.service.refuse(why, headers_);
  if (co_await write(response, true)) co_await linger();
}

Awaitable<void> HttpSession::linger() {
  boost::system::error_code ignored;
  connection_->socket().shutdown(Socket::shutdown_send, ignored);
  if (!place_.linger()) co_return;
  enter(State::kLingering, kLinger);
  timed_out_ = false;
  while (!connection_->ended() && !timed_out_) {
    auto block = connection_->block();
    block->size = 0;  // what comes is thrown away
    connection_->start_read();
    co_await connection_->wait();
  }
}

void HttpSession::drain() {
  if (state_ != State::kIdle || connection_->has_unread()) return;
  if (!served_any_) {
    deadline = std::min(deadline, Clock::now() + kFirstRequestGrace);
  } else {
    timed_out_ = true;
    connection_->wake();
  }
}

void HttpSession::cut() {
  timed_out_ = true;
  if (request_ != nullptr) request_->cancel();
  connection_->close();
}

std::string_view HttpSession::under_way() const {
  switch (state_) {
    case State::kHead:
      return "(a head that has not come)";
    case State::kBody:
    case State::kServing:
    case State::kWriting: {
      const auto target = read_target(reader_.head().verb, reader_.head().target);
      return target ? target->path : "?";
    }
    case State::kIdle:
    case State::kLingering:
      break;
  }
  return {};
}

void HttpSession::on_bytes_or_end() {
  if (request_ == nullptr) return;
  if (connection_->ended()) {
    request_->cancel();
  } else {
    enter(State::kServing, kGoneCheck);  // nothing is read on, see answer_request()
  }
}

void HttpSession::on_deadline() {
  deadline = Clock::time_point::max();
  if (state_ == State::kServing) {
    if (request_ == nullptr) return;
    if (connection_->peer_has_gone()) {
      request_->cancel();
    } else {
      enter(State::kServing, kGoneCheck);
    }
    return;
  }
  timed_out_ = true;
  if (state_ == State::kWriting) {
    connection_->close();
  } else {
    connection_->wake();
  }
}

}  // namespace infergraph::engine
