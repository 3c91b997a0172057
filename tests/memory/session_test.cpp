// The whole way without memory: a caller's socket, the session, the API, the walk, a node's socket
// and back, with one allocation of it failing, for the n-th with n = 1 … until a request passes.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>

#include "engine/api/rest.hpp"
#include "engine/net/do_on.hpp"
#include "engine/net/listener.hpp"
#include "engine/net/pool.hpp"
#include "engine/node/rest.hpp"
#include "engine/work/desk.hpp"
#include "graph/units/remote.hpp"
#include "tests/memory/failing_new.hpp"

namespace infergraph::engine {
namespace {

using protocol::Payload;

// Answers what it got.
class EchoService final : public HttpService {
 public:
  Awaitable<HttpResponse> handle(const HttpRequest& request, protocol::HeaderList&) override {
    co_return HttpResponse{200, request.body};
  }
  HttpResponse refuse(const protocol::Status&, protocol::HeaderList&) override { return {400, {}}; }
};

// A caller with a blocking socket.
class Caller {
 public:
  explicit Caller(std::uint16_t port) : Caller(port, ::socket(AF_INET, SOCK_STREAM, 0)) {}
  /// Takes the descriptor over.
  Caller(std::uint16_t port, int socket) : socket_(socket) {
    const timeval patience{60, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  ~Caller() { ::close(socket_); }

  bool connected() const { return connected_; }

  /// The answer's status; 0 when there was none. `closes`: the connection is of no use any more.
  int ask(const std::string& body, bool& closes) {
    std::string request =
        "POST /api/v1.0/predictions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    closes = true;
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0) return 0;
    std::string answer;
    std::size_t total = std::string::npos;
    while (answer.size() < total) {
      char bytes[4096];
      const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
      if (got <= 0) return 0;
      answer.append(bytes, static_cast<std::size_t>(got));
      const auto end = answer.find("\r\n\r\n");
      const auto length = answer.find("Content-Length: ");
      if (end != std::string::npos && length < end) {
        total = end + 4 + std::stoul(answer.substr(length + 16));
      }
    }
    closes = answer.find("Connection: close") != std::string::npos;
    return std::stoi(answer.substr(9, 3));
  }

 private:
  int socket_;
  bool connected_ = false;
};

class Session : public testing::Test {
 protected:
  Session() {
    test::exempt_this_thread();
    nodes.start();
    do_on(nodes.thread(0), [] { test::exempt_this_thread(); });
    upstream = std::make_unique<HttpListener>(
        nodes, ListenerOptions{},
        std::vector<HttpListener::ThreadService>{{&echo, nullptr, nullptr}});
    book->set({TcpEndpoint(boost::asio::ip::make_address("127.0.0.1"), *upstream->open())});
    graph::PredictorSpec spec;
    spec.name = "p";
    spec.nodes.emplace_back();
    spec.nodes.back().name = "node";
    spec.nodes.back().type = graph::NodeType::kModel;
    const auto make = [&](const graph::NodeSpec&) {
      graph::RemoteUnit::Options unit;
      unit.max_decoded = 1 << 24;
      return std::make_unique<graph::RemoteUnit>(
          graph::NodeClients{
              std::make_shared<RestNode>("node", *pool, RestNodeOptions{}, &families, "", ""),
              nullptr},
          unit);
    };
    predictor = std::make_unique<Predictor>(graph::Plan::make(spec, make), Predictor::Options{});
    RestApiOptions options;
    options.work = &desk;
    api = std::make_unique<RestApi>(options, *predictor, readiness, families, 0);
    runtime.thread(0).exceptions = &families.exceptions(0);
    runtime.start();
    listen();
  }
  ~Session() override {
    front.reset();
    runtime.stop();
    upstream.reset();
    nodes.stop();
  }

  void listen(const ListenerOptions& options = {}) {
    front =
        std::make_unique<HttpListener>(runtime, options,
                                       std::vector<HttpListener::ThreadService>{
                                           {api.get(), &families.connections_open(0), nullptr}});
    port = *front->open();
  }

  double value(const std::string& name) {
    double sum = 0;
    for (const auto& family : families.registry().collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) sum += metric.gauge.value;
    }
    return sum;
  }

