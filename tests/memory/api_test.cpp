// Requests without memory: the n-th allocation of a request fails, for n = 1 … until one passes.
// Each of them is answered, counted, and leaves nothing behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "engine/api/grpc.hpp"
#include "engine/api/rest.hpp"
#include "engine/work/desk.hpp"
#include "graph/units/registry.hpp"
#include "graph/units/remote.hpp"
#include "protocol/convert/convert.hpp"
#include "tests/memory/failing_new.hpp"

namespace infergraph::engine {
namespace {

using protocol::Encoding;
using protocol::MessageType;
using protocol::Payload;
using protocol::Result;

constexpr std::string_view kNumbers = R"({"data":{"ndarray":[[1.5,2],[3,4]]}})";

// A node that speaks gRPC and answers with what it got: every hop to and from it is a conversion.
class EchoNode final : public graph::NodeClient {
 public:
  explicit EchoNode(const bool& is_gone) : is_gone_(is_gone) {}
  Awaitable<Result<Payload>> call(protocol::Method method, Payload payload,
                                  graph::CallContext&) override {
    if (is_gone_) co_return protocol::Status(protocol::Code::kUnavailable, "gone", "echo");
    Payload answer = payload;
    if (method == protocol::Method::kMetadata) {
      answer = *protocol::convert(Payload::json(R"({"name":"echo","platform":"test"})"),
                                  MessageType::kModelMetadata, Encoding::kProto, 1000);
    } else if (method == protocol::Method::kStatus) {
      answer = Payload::json("{}");
    }
    answer.set_origin("echo");
    co_return answer;
  }

 private:
  const bool& is_gone_;
};

// The engine from its two fronts down to the node's client, on a loop that the test turns.
class Api : public testing::Test {
 protected:
  Api() {
    graph::PredictorSpec spec;
    spec.name = "p";
    const auto add = [&](const char* name, graph::NodeType type, const char* implementation,
                         std::vector<std::size_t> children) {
      graph::NodeSpec node;
      node.name = name;
      node.type = type;
      node.implementation_name = implementation;
      if (std::string_view(implementation) == "AVERAGE_COMBINER") {
        node.implementation = graph::Implementation::kAverageCombiner;
      }
      node.children = std::move(children);
      spec.nodes.push_back(node);
    };
    add("mean", graph::NodeType::kCombiner, "AVERAGE_COMBINER", {1, 2, 3});
    add("left", graph::NodeType::kModel, "", {});
    add("middle", graph::NodeType::kModel, "", {});
    add("right", graph::NodeType::kModel, "", {});
    const auto make = [this](const graph::NodeSpec& node) -> std::unique_ptr<graph::Unit> {
      if (graph::is_built_in(node.implementation)) return graph::make_built_in(node, 1 << 24);
      graph::RemoteUnit::Options options;
      options.max_decoded = 1 << 24;
      return std::make_unique<graph::RemoteUnit>(
          graph::NodeClients{nullptr, std::make_shared<EchoNode>(is_gone)}, options);
    };
    Predictor::Options walking;
    walking.inject_routing = true;
    predictor = std::make_unique<Predictor>(graph::Plan::make(spec, make), walking);
    RestApiOptions rest_options;
    rest_options.work = &desk;
    rest = std::make_unique<RestApi>(rest_options, *predictor, readiness, families, 0);
    GrpcApiOptions grpc_options;
    grpc_options.work = &desk;
    grpc = std::make_unique<GrpcApi>(grpc_options, *predictor, readiness, families, 0);
  }

  // Turns the loop until the request has been answered. Only what it does itself may fail; the
  // frame of handle() is its caller's matter.
  template <typename Response>
  Response turned(Awaitable<Response> begun) {
    std::optional<Response> response;
    boost::asio::co_spawn(loop, served(std::move(begun)),
                          [&](const std::exception_ptr& thrown, Response made) {
                            EXPECT_FALSE(thrown) << "handle() threw";
                            response.emplace(std::move(made));
                          });
    while (!response) loop.run_one();
    loop.poll();
    return *std::move(response);
  }
  template <typename Response>
  Awaitable<Response> served(Awaitable<Response> begun) {
    test::fail_allocation(nth);
    Response response = co_await std::move(begun);
    fell = test::has_failed();
    co_return response;
  }

