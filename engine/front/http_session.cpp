#include "engine/front/http_session.hpp"

#include <array>
#include <charconv>
#include <ctime>
#include <utility>

#include <boost/beast/http/status.hpp>

#include "engine/http/header_name.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::Status;
// With its size known, a literal is appended without looking for its end.
using namespace std::string_view_literals;

namespace {

// How long a drain waits for the first request of a connection that was just accepted.
constexpr auto kFirstRequestGrace = std::chrono::milliseconds(500);
// How long we read on after a refusal, so that the caller gets to see it (RFC 9112 §9.6).
constexpr auto kLinger = std::chrono::seconds(2);
// What a client with prior knowledge of HTTP/2 says first (RFC 9113 §3.4).
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

void append_number(std::string& text, std::size_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

bool has_no_body(int status) { return status == 204 || status == 304 || status / 100 == 1; }

// The target as the service sees it: absolute-form, which proxies send, loses scheme and host.
std::string_view path_of(std::string_view target) {
  if (target.starts_with('/')) return target;
  const auto scheme = target.find("://");
  if (scheme == std::string_view::npos) return target;
  const auto path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name, bool* present) const {
  for (const protocol::HeaderField& field : headers) {
    if (same_name(field.name, name)) {
      if (present != nullptr) *present = true;
      return field.value;
    }
  }
  if (present != nullptr) *present = false;
  return {};
}

std::string_view SessionHost::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> text{};
    const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    date_.assign(text.data(), size);
  }
  return date_;
}

HttpSession::HttpSession(SessionHost& host, Socket socket)
    : host_(host), connection_(new Connection(std::move(socket))), reader_(host.limits) {
  maybe_http2_ = static_cast<bool>(host.take_http2);
  connection_->set_watcher(this);
  host_.sessions.insert(this);
  host_.io.connections.watch(*this);
  if (host_.open_gauge != nullptr) host_.open_gauge->add(1);
}

HttpSession::~HttpSession() {
  connection_->set_watcher(nullptr);
  connection_->close();
  if (host_.open_gauge != nullptr) host_.open_gauge->add(-1);
  host_.sessions.erase(this);
  if (host_.on_session_end) host_.on_session_end();
}

graph::Awaitable<void> HttpSession::serve(SessionHost& host, Socket socket, bool overloaded) {
  HttpSession session(host, std::move(socket));
  if (overloaded) {
    session.connection_->set_block(Block::make());
    co_await session.refuse(Status(Code::kOverloaded, "too many connections"));
  } else {
    co_await session.run();
  }
}

graph::Awaitable<void> HttpSession::run() {
  connection_->set_block(Block::make());
  // One co_await a statement: GCC 12 miscompiles two of them joined by &&.
  for (;;) {
    const bool has_request = co_await read_request();
    if (!has_request) break;
    const bool goes_on = co_await answer_request();
    if (!goes_on) break;
    served_any_ = true;
    maybe_http2_ = false;
  }
}

void HttpSession::enter(State state, Clock::duration limit) {
  state_ = state;
  deadline = limit == Clock::duration::max() ? Clock::time_point::max() : Clock::now() + limit;
}

graph::Awaitable<bool> HttpSession::read_request() {
  reader_.start(connection_->block());
  timed_out_ = continued_ = false;
  if (reader_.block()->size == 0) {
    // Who was accepted at the last moment has missed drain(), so it is looked at here too.
    enter(State::kIdle, host_.draining
                            ? std::min<Clock::duration>(host_.timeouts.idle, kFirstRequestGrace)
                            : host_.timeouts.idle);
  }
  for (;;) {
    if (maybe_http2_ && opening() == Opening::kHttp2) {
      hand_over();
      co_return false;
    }
    const auto progress = maybe_http2_ && opening() == Opening::kMaybeHttp2
                              ? RequestReader::Progress::kNeedMore
                              : reader_.advance();
    if (progress == RequestReader::Progress::kDone) break;
    if (progress == RequestReader::Progress::kFault) {
      const Code code = reader_.fault() == HttpFault::kHeaderTooLarge ? Code::kHeaderTooLarge
                        : reader_.fault() == HttpFault::kBodyTooLarge ? Code::kTooLarge
                                                                      : Code::kInvalidArgument;
      co_await refuse(Status(code, std::string(reader_.fault_text())));
      co_return false;
    }
    connection_->set_block(reader_.block());
    if (reader_.head_done()) {
      if (state_ != State::kBody && !request_is_sane()) break;  // answered below, body unread
      continue_if_expected();
      enter(State::kBody, host_.timeouts.progress);
    } else if (reader_.block()->size > 0 && state_ != State::kHead) {
      enter(State::kHead, host_.timeouts.head);
    }
    if (!connection_->ended()) {
      connection_->start_read();
      co_await connection_->wait();
    }
    if (timed_out_ && state_ != State::kIdle) {
      co_await refuse(Status(Code::kTooSlow, "the request came too slowly"));
      co_return false;
    }
    if (timed_out_ && state_ == State::kIdle && !connection_->ended() &&
        (connection_->block()->size > 0 || connection_->has_unread())) {
      timed_out_ = false;  // it came just in time
      continue;
    }
    if (timed_out_ ||
        (connection_->ended() && reader_.advance() != RequestReader::Progress::kDone)) {
      co_return false;
    }
  }
  if (!request_is_sane()) {
    co_await refuse(Status(Code::kInvalidArgument, "HTTP/1.1 wants exactly one Host header"));
    co_return false;
  }
  co_return true;
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
  if (!ec) host_.take_http2(descriptor, {block->data(), block->size});
}