  EchoService echo;
  Runtime nodes{1};
  std::unique_ptr<HttpListener> upstream;
  std::shared_ptr<AddressBook> book = std::make_shared<AddressBook>("127.0.0.1", 1);
  metrics::Families families{[] {
    metrics::FamilyOptions options;
    options.predictor_name = "p";
    return options;
  }()};
  Runtime runtime{1};
  std::unique_ptr<HttpPool> pool = std::make_unique<HttpPool>(
      runtime.thread(0), book, MessageLimits{}, families.node_connections(0, "node"));
  WorkPool work{1, 64};
  WorkDesk desk{work, std::make_shared<WorkBudget>(std::size_t{1} << 30),
                [this](std::function<void()> call) {
                  boost::asio::post(runtime.thread(0).context, std::move(call));
                },
                &families, 0};
  ReadyState readiness;
  std::unique_ptr<Predictor> predictor;
  std::unique_ptr<RestApi> api;
  std::unique_ptr<HttpListener> front;
  std::uint16_t port = 0;
};

TEST_F(Session, AnswersWhateverAllocationFails) {
  const std::string body(8000, ' ');
  auto caller = std::make_unique<Caller>(port);
  bool closes = false;
  ASSERT_EQ(caller->ask(body, closes), 200);
  for (std::uint64_t nth = 1;; ++nth) {
    const std::string which = "allocation " + std::to_string(nth);
    test::fail_allocation(nth);
    const int status = caller->ask(body, closes);
    const bool fell = test::has_failed();
    EXPECT_TRUE(status == 200 || status == 500) << which << ": " << status;
    if (closes) {
      caller = std::make_unique<Caller>(port);
      ASSERT_TRUE(caller->connected()) << which;
    }
    ASSERT_EQ(caller->ask(body, closes), 200) << "after " << which;
    EXPECT_EQ(value("infergraph_requests_in_flight"), 0) << which;
    EXPECT_EQ(value("infergraph_node_calls_in_flight"), 0) << which;
    if (!fell || HasFailure()) break;
  }
}

// Also what a connection takes at its beginning: then there may be no answer, but an end.
TEST_F(Session, ServesConnectionsWhateverAllocationFails) {
  const std::string body(100, ' ');
  for (std::uint64_t nth = 1;; ++nth) {
    const std::string which = "allocation " + std::to_string(nth);
    bool closes = false;
    test::fail_allocation(nth);
    {
      Caller failing(port);
      const int status = failing.ask(body, closes);
      EXPECT_TRUE(status == 200 || status == 500 || (status == 0 && closes)) << which;
    }
    const bool fell = test::has_failed();
    ASSERT_EQ(Caller(port).ask(body, closes), 200) << "after " << which;
    if (!fell || HasFailure()) break;
  }
  // Nothing counts as open that isn't, or the end would wait for it for ever.
  EXPECT_TRUE(front->drain(std::chrono::seconds(30)));
  EXPECT_EQ(value("infergraph_connections_open"), 0);
}

// Whatever the end throws, it comes, and nobody waits for a thread that has told nothing.
TEST_F(Session, DrainsWhateverAllocationFails) {
  for (std::uint64_t nth = 1;; ++nth) {
    const std::string which = "allocation " + std::to_string(nth);
    bool closes = false;
    Caller idle(port);
    ASSERT_EQ(idle.ask("1", closes), 200) << which;
    const Caller silent(port);
    test::fail_allocation(nth);
    front->drain(std::chrono::milliseconds(50));
    (void)front->under_way();
    front.reset();
    const bool fell = test::has_failed();
    EXPECT_EQ(value("infergraph_connections_open"), 0) << which;
    listen();
    ASSERT_EQ(Caller(port).ask("1", closes), 200) << "after " << which;
    if (!fell || HasFailure()) break;
    EXPECT_LT(nth, 100U);
  }
}

// Without descriptors accepting rests, or takes a spare one; and goes on whatever either throws.
TEST_F(Session, AcceptsAgainWhateverAllocationFailsWithoutDescriptors) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan wants descriptors of its own to look at an object";
#endif
  for (const int spare : {0, 4}) {
    ListenerOptions options;
    options.spare_descriptors = spare;
    front.reset();
    listen(options);
    for (std::uint64_t nth = 1;; ++nth) {
      const std::string which = "allocation " + std::to_string(nth);
      bool closes = false;
      const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
      rlimit before{};
      ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
      const int next = ::dup(0);
      ::close(next);
      const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
      test::fail_allocation(nth);
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
      {
        const Caller failing(port, socket);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
      const bool fell = test::has_failed();
      ASSERT_EQ(Caller(port).ask("1", closes), 200) << "after " << which;
      if (!fell || HasFailure()) break;
      EXPECT_LT(nth, 100U);
    }
  }
}

}  // namespace
}  // namespace infergraph::engine
