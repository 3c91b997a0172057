// Calls over real loopback sockets: how they spread over the addresses of a name, and follow it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>

#include "engine/net/listener.hpp"
#include "engine/net/pool.hpp"
#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/rest.hpp"

namespace infergraph::engine {
namespace {

using protocol::Code;
using protocol::Method;
using protocol::Payload;
using protocol::Result;
using ::testing::HasSubstr;

/// A node that answers everything with its own name.
class NamedNode final : public HttpService {
 public:
  explicit NamedNode(std::string name) : name_(std::move(name)) {}

  Awaitable<HttpResponse> handle(const HttpRequest&, protocol::HeaderList&) override {
    ++requests;
    co_return HttpResponse{200, Payload::json(name_)};
  }
  HttpResponse refuse(const protocol::Status&, protocol::HeaderList&) override { return {400, {}}; }

  std::atomic<int> requests{0};

 private:
  std::string name_;
};

/// One listening node on its own address, all on the same port.
struct Upstream {
  Upstream(Runtime& runtime, const std::string& address, std::uint16_t port)
      : service(std::make_unique<NamedNode>(address)) {
    ListenerOptions options;
    options.addresses = {std::string(address)};
    options.port = port;
    listener = std::make_unique<HttpListener>(
        runtime, options,
        std::vector<HttpListener::ThreadService>{{service.get(), nullptr, nullptr}});
    listening = *listener->open();
  }
  std::unique_ptr<NamedNode> service;
  std::unique_ptr<HttpListener> listener;
  std::uint16_t listening = 0;
};

class RestNodeTest : public ::testing::Test {
 protected:
  RestNodeTest() {
    nodes_.start();
    first_ = std::make_unique<Upstream>(nodes_, "127.0.0.1", 0);
    port_ = first_->listening;
    engine_.start();
  }
  ~RestNodeTest() override {
    engine_.stop();  // before what its loop uses goes
  }

  TcpEndpoint at(const std::string& address) const {
    return {boost::asio::ip::make_address(address), port_};
  }

  void make_node(std::chrono::milliseconds refresh, Resolver::LookUp look_up) {
    resolver_ = std::make_unique<Resolver>(refresh, std::move(look_up));
    auto book = resolver_->book("models", port_);
    resolver_->wait_for_first_round(std::chrono::seconds(60));
    pool_ = std::make_unique<HttpPool>(engine_.thread(0), book, MessageLimits{}, std::nullopt);
    node_ = std::make_unique<RestNode>("m", *pool_, RestNodeOptions{}, nullptr, "", "");
  }

  /// `count` calls, `width` of them at a time; the answers by their text.
  std::map<std::string, int> call(int count, int width = 1) {
    std::vector<std::future<void>> lanes;
    std::map<std::string, int> answers;
    std::mutex mutex;
    for (int lane = 0; lane < width; ++lane) {
      auto done = std::make_shared<std::promise<void>>();
      lanes.push_back(done->get_future());
      boost::asio::co_spawn(engine_.thread(0).context, run_lane(count / width, answers, mutex),
                            [done](const std::exception_ptr&) { done->set_value(); });
    }
    for (auto& lane : lanes) lane.wait();
    return answers;
  }

  Awaitable<void> run_lane(int count, std::map<std::string, int>& answers, std::mutex& mutex) {
    for (int i = 0; i < count; ++i) {
      CancelScope cancel;
      graph::CallTimes times;
      graph::CallContext context;
      context.puid = "p";
      context.cancel = &cancel;
      context.times = &times;
      const auto answer = co_await node_->call(Method::kPredict, Payload::json("{}"), context);
      const std::lock_guard lock(mutex);
      ++answers[answer ? std::string(answer->bytes()) : answer.error().message()];
    }
  }

  Runtime nodes_{1};
  Runtime engine_{1};
  std::unique_ptr<Upstream> first_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<HttpPool> pool_;
  std::unique_ptr<RestNode> node_;
};

TEST_F(RestNodeTest, SpreadsOverAllAddresses) {
  const Upstream second(nodes_, "127.0.0.2", port_);
  const Upstream third(nodes_, "127.0.0.3", port_);
  make_node(std::chrono::hours(1), [this](const std::string&, std::string&) {
    return std::vector{at("127.0.0.1"), at("127.0.0.2"), at("127.0.0.3")};
  });
  for (const int width : {1, 16}) {
    const auto answers = call(960, width);
    EXPECT_EQ(answers.size(), 3U);
    for (const auto& [address, count] : answers) {
      EXPECT_NEAR(count, 320, 48) << address << " at " << width << " in flight";
    }
  }
}

TEST_F(RestNodeTest, AnAddressThatRefusesLosesNoCall) {
  make_node(std::chrono::hours(1), [this](const std::string&, std::string&) {
    return std::vector{at("127.0.0.1"), at("127.0.0.9")};  // nobody listens on the second
  });
  EXPECT_EQ(call(200, 8), (std::map<std::string, int>{{"127.0.0.1", 200}}));
}

TEST_F(RestNodeTest, ANodeThatGoesLosesNoCallWhileAnotherLives) {
  auto second = std::make_unique<Upstream>(nodes_, "127.0.0.2", port_);
  make_node(std::chrono::hours(1), [this](const std::string&, std::string&) {
    return std::vector{at("127.0.0.1"), at("127.0.0.2")};
  });
  EXPECT_EQ(call(100, 4).size(), 2U);
  second.reset();  // its idle connections are stale now
  EXPECT_EQ(call(100, 4), (std::map<std::string, int>{{"127.0.0.1", 100}}));
}

TEST_F(RestNodeTest, FollowsANameThatMoves) {
  const Upstream second(nodes_, "127.0.0.2", port_);
  std::atomic<bool> moved{false};
  make_node(std::chrono::milliseconds(20), [&](const std::string&, std::string&) {
    return std::vector{at(moved ? "127.0.0.2" : "127.0.0.1")};
  });
  EXPECT_EQ(call(10), (std::map<std::string, int>{{"127.0.0.1", 10}}));
  const auto version = resolver_->book("models", port_)->version();
  moved = true;
  while (resolver_->book("models", port_)->version() == version) std::this_thread::yield();
  EXPECT_EQ(call(10), (std::map<std::string, int>{{"127.0.0.2", 10}}));
}

TEST_F(RestNodeTest, KeepsTheAddressesOfANameThatFails) {
  std::atomic<int> look_ups{0};
  make_node(std::chrono::milliseconds(5), [&](const std::string&, std::string& error) {
    if (look_ups++ == 0) return std::vector{at("127.0.0.1")};
    error = "the name server is away";
    return std::vector<TcpEndpoint>();
  });
  while (look_ups < 3) std::this_thread::yield();
  EXPECT_EQ(call(10), (std::map<std::string, int>{{"127.0.0.1", 10}}));
}

TEST_F(RestNodeTest, SaysWhyANameIsUnknown) {
  make_node(std::chrono::hours(1), [](const std::string&, std::string& error) {
    error = "no such host";
    return std::vector<TcpEndpoint>();
  });
  const auto answers = call(1);
  EXPECT_THAT(answers.begin()->first, HasSubstr("no such host"));
  EXPECT_THAT(answers.begin()->first, HasSubstr("models:" + std::to_string(port_)));
}

}  // namespace
}  // namespace infergraph::engine
