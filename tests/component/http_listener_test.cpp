// The listener over real loopback sockets: who is let in, and how it comes to an end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/async/event.hpp"
#include "engine/net/handshakes.hpp"
#include "engine/net/listener.hpp"
#include "protocol/convert/status_map.hpp"
#include "tests/support/raw_caller.hpp"

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RawCaller;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kRequest = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

class PlainService final : public HttpService {
 public:
  Awaitable<HttpResponse> handle(const HttpRequest& request, protocol::HeaderList&) override {
    if (request.path == "/hang") co_await hang(request);
    co_return HttpResponse{200, protocol::Payload::json("{}")};
  }
  HttpResponse refuse(const protocol::Status& why, protocol::HeaderList&) override {
    return {protocol::http_failure(why).status, {}};
  }
  bool answers_when_full(std::string_view, std::string_view path) const override {
    return path == "/live";
  }

  std::promise<void> hanging;
  std::promise<void> gone;

 private:
  // Until the caller has gone.
  Awaitable<void> hang(const HttpRequest& request) {
    struct Waker final : Cancellable {
      void cancel() override {
        boost::asio::post(executor, [this] { event.notify(); });
      }
      boost::asio::any_io_executor executor;
      Event event;
      explicit Waker(boost::asio::any_io_executor its) : executor(std::move(its)) {}
    } waker(co_await boost::asio::this_coro::executor);
    request.cancel->add(waker);
    hanging.set_value();
    co_await waker.event.wait();
    gone.set_value();
  }
};

class HttpListenerTest : public ::testing::Test {
 protected:
  HttpListenerTest() { runtime_.start(); }
  ~HttpListenerTest() override { listener_.reset(); }

  void listen(ListenerOptions options = {}) {
    options.addresses = {"127.0.0.1"};
    const std::vector<HttpListener::ThreadService> services(2, {&service_, nullptr, nullptr});
    listener_ = std::make_unique<HttpListener>(runtime_, options, services);
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
  RawCaller caller(acceptor.local_endpoint().port());
  Socket socket(runtime_.thread(0).context);
  acceptor.accept(socket);
  boost::asio::co_spawn(runtime_.thread(0).context,
                        HttpSession::serve(host, std::move(socket), Place()),
                        [&ended](const std::exception_ptr&) { ended.set_value(); });
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

TEST_F(HttpListenerTest, ProbesAreAnsweredWhenItIsFull) {
  ListenerOptions options;
  options.max_connections = 2;
  listen(options);
  std::vector<RawCaller> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back(port_);
    callers.back().send(kRequest);
    EXPECT_THAT(callers.back().until("\r\n\r\n{}"), StartsWith("HTTP/1.1 200"));
  }
  for (int round = 0; round < 100; ++round) {  // more than any reserve holds
    RawCaller probe(port_);
    probe.send("GET /live HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = probe.to_the_end();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_EQ(probe.end(), 0);
    RawCaller late(port_);
    late.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_THAT(late.to_the_end(), StartsWith("HTTP/1.1 503"));
    EXPECT_EQ(late.end(), 0);
  }
  // Those who have a place keep it.
  callers[0].send(kRequest);
  EXPECT_THAT(callers[0].until("\r\n\r\n{}"), StartsWith("HTTP/1.1 200"));
  // And one that becomes free is given away.
  callers.pop_back();
  for (;;) {
    RawCaller late(port_);
    late.send(kRequest);
    if (late.until("\r\n\r\n").starts_with("HTTP/1.1 200")) break;
  }
}

TEST_F(HttpListenerTest, BeyondTheReserveCallersAreTurnedAwayAtOnce) {
  ListenerOptions options;
  options.max_connections = 1;
  listen(options);
  RawCaller served(port_);
  served.send(kRequest);
  EXPECT_THAT(served.until("\r\n\r\n{}"), StartsWith("HTTP/1.1 200"));
  std::vector<RawCaller> silent;  // they take the whole reserve, and some find none
  for (int i = 0; i < 80; ++i) silent.emplace_back(port_);
  int turned_away = 0;
  for (RawCaller& caller : silent) {
    if (caller.to_the_end().starts_with("HTTP/1.1 503")) ++turned_away;
  }
  EXPECT_GE(turned_away, 16);
  // The silent have lost their places in the reserve after a while.
  RawCaller probe(port_);
  probe.send("GET /live HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(probe.to_the_end(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpListenerTest, ThoseWhoLingerAfterARefusalTakeNoPlace) {
  ListenerOptions options;
  options.max_connections = 5;
  listen(options);
  std::vector<RawCaller> refused;
  for (int i = 0; i < 50; ++i) {
    refused.emplace_back(port_);
    refused.back().send("NONSENSE\r\n\r\n");
    EXPECT_THAT(refused.back().until("\r\n\r\n"), StartsWith("HTTP/1.1 400")) << i;
  }
}

TEST_F(HttpListenerTest, ACallerWhoGoesIsNoticedBehindWhatHeHasSent) {
  for (const std::string& behind :
       {std::string("GET /next HTTP/1.1\r\n"), std::string(20, '\r'), std::string(30000, 'x')}) {
    for (const bool at_once : {true, false}) {
      service_.hanging = {};
      service_.gone = {};
      listener_.reset();
      listen();
      RawCaller caller(port_);
      const std::string hang = "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n";
      caller.send(at_once ? hang + behind.substr(0, 3000) : hang);
      service_.hanging.get_future().wait();
      if (!at_once) caller.send(behind);
      caller.close();
      EXPECT_EQ(service_.gone.get_future().wait_for(RawCaller::kPatience),
                std::future_status::ready);
    }
  }
}

TEST_F(HttpListenerTest, ListensOnTheAddressesThatItIsGiven) {
  ListenerOptions options;
  options.addresses = {"127.0.0.1", "127.0.0.2"};
  listener_ = std::make_unique<HttpListener>(
      runtime_, options,
      std::vector<HttpListener::ThreadService>(2, {&service_, nullptr, nullptr}));
  port_ = *listener_->open();
  EXPECT_TRUE(RawCaller(port_).connected());
  EXPECT_TRUE(RawCaller(port_, "127.0.0.2").connected());
  EXPECT_FALSE(RawCaller(port_, "127.0.0.3").connected());
  EXPECT_TRUE(listener_->drain(seconds(20)));
  listener_ = std::make_unique<HttpListener>(
      runtime_, ListenerOptions{.addresses = {"127.0.0.1", "192.0.2.1"}},
      std::vector<HttpListener::ThreadService>(2, {&service_, nullptr, nullptr}));
  const auto failed = listener_->open();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("192.0.2.1"));
}

TEST_F(HttpListenerTest, TellsWhatADrainHasToCut) {
  listen();
  RawCaller caller(port_);
  caller.send("GET /hang?x HTTP/1.1\r\nHost: a\r\n\r\n");
  service_.hanging.get_future().wait();
  RawCaller half(port_);
  half.send("GET /never HT");
  while (listener_->under_way().total() < 2) std::this_thread::yield();
  EXPECT_FALSE(listener_->drain(milliseconds(50)));
  EXPECT_EQ(listener_->under_way().text(), "(a head that has not come): 1, /hang: 1");
  listener_.reset();
  service_.gone.get_future().wait();
}

TEST_F(HttpListenerTest, WithoutAFilterNothingChanges) { EXPECT_FALSE(drop_new_handshakes(-1)); }

}  // namespace
}  // namespace infergraph::engine
