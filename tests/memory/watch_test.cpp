// Looks at nodes without memory: whichever allocation fails, they go on, and what changes is seen.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "engine/net/do_on.hpp"
#include "engine/net/listener.hpp"
#include "engine/readiness.hpp"
#include "engine/server_watch.hpp"
#include "tests/memory/failing_new.hpp"

namespace infergraph::engine {
namespace {

// A model server that serves its model, or doesn't.
class ModelServer final : public HttpService {
 public:
  Awaitable<HttpResponse> handle(const HttpRequest&, protocol::HeaderList&) override {
    co_return HttpResponse{
        200, protocol::Payload::json(R"({"model_version_status":[{"version":"1","state":")" +
                                     std::string(serves ? "AVAILABLE" : "LOADING") + R"("}]})")};
  }
  HttpResponse refuse(const protocol::Status&, protocol::HeaderList&) override { return {400, {}}; }

  std::atomic<bool> serves = false;
};

// The main thread's loop, which the test turns: its allocations fail, and no others.
class Watch : public testing::Test {
 protected:
  Watch() {
    test::exempt_this_thread(false);
    nodes.start();
    do_on(nodes.thread(0), [] { test::exempt_this_thread(); });
    listener = std::make_unique<HttpListener>(
        nodes, ListenerOptions{},
        std::vector<HttpListener::ThreadService>{{&server, nullptr, nullptr}});
    here = at(*listener->open());
    book->set({here});
  }

  static TcpEndpoint at(std::uint16_t port) {
    return {boost::asio::ip::make_address("127.0.0.1"), port};
  }

  bool turn_until(const std::function<bool()>& condition) {
    const auto deadline = Clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (Clock::now() > deadline) return false;
      try {
        control.context.run_one_for(std::chrono::milliseconds(10));
      } catch (const std::bad_alloc&) {
        // As the main thread does.
      }
    }
    return true;
  }

  // Lets one allocation after the other fail, and has something change each time.
  void expect_seen(const std::function<void(bool)>& set, const std::function<bool()>& seen) {
    bool now = true;
    set(now);
    ASSERT_TRUE(turn_until(seen));
    std::uint64_t nth = 1;
    for (bool fell = true; fell; ++nth) {
      set(now = !now);
      test::fail_allocation(nth);
      const bool is_seen = turn_until([&] { return seen() == now; });
      fell = test::has_failed();
      ASSERT_TRUE(is_seen) << "allocation " << nth;
    }
    EXPECT_GT(nth, 2U) << "nothing was allocated at all";
  }

  ModelServer server;
  Runtime nodes{1};
  std::unique_ptr<HttpListener> listener;
  TcpEndpoint here;
  std::shared_ptr<AddressBook> book = std::make_shared<AddressBook>("127.0.0.1", 1);
  IoThread control{0};
  GrpcThread grpc_thread{0};
  GrpcTransport transport{grpc_thread, {}};
  NodeFactory factory{transport, nullptr};
};

TEST_F(Watch, ProbesGoOnWhateverAllocationFails) {
  Readiness::Target connected;
  connected.book = book;
  connected.nodes = {"connected"};
  Readiness::Target asked = connected;
  asked.nodes = {"asked"};
  asked.full_health_check = true;
  Readiness::Options often;
  often.interval = often.interval_missing = std::chrono::milliseconds(1);
  Readiness readiness(control, {connected, asked}, often, factory, nullptr);
  readiness.start();
  expect_seen([this](bool there) { book->set({there ? here : at(1)}); },
              [&] { return readiness.state().ready(); });
}

TEST_F(Watch, LooksForServersGoOnWhateverAllocationFails) {
  ServerWatch::Server looked_for;
  looked_for.node = "node";
  looked_for.names = {"model"};
  looked_for.has_proxy = true;
  looked_for.found = std::make_shared<graph::FoundServer>();
  looked_for.rest = book;
  ServerWatch::Options often;
  often.interval = often.shortest = std::chrono::milliseconds(1);
  bool told = false;
  ServerWatch watch(control, {looked_for}, often, factory, [&] { told = looked_for.found->any(); });
  watch.start();
  expect_seen([this](bool there) { server.serves = there; }, [&] { return told; });
}

// A name that has moved is followed by the next call when this one could not.
TEST_F(Watch, ChannelsFollowANameThoughTheFirstCallHasNoMemory) {
  GrpcChannels channels(transport, book);
  ASSERT_EQ(channels.lease({})->endpoint(), here);
  book->set({at(1)});
  test::fail_allocation(1);
  EXPECT_THROW((void)channels.lease({}), std::bad_alloc);
  EXPECT_TRUE(test::has_failed());
  EXPECT_EQ(channels.lease({})->endpoint(), at(1));
}

}  // namespace
}  // namespace infergraph::engine