  int ask_rest(std::string_view verb, std::string_view path, const Payload& body) {
    CancelScope cancel;
    HttpRequest request;
    request.verb = verb;
    request.path = path;
    request.body = body;
    request.cancel = &cancel;
    protocol::HeaderList headers;
    const HttpResponse response = turned(rest->handle(request, headers));
    if (response.status != 200) {
      EXPECT_EQ(response.status, 500) << response.body.bytes();
      EXPECT_NE(response.body.bytes().find("\"reason\":\"INTERNAL\""), std::string_view::npos);
      EXPECT_EQ(response.body.content_type(), "application/json");
    }
    return response.status;
  }
  int ask_grpc(std::string_view method, const Payload& body) {
    CancelScope cancel;
    GrpcRequest request;
    const auto names = grpc->methods();
    request.method =
        static_cast<std::size_t>(std::find(names.begin(), names.end(), method) - names.begin());
    request.body = body;
    request.cancel = &cancel;
    const GrpcResponse response = turned(grpc->handle(request));
    const auto code = response.status.code;
    if (code != protocol::GrpcCode::kOk) {
      EXPECT_EQ(code, protocol::GrpcCode::kInternal) << response.status.message;
    }
    return code == protocol::GrpcCode::kOk ? 200 : 500;
  }

  double value(const std::string& name, const std::string& label = "", const std::string& is = "") {
    double sum = 0;
    for (const auto& family : families.registry().collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) {
        bool fits = label.empty();
        for (const auto& pair : metric.label)
          fits = fits || (pair.name == label && pair.value == is);
        if (!fits) continue;
        sum += metric.gauge.value + metric.counter.value;
        sum += static_cast<double>(metric.histogram.sample_count);
      }
    }
    return sum;
  }

  // Lets one allocation after the other fail; gives how many requests there were.
  int sweep(const std::function<int()>& ask) {
    constexpr const char* kServer = "seldon_api_executor_server_requests_seconds";
    for (nth = 1;; ++nth) {
      const double served = value(kServer);
      const double failed = value("infergraph_requests_failed_total", "reason", "INTERNAL");
      const int status = ask();
      const bool failed_once = fell;
      const std::string which = "allocation " + std::to_string(nth);
      EXPECT_EQ(value("infergraph_requests_in_flight"), 0) << which;
      EXPECT_EQ(value(kServer), served + 1) << which;
      EXPECT_EQ(value("infergraph_requests_failed_total", "reason", "INTERNAL"),
                failed + (status == 200 ? 0 : 1))
          << which;
      EXPECT_EQ(budget->taken(), 0U) << which;
      EXPECT_TRUE(failed_once || status == 200) << which;
      // The next one is served as if nothing had been.
      const auto failing = std::exchange(nth, 0);
      EXPECT_EQ(ask(), 200) << "after " << which;
      nth = failing;
      if (!failed_once || HasFailure()) return static_cast<int>(nth);
    }
  }
  // The same twice, to see that nothing is left of the first time.
  void expect_answers(const std::function<int()>& ask) {
    nth = 0;
    ASSERT_EQ(ask(), 200);
    const int requests = sweep(ask);
    EXPECT_GT(requests, 1) << "nothing was allocated at all";
    if (HasFailure()) return;
    const auto before = test::live_allocations();
    sweep(ask);
    // What is kept for the next time may differ by a few, but not grow with the requests.
    EXPECT_LT(test::live_allocations() - before, 20) << "of " << requests << " requests";
  }

  std::uint64_t nth = 0;
  bool is_gone = false;  // the node
  bool fell = false;     // the allocation of the last request that was to
  metrics::Families families{[] {
    metrics::FamilyOptions options;
    options.predictor_name = "p";
    return options;
  }()};
  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
      loop.get_executor()};
  std::shared_ptr<WorkBudget> budget = std::make_shared<WorkBudget>(std::size_t{1} << 30);
  WorkPool pool{1, 64};
  WorkDesk desk{pool, budget,
                [this](std::function<void()> call) { boost::asio::post(loop, std::move(call)); },
                &families, 0};
  ReadyState readiness;
  std::unique_ptr<Predictor> predictor;
  std::unique_ptr<RestApi> rest;
  std::unique_ptr<GrpcApi> grpc;
};

