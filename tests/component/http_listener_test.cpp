// The listener over real loopback sockets: who is let in, and how it comes to an end.

#include "engine/front/http_listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "engine/front/handshakes.hpp"
#include "tests/support/raw_caller.hpp"

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RawCaller;
using ::testing::StartsWith;

constexpr std::string_view kRequest = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

class PlainService final : public HttpService {
 public:
  graph::Awaitable<HttpResponse> handle(const HttpRequest&, std::string&) override {
    co_return HttpResponse{200, protocol::Payload::json("{}")};
  }
  HttpResponse refuse(const protocol::Status&, std::string&) override { return {400, {}}; }
};

class HttpListenerTest : public ::testing::Test {
 protected:
  HttpListenerTest() { runtime_.start(); }
  ~HttpListenerTest() override { listener_.reset(); }

  void listen(ListenerOptions options = {}) {
    options.address = "127.0.0.1";
    const std::vector<HttpListener::Seat> seats(2, {&service_, nullptr, nullptr});
    listener_ = std::make_unique<HttpListener>(runtime_, options, seats);
    port_ = *listener_->open();
  }

  // Keeps an I/O thread from looking at anything until the promise is kept.
  std::promise<void> hold(int thread) {
    std::promise<void> release;
    boost::asio::post(runtime_.thread(thread).context,
                      [released = release.get_future().share()] { released.wait(); });
    return release;
  }

  PlainService service_;
  Runtime runtime_{2};
  std::unique_ptr<HttpListener> listener_;
  std::uint16_t port_ = 0;
};

TEST_F(HttpListenerTest, ADrainAnswersWhoeverWasConnectedWhenItBegan) {
  listen();
  auto release = hold(0);  // so that the kernel alone has accepted them
  std::vector<RawCaller> callers;
  for (int i = 0; i < 50; ++i) callers.emplace_back(port_);
  for (const RawCaller& caller : callers) ASSERT_TRUE(caller.connected());
  auto drained = std::async(std::launch::async, [this] { return listener_->drain(seconds(20)); });
  release.set_value();
  for (RawCaller& caller : callers) {
    EXPECT_TRUE(caller.send(kRequest));
    EXPECT_THAT(caller.to_the_end(), StartsWith("HTTP/1.1 200 OK"));
    EXPECT_EQ(caller.end(), 0);
  }
  EXPECT_TRUE(drained.get());
  EXPECT_FALSE(RawCaller(port_).connected());
}

TEST_F(HttpListenerTest, ADrainDoesNotWaitForTheSilent) {
  listen();
  auto release = hold(0);
  std::vector<RawCaller> callers;
  for (int i = 0; i < 50; ++i) callers.emplace_back(port_);
  for (const RawCaller& caller : callers) ASSERT_TRUE(caller.connected());
  auto drained = std::async(std::launch::async, [this] { return listener_->drain(seconds(20)); });
  release.set_value();
  EXPECT_TRUE(drained.get());
  for (RawCaller& caller : callers) {
    EXPECT_EQ(caller.to_the_end(), "");
    EXPECT_EQ(caller.end(), 0);
  }
}

TEST_F(HttpListenerTest, ASecondDrainIsHarmless) {
  listen();
  listener_->stop_listening();
  EXPECT_TRUE(listener_->drain(seconds(20)));
  EXPECT_TRUE(listener_->drain(seconds(20)));
}

// A session that begins when its host already drains has nobody else to tell it.
TEST_F(HttpListenerTest, ALateSessionLooksAtTheDrainItself) {
  boost::asio::io_context accepting;
  boost::asio::ip::tcp::acceptor acceptor(accepting, {boost::asio::ip::address_v4::loopback(), 0});
  SessionHost host(runtime_.thread(0), service_, {}, {});
  host.draining = true;
  std::promise<void> ended;
  host.on_session_end = [&ended] { ended.set_value(); };
  RawCaller caller(acceptor.local_endpoint().port());
  Socket socket(runtime_.thread(0).context);
  acceptor.accept(socket);
  boost::asio::co_spawn(runtime_.thread(0).context,
                        HttpSession::serve(host, std::move(socket), false),
                        [](const std::exception_ptr&) {});
  // Far less than what an idle connection gets.
  EXPECT_EQ(ended.get_future().wait_for(RawCaller::kPatience), std::future_status::ready);
  EXPECT_EQ(caller.to_the_end(), "");
}

TEST_F(HttpListenerTest, DropsNewHandshakesAndKeepsConnections) {
  boost::asio::io_context accepting;
  boost::asio::ip::tcp::acceptor acceptor(accepting, {boost::asio::ip::address_v4::loopback(), 0});
  const std::uint16_t port = acceptor.local_endpoint().port();
  const RawCaller early(port);
  ASSERT_TRUE(early.connected());
  if (!drop_new_handshakes(acceptor.native_handle())) GTEST_SKIP() << "no socket filters here";
  const RawCaller late(port);
  EXPECT_FALSE(late.connected(milliseconds(200)));
  // What was accepted with the filter in place can be read from.
  boost::asio::ip::tcp::socket socket(accepting);
  acceptor.accept(socket);
  EXPECT_TRUE(early.send("x"));
  char byte = 0;
  EXPECT_EQ(socket.read_some(boost::asio::buffer(&byte, 1)), 1U);
  // Dropped and not refused: it gets through when it tries again.
  int nothing = 0;
  ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_DETACH_FILTER, &nothing, sizeof nothing);
  EXPECT_TRUE(late.connected());
}

TEST_F(HttpListenerTest, WithoutAFilterNothingChanges) { EXPECT_FALSE(drop_new_handshakes(-1)); }

}  // namespace
}  // namespace infergraph::engine
