// One session over a pair of sockets, its loop turned by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "engine/net/http1/session.hpp"
#include "protocol/convert/status_map.hpp"

namespace infergraph::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Answers at once, after `work`.
class Busy final : public HttpService {
 public:
  Awaitable<HttpResponse> handle(const HttpRequest&, protocol::HeaderList&) override {
    ++handled;
    const auto until = Clock::now() + work;
    while (Clock::now() < until) {
    }
    co_return HttpResponse{};
  }
  HttpResponse refuse(const protocol::Status& why, protocol::HeaderList&) override {
    return {protocol::http_failure(why).status, protocol::Payload::json(why.message())};
  }

  int handled = 0;
  Clock::duration work{0};
};

class HttpSessionTest : public ::testing::Test {
 protected:
  ~HttpSessionTest() override {
    ::close(ends_[1]);
    turn();
  }

  void serve(MessageLimits limits = {}, SessionTimeouts timeouts = {}) {
    host_ = std::make_unique<SessionHost>(io_, service_, limits, timeouts);
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data());
    ended_ = false;
    Socket socket(io_.context);
    socket.assign(boost::asio::ip::tcp::v4(), ends_[0]);
    boost::asio::co_spawn(io_.context, HttpSession::serve(*host_, std::move(socket), Place()),
                          [this](const std::exception_ptr&) { ended_ = true; });
  }

  // Runs what is ready, and gives what was answered.
  std::string turn() {
    io_.context.restart();
    while (io_.context.poll_one() > 0) {
      most_in_a_turn_ = std::max(most_in_a_turn_, service_.handled - handled_);
      handled_ = service_.handled;
    }
    std::string got;
    std::array<char, 65536> bytes;
    for (ssize_t size = 0; (size = ::recv(ends_[1], bytes.data(), bytes.size(), 0)) > 0;) {
      got.append(bytes.data(), static_cast<std::size_t>(size));
    }
    return got;
  }

  std::string send(std::string_view bytes) {
    std::string got;
    while (!bytes.empty()) {
      const ssize_t sent = ::send(ends_[1], bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      got += turn();
    }
    return got;
  }

  // Waits for the clock, not for the machine.
  std::string until_ended() {
    std::string got;
    while (!ended_) {
      got += turn();
      io_.context.restart();
      io_.context.run_one_for(std::chrono::milliseconds(20));
    }
    return got;
  }

  IoThread io_{0};
  Busy service_;
  std::unique_ptr<SessionHost> host_;
  std::array<int, 2> ends_{-1, -1};
  bool ended_ = false;
  int handled_ = 0;
  int most_in_a_turn_ = 0;
};

constexpr std::string_view kGet = "GET /live HTTP/1.1\r\nHost: a\r\n\r\n";

int count(std::string_view text, std::string_view what) {
  int found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

TEST_F(HttpSessionTest, ALongRowOfRequestsLetsOthersHaveTheirTurn) {
  service_.work = std::chrono::microseconds(10);
  serve();
  // A body makes the block large, so that much lies ready behind it.
  std::string row = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n40000\r\n" +
                    std::string(0x40000, 'b') + "\r\n0\r\n\r\n";
  constexpr int kRow = 3000;
  for (int i = 0; i < kRow; ++i) row += kGet;
  std::string got = send(row);
  for (int i = 0; i < kRow && count(got, "HTTP/1.1 200") <= kRow; ++i) got += turn();
  EXPECT_EQ(count(got, "HTTP/1.1 200"), kRow + 1);
  EXPECT_LT(most_in_a_turn_, 200);  // 2 ms of 30
}

TEST_F(HttpSessionTest, SaysWhichLimitAndWhichFlag) {
  MessageLimits limits;
  limits.header = 300;
  limits.body = 10;
  serve(limits);
  const std::string answer = send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer, HasSubstr("the request's body is over 10 bytes (--max_body_bytes)"));
}

TEST_F(HttpSessionTest, SaysThatTheHeadIsTooLarge) {
  MessageLimits limits;
  limits.header = 300;
  serve(limits);
  const std::string answer = send("GET /" + std::string(400, 'a') + " HTTP/1.1\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(answer, HasSubstr("the request's head is over 300 bytes (--max_header_bytes)"));
}

TEST_F(HttpSessionTest, SaysWhatCameTooSlowly) {
  SessionTimeouts timeouts;
  timeouts.head = timeouts.progress = std::chrono::milliseconds(60);
  for (const auto& [request, told] :
       {std::pair("GET / HT", "the request's head wasn't there after 60ms (--read_timeout)"),
        std::pair("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
                  "nothing more of the request's body came for 60ms (--progress_timeout)")}) {
    serve({}, timeouts);
    const std::string at_once = send(request);  // where the machine has slept
    const std::string answer = at_once + until_ended();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 408"));
    EXPECT_THAT(answer, HasSubstr(told));
    ::close(std::exchange(ends_[1], -1));
    turn();
  }
}

}  // namespace
}  // namespace infergraph::engine