// So large that it goes to the pool.
std::string many_numbers() {
  std::string text = R"({"meta":{},"data":{"tensor":{"shape":[45,100],"values":[)";
  for (int i = 1000; i < 5500; ++i)
    text += (i == 1000 ? "" : ",") + std::to_string(i) + ".0123456789";
  return text + "]}}}";
}

Payload on_the_wire(std::string json) {
  return *protocol::convert(Payload::json(std::move(json)), MessageType::kSeldonMessage,
                            Encoding::kProto, 1 << 24);
}

TEST_F(Api, RestPredictions) {
  const Payload body = Payload::json(std::string(kNumbers));
  expect_answers([&] { return ask_rest("POST", "/api/v1.0/predictions", body); });
}

TEST_F(Api, RestPredictionsOfLargeMessages) {
  const Payload body = Payload::json(many_numbers());
  expect_answers([&] { return ask_rest("POST", "/api/v1.0/predictions", body); });
}

TEST_F(Api, RestFeedback) {
  const Payload body = Payload::json(
      R"({"request":{"strData":"a"},"response":{"meta":{"routing":{"mean":1}}},"reward":1})");
  expect_answers([&] { return ask_rest("POST", "/api/v1.0/feedback", body); });
}

TEST_F(Api, RestMetadataAndStatus) {
  expect_answers([&] { return ask_rest("GET", "/api/v1.0/metadata", {}); });
  expect_answers([&] { return ask_rest("GET", "/api/v1.0/metadata/left", {}); });
  expect_answers([&] { return ask_rest("GET", "/api/v1.0/status/left", {}); });
}

TEST_F(Api, GrpcPredictions) {
  const Payload body = on_the_wire(std::string(kNumbers));
  expect_answers([&] { return ask_grpc("/seldon.protos.Seldon/Predict", body); });
}

TEST_F(Api, GrpcPredictionsOfLargeMessages) {
  const Payload body = on_the_wire(many_numbers());
  expect_answers([&] { return ask_grpc("/seldon.protos.Seldon/Predict", body); });
}

TEST_F(Api, GrpcMetadata) {
  expect_answers(
      [&] { return ask_grpc("/seldon.protos.Seldon/GraphMetadata", Payload::proto("")); });
}

// Whatever fails beside it, a request that failed counts once, and has its puid.
TEST_F(Api, GrpcFailuresCountOnce) {
  is_gone = true;
  const Payload body = on_the_wire(std::string(kNumbers));
  int without_puid = 0;
  for (nth = 1, fell = true; fell; ++nth) {
    const double before = value("infergraph_requests_failed_total");
    CancelScope cancel;
    GrpcRequest request;  // of the first method: Predict
    request.body = body;
    request.cancel = &cancel;
    const GrpcResponse response = turned(grpc->handle(request));
    EXPECT_NE(response.status.code, protocol::GrpcCode::kOk);
    EXPECT_EQ(value("infergraph_requests_failed_total"), before + 1) << "allocation " << nth;
    if (response.puid.empty()) ++without_puid;
  }
  EXPECT_LE(without_puid, 1) << "it takes one allocation itself";
}

// The headers that it gets last take memory too.
TEST_F(Api, RestFailuresCountOnce) {
  is_gone = true;
  const Payload body = Payload::json(std::string(kNumbers));
  const protocol::HeaderField event{"ce-specversion", "0.3"};
  for (nth = 1, fell = true; fell; ++nth) {
    const double before = value("infergraph_requests_failed_total");
    CancelScope cancel;
    HttpRequest request;
    request.verb = "POST";
    request.path = "/api/v1.0/predictions";
    request.headers = {&event, 1};
    request.body = body;
    request.cancel = &cancel;
    protocol::HeaderList headers;
    const HttpResponse response = turned(rest->handle(request, headers));
    EXPECT_GE(response.status, 500);
    EXPECT_EQ(value("infergraph_requests_failed_total"), before + 1) << "allocation " << nth;
    for (const std::string_view name : {"Seldon-Puid", "Ce-Id"}) {
      EXPECT_EQ(std::count_if(headers.fields().begin(), headers.fields().end(),
                              [&](const auto& field) { return field.name == name; }),
                1)
          << name << ", allocation " << nth;
    }
  }
}

}  // namespace
}  // namespace infergraph::engine
