// A caller's connection as a whole: bytes in any pieces, requests behind each other, an end at any
// place. The first byte chooses what the listener grants, the second the size of the pieces.
// However they are cut, the answers must be well formed, one for a request at most, and the session
// must end when its caller does.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include "engine/net/http1/session.hpp"
#include "protocol/convert/status_map.hpp"

namespace {

using namespace infergraph;
using namespace infergraph::engine;

// The shortest request is "G / HTTP/1.0" and an empty line.
constexpr std::size_t kShortestRequest = 16;
constexpr std::size_t kMostHead = 1000;

void demand(bool holds) {
  if (!holds) std::abort();
}

// Answers with what it got; those of odd length only after a turn of the loop.
class Echo final : public HttpService {
 public:
  explicit Echo(IoThread& io) : io_(io) {}

  Awaitable<HttpResponse> handle(const HttpRequest& request, protocol::HeaderList&) override {
    demand(request.path == "*" || request.path.starts_with('/') || request.verb == "CONNECT");
    for (const auto& field : request.headers) {
      demand(!field.name.empty());
      demand(field.value.find_first_of("\r\n") == std::string_view::npos);
    }
    const bool is_head = request.verb == "HEAD";
    heads.push_back(is_head);
    if (request.body.size() % 2 == 1) {
      co_await boost::asio::post(io_.context.get_executor(), boost::asio::deferred);
    }
    protocol::Payload body = request.body;
    body.set_content_type("application/octet-stream");
    body.set_content_encoding({});
    co_return HttpResponse{200, body};
  }
  HttpResponse refuse(const protocol::Status& why, protocol::HeaderList&) override {
    heads.push_back(false);
    ++refusals;
    demand(!why.message().empty());
    return {protocol::http_failure(why).status, {}};
  }
  bool answers_when_full(std::string_view, std::string_view path) const override {
    return path == "/live";
  }

  std::vector<bool> heads;  // of each answer: whether it has no body
  int refusals = 0;

 private:
  IoThread& io_;
};

IoThread& io_thread() {
  static IoThread io(0);
  return io;
}

// What the session sends until `done`.
void check_answers(std::string_view sent, const std::vector<bool>& heads) {
  std::size_t answers = 0;
  while (!sent.empty()) {
    const auto end = sent.find("\r\n\r\n");
    demand(end != std::string_view::npos);
    const std::string_view head = sent.substr(0, end + 2);
    demand(head.size() < kMostHead);
    sent.remove_prefix(end + 4);
    demand(head.starts_with("HTTP/1.1 ") || head.starts_with("HTTP/1.0 "));
    if (head.substr(9).starts_with("100 ")) continue;
    demand(answers < heads.size());
    const auto length = head.find("\r\nContent-Length: ");
    demand(length != std::string_view::npos && head.find("\r\nDate: ") != std::string_view::npos);
    const std::size_t size = std::strtoul(head.data() + length + 18, nullptr, 10);
    if (!heads[answers++]) {
      demand(size <= sent.size());
      sent.remove_prefix(size);
    }
    if (head.find("\r\nConnection: close\r\n") != std::string_view::npos) demand(sent.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  IoThread& io = io_thread();
  Echo echo(io);
  MessageLimits limits;
  limits.header = (data[0] & 1) != 0 ? 300 : 4000;
  limits.body = (data[0] & 2) != 0 ? 100 : 20000;
  SessionHost host(io, echo, limits, {});
  host.winding_down = (data[0] & 4) != 0;
  bool is_http2 = false;
  if ((data[0] & 8) != 0) {
    host.take_http2 = [&is_http2](int descriptor, std::string_view, bool) {
      is_http2 = true;
      ::close(descriptor);
    };
  }
  Places places({.callers = (data[0] & 16) != 0 ? 0 : 1,
                 .reserve = 1,
                 .lingering = (data[0] & 32) != 0 ? 0 : 1});
  const std::size_t step = data[1] == 255 ? size : std::size_t{1} + data[1];
  std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t whole = text.size();

  std::array<int, 2> ends{};
  demand(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  {
    Socket socket(io.context);
    socket.assign(boost::asio::ip::tcp::v4(), ends[0]);
    boost::asio::co_spawn(io.context, HttpSession::serve(host, std::move(socket), places.take()),
                          [](const std::exception_ptr& thrown) { demand(thrown == nullptr); });
  }

  std::string sent;
  const auto turn = [&] {
    io.context.restart();
    io.context.poll();
    std::array<char, 16384> bytes;
    for (ssize_t got = 0; (got = ::recv(ends[1], bytes.data(), bytes.size(), 0)) > 0;) {
      sent.append(bytes.data(), static_cast<std::size_t>(got));
    }
  };
  turn();
  while (!text.empty()) {
    const ssize_t written = ::send(ends[1], text.data(), std::min(step, text.size()), MSG_NOSIGNAL);
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EAGAIN) break;  // it has refused and gone
    turn();
  }
  ::shutdown(ends[1], SHUT_WR);
  for (int turns = 0; places.taken() > 0; ++turns) {
    demand(turns < 10000);
    turn();
  }
  turn();
  ::close(ends[1]);

  demand(echo.refusals <= 1);
  demand(echo.heads.size() <= whole / kShortestRequest + 1);
  demand(sent.size() <= whole + (echo.heads.size() + 1) * kMostHead);
  if ((data[0] & 16) != 0) demand(echo.heads.size() <= 1);
  if (!is_http2) check_answers(sent, echo.heads);
  return 0;
}