bool HttpSession::request_is_sane() {
  return reader_.head().has_host || reader_.head().version < 11;
}

void HttpSession::continue_if_expected() {
  if (continued_ || !reader_.head().expects_continue) return;
  continued_ = true;
  Outgoing interim("HTTP/1.1 100 Continue\r\n\r\n", {});
  boost::system::error_code ec;
  // Before any other answer the kernel always has room for these few bytes.
  connection_->write_now(interim, ec);
}

graph::Awaitable<bool> HttpSession::answer_request() {
  const MessageHead& head = reader_.head();
  const auto block = reader_.block();

  // From here on the next message has a block of its own, so that the caller's end is noticed
  // during the walk. A caller who has sent more already is not read from until it is that request's
  // turn: its block may have to grow, which no read may be pending for.
  auto next = Block::make(std::max(Block::kInlineCapacity, 2 * reader_.rest().size()));
  next->size = reader_.rest().copy(next->data(), reader_.rest().size());
  connection_->set_block(std::move(next));
  enter(State::kServing, Clock::duration::max());
  graph::CancelScope cancel;
  request_ = &cancel;
  if (connection_->block()->size == 0) connection_->start_read();

  HttpRequest request;
  request.verb = head.verb;
  request.path = path_of(head.target);
  if (const auto question = request.path.find('?'); question != std::string_view::npos) {
    request.query = request.path.substr(question + 1);
    request.path = request.path.substr(0, question);
  }
  request.headers = {block->fields.data(), block->fields.size()};
  request.body = reader_.body();
  request.cancel = &cancel;
  is_head_ = head.verb == "HEAD";

  header_lines_.clear();
  const HttpResponse response = co_await host_.service.handle(request, header_lines_);
  request_ = nullptr;
  if (cancel.cancelled()) co_return false;

  // In a drain too, what has reached us is answered: a pipelined request keeps the connection open.
  const bool leaves = (host_.winding_down || host_.draining) && connection_->block()->size == 0 &&
                      !connection_->has_unread();
  const bool close = head.closes || leaves;
  const bool written = co_await write(response, close);
  co_return written && !close;
}

graph::Awaitable<bool> HttpSession::write(const HttpResponse& response, bool close) {
  const bool old_version = reader_.head().version < 11;
  head_.assign(old_version ? "HTTP/1.0 "sv : "HTTP/1.1 "sv);
  append_number(head_, static_cast<std::size_t>(response.status));
  head_ += ' ';
  const auto reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  head_.append(reason.data(), reason.size());
  head_.append("\r\n"sv);
  head_ += header_lines_;
  const protocol::Payload& body = response.body;
  if (!body.content_type().empty()) {
    head_.append("Content-Type: "sv).append(body.content_type()).append("\r\n"sv);
  }
  if (!body.content_encoding().empty()) {
    head_.append("Content-Encoding: "sv).append(body.content_encoding()).append("\r\n"sv);
  }
  head_.append("Date: "sv).append(host_.date());
  if (!has_no_body(response.status)) {
    head_.append("\r\nContent-Length: "sv);
    append_number(head_, body.bytes().size());
  }
  if (close) {
    head_.append("\r\nConnection: close"sv);
  } else if (old_version) {
    head_.append("\r\nConnection: keep-alive"sv);
  }
  head_.append("\r\n\r\n"sv);

  const bool bodiless = is_head_ || has_no_body(response.status);
  Outgoing outgoing(head_, bodiless ? std::string_view() : body.bytes());
  boost::system::error_code ec;
  if (!connection_->write_now(outgoing, ec) && !ec) {
    enter(State::kWriting, host_.timeouts.progress);
    ec = co_await connection_->write_rest(outgoing, *this, host_.timeouts.progress, false);
  }
  co_return !ec;
}

graph::Awaitable<void> HttpSession::refuse(Status why) {
  header_lines_.clear();
  is_head_ = false;
  const HttpResponse response = host_.service.refuse(why, header_lines_);
  if (co_await write(response, true)) co_await linger();
}

graph::Awaitable<void> HttpSession::linger() {
  boost::system::error_code ignored;
  connection_->socket().shutdown(Socket::shutdown_send, ignored);
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

void HttpSession::on_bytes_or_end() {
  if (connection_->ended() && request_ != nullptr) request_->cancel();
}

void HttpSession::on_deadline() {
  deadline = Clock::time_point::max();
  timed_out_ = true;
  if (state_ == State::kWriting) {
    connection_->close();
  } else {
    connection_->wake();
  }
}

}  // namespace infergraph::engine
