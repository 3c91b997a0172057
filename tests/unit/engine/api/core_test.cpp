#include "engine/api/core.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/api/grpc.hpp"
#include "engine/api/ready_state.hpp"
#include "engine/api/rest.hpp"
#include "graph/plan.hpp"
#include "protocol/convert/status_map.hpp"
#include "tests/support/fake_unit.hpp"

namespace infergraph::engine {
namespace {

using infergraph::testing::FakeUnit;
using protocol::Code;
using protocol::GrpcCode;
using protocol::Payload;
using protocol::Protocol;
using protocol::Status;
using ::testing::HasSubstr;
using enum protocol::Protocol;

// What a node of each protocol answers, in its JSON or its proto: a prediction, then a status and
// metadata where it has an answer of its own.
Payload node_answer(Protocol protocol, Asked what) {
  std::string_view text = R"({"data":{"ndarray":[[1]]}})";
  if (protocol == kTensorflow) text = R"({"predictions":[1.0]})";
  if (protocol == kV2) {
    text =
        R"({"model_name":"m","outputs":[{"name":"o","shape":[1],"datatype":"FP64","data":[1]}]})";
  }
  if (what == Asked::kMetadata || what == Asked::kRootMetadata) {
    text = R"({"name":"m","versions":["1"],"platform":"p","inputs":[],"outputs":[]})";
    if (protocol == kTensorflow) {
      text = R"({"model_spec":{"name":"m","signature_name":"","version":"1"},)"
             R"("metadata":{"signature_def":{"signature_def":{}}}})";
    }
  }
  if (what == Asked::kStatus) {
    text = "{}";
    if (protocol == kTensorflow) {
      text = R"({"model_version_status":[{"version":"1","state":"AVAILABLE",)"
             R"("status":{"error_code":"OK","error_message":""}}]})";
    }
  }
  Payload made = Payload::json(std::string(text));
  made.set_protocol(protocol);
  made.set_origin("m");
  return made;
}

// A graph of one node between the two fronts, whose node is a fake.
class Api {
 public:
  explicit Api(Protocol protocol) {
    graph::PredictorSpec spec;
    spec.name = "p";
    graph::NodeSpec node;
    node.name = "m";
    node.type = graph::NodeType::kModel;
    spec.nodes.push_back(node);
    const auto make = [this](const graph::NodeSpec&) -> std::unique_ptr<graph::Unit> {
      auto made = std::make_unique<FakeUnit>("m", log);
      unit = made.get();
      return made;
    };
    predictor_ = std::make_unique<Predictor>(graph::Plan::make(spec, make), Predictor::Options{});
    RestApiOptions rest_options;
    rest_options.protocols = {protocol};
    rest_options.deployment = "d";
    rest_options.namespace_ = "n";
    rest_ = std::make_unique<RestApi>(rest_options, *predictor_, ready, families, 0);
    GrpcApiOptions grpc_options;
    grpc_options.protocols = {protocol};
    grpc_options.keeps_requests = true;
    grpc_ = std::make_unique<GrpcApi>(grpc_options, *predictor_, ready, families, 1);
  }

  std::string_view puid_of(std::span<const protocol::HeaderField> sent) {
    ask_rest("GET", "/live", {}, sent);
    return headers.value(kPuidHeader);
  }

  HttpResponse ask_rest(std::string_view verb, std::string_view path, const Payload& body = {},
                        std::span<const protocol::HeaderField> sent = {}) {
    HttpRequest request;
    request.headers = sent;
    CancelScope cancel;
    request.verb = verb;
    request.path = path;
    request.body = body;
    request.cancel = &cancel;
    headers.clear();
    return run(rest_->handle(request, headers));
  }

  GrpcResponse ask_grpc(std::string_view method, const Payload& body = {}) {
    GrpcRequest request;
    CancelScope cancel;
    const auto names = grpc_->methods();
    const auto found = std::find(names.begin(), names.end(), method);
    EXPECT_NE(found, names.end()) << method;
    request.method = static_cast<std::size_t>(found - names.begin());
    request.body = body;
    request.body.set_encoding(protocol::Encoding::kProto);
    request.cancel = &cancel;
    return run(grpc_->handle(request));
  }

  // How many requests have these labels.
  std::uint64_t counted(std::string_view service, std::string_view method, std::string_view code) {
    std::uint64_t sum = 0;
    for (const auto& family : families.registry().collect()) {
      if (family.name != "seldon_api_executor_server_requests_seconds") continue;
      for (const auto& metric : family.metric) {
        const auto is = [&](std::string_view name, std::string_view value) {
          return std::any_of(metric.label.begin(), metric.label.end(), [&](const auto& label) {
            return label.name == name && label.value == value;
          });
        };
        if (is("service", service) && is("method", method) && is("code", code)) {
          sum += metric.histogram.sample_count;
        }
      }
    }
    return sum;
  }
  double failures(std::string_view reason) {
    double sum = 0;
    for (const auto& family : families.registry().collect()) {
      if (family.name != "infergraph_requests_failed_total") continue;
      for (const auto& metric : family.metric) {
        for (const auto& label : metric.label) {
          if (label.name == "reason" && label.value == reason) sum += metric.counter.value;
        }
      }
    }
    return sum;
  }
  std::uint64_t counted() {
    std::uint64_t sum = 0;
    for (const auto& family : families.registry().collect()) {
      if (family.name != "seldon_api_executor_server_requests_seconds") continue;
      for (const auto& metric : family.metric) sum += metric.histogram.sample_count;
    }
    return sum;
  }

  FakeUnit::Log log;
  FakeUnit* unit = nullptr;
  ReadyState ready;
  metrics::Families families{[] {
    metrics::FamilyOptions made;
    made.shards = 2;
    return made;
  }()};
  protocol::HeaderList headers;

 private:
  template <typename Response>
  static Response run(Awaitable<Response> begun) {
    boost::asio::io_context loop;
    std::optional<Response> response;
    boost::asio::co_spawn(loop, std::move(begun),
                          [&](const std::exception_ptr& thrown, Response made) {
                            EXPECT_FALSE(thrown);
                            response.emplace(std::move(made));
                          });
    loop.run();
    return *std::move(response);
  }

  std::unique_ptr<Predictor> predictor_;
  std::unique_ptr<RestApi> rest_;
  std::unique_ptr<GrpcApi> grpc_;
};

// Every route of every protocol: what comes of it, and what it counts as.
TEST(ApiCore, AnswersEveryRouteOfREST) {
  struct Case {
    Protocol protocol;
    std::string_view verb;
    std::string_view path;
    Asked what;
    int status;
    std::string_view body;  // a part of it
    std::string_view service;
    std::string_view method = "";
  };
  const Case cases[] = {
      {kSeldon, "POST", "/api/v0.1/predictions", Asked::kPredictions, 200, "ndarray", "predictions",
       "post"},
      {kSeldon, "POST", "/api/v1.0/predictions", Asked::kPredictions, 200, "ndarray", "predictions",
       "post"},
      {kSeldon, "GET", "/api/v1.0/predictions", Asked::kUnknown, 405, "NOT_FOUND", ""},
      {kSeldon, "OPTIONS", "/api/v1.0/predictions", Asked::kUnknown, 200, "", ""},
      {kSeldon, "POST", "/api/v0.1/feedback", Asked::kFeedback, 200, "", "feedback", "post"},
      {kSeldon, "POST", "/api/v1.0/feedback", Asked::kFeedback, 200, "", "feedback", "post"},
      {kSeldon, "GET", "/api/v0.1/status/m", Asked::kStatus, 200, "{}", "status", "get"},
      {kSeldon, "GET", "/api/v0.1/metadata/m", Asked::kMetadata, 200, "platform", "metadata",
       "get"},
      {kSeldon, "OPTIONS", "*", Asked::kUnknown, 200, "", ""},
      {kSeldon, "GET", "/api/v1.0/status/m", Asked::kStatus, 200, "{}", "status", "get"},
      {kSeldon, "GET", "/api/v1.0/status/x", Asked::kUnknown, 404, "NOT_FOUND", "status", "get"},
      {kSeldon, "GET", "/api/v1.0/metadata/m", Asked::kMetadata, 200, "platform", "metadata",
       "get"},
      {kSeldon, "GET", "/api/v1.0/metadata", Asked::kMetadata, 200, "graphinputs", "metadata",
       "get"},
      {kSeldon, "GET", "/api/v1.0/status", Asked::kUnknown, 200, "", "status", "get"},
      {kSeldon, "GET", "/api/v1.0/health/status", Asked::kUnknown, 200, "", "status", "get"},
      {kSeldon, "GET", "/api/v1.0/doc/", Asked::kUnknown, 200, "<html", ""},
      {kSeldon, "GET", "/ready", Asked::kUnknown, 200, "", ""},
      {kSeldon, "GET", "/live", Asked::kUnknown, 200, "", ""},
      {kSeldon, "GET", "/ping", Asked::kUnknown, 200, "pong", ""},
      {kSeldon, "GET", "/prometheus", Asked::kUnknown, 200, "# TYPE", ""},
      {kSeldon, "GET", "/nope", Asked::kUnknown, 404, "no such path", ""},
      {kSeldon, "GET", "//ready", Asked::kUnknown, 301, "", ""},
      {kTensorflow, "POST", "/v1/models/:predict", Asked::kPredictions, 200, "predictions",
       "predictions", "post"},
      {kTensorflow, "POST", "/v1/models/m:predict", Asked::kPredictions, 200, "predictions",
       "predictions", "post"},
      {kTensorflow, "POST", "/v1/models/m/versions/1:predict", Asked::kPredictions, 200,
       "predictions", "predictions", "post"},
      {kTensorflow, "POST", "/v1/models/m/labels/stable:predict", Asked::kPredictions, 200,
       "predictions", "predictions", "post"},
      {kTensorflow, "GET", "/v1/models/m/versions/1", Asked::kStatus, 200, "AVAILABLE", "status",
       "get"},
      {kTensorflow, "GET", "/v1/models/m", Asked::kStatus, 200, "AVAILABLE", "status", "get"},
      {kTensorflow, "GET", "/v1/models/m/metadata", Asked::kMetadata, 200, "model_spec", "metadata",
       "get"},
      {kTensorflow, "GET", "/v1/models/m:predict", Asked::kUnknown, 405, "error", ""},
      {kTensorflow, "GET", "/v1/nope", Asked::kUnknown, 404, "error", ""},
      {kV2, "POST", "/v2/models/m/infer", Asked::kPredictions, 200, "outputs", "predictions",
       "post"},
      {kV2, "POST", "/v2/models/infer", Asked::kPredictions, 200, "outputs", "predictions", "post"},
      {kV2, "GET", "/v2/models/m/ready", Asked::kStatus, 200, "", "status", "get"},
      {kV2, "GET", "/v2/models/m", Asked::kMetadata, 200, "platform", "metadata", "get"},
      {kV2, "GET", "/v2/docs/", Asked::kUnknown, 200, "<html", ""},
      {kV2, "GET", "/v2", Asked::kUnknown, 200, "infergraph", ""},
      {kV2, "GET", "/v2/health/ready", Asked::kUnknown, 200, "", "status", "get"},
      {kV2, "GET", "/v2/health/live", Asked::kUnknown, 200, "", ""},
      {kV2, "GET", "/v2/nope", Asked::kUnknown, 404, "error", ""},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(each.verb) + " " + std::string(each.path));
    Api api(each.protocol);
    if (each.what != Asked::kUnknown) {
      api.unit->answers.emplace_back(node_answer(each.protocol, each.what));
    }
    const bool asks = each.what == Asked::kPredictions;
    const HttpResponse response = api.ask_rest(
        each.verb, each.path, asks ? node_answer(each.protocol, each.what) : Payload());
    EXPECT_EQ(response.status, each.status);
    EXPECT_THAT(std::string(response.body.bytes()), HasSubstr(std::string(each.body)));
    EXPECT_EQ(api.headers.value(kPuidHeader).size(), 36U);
    const std::string code = std::to_string(each.status);
    EXPECT_EQ(api.counted(), each.service.empty() ? 0U : 1U);
    EXPECT_EQ(api.counted(each.service, each.method, code), each.service.empty() ? 0U : 1U);
  }
}

// Every method of every protocol, likewise.
TEST(ApiCore, AnswersEveryMethodOfGrpc) {
  for (const Protocol protocol : {kSeldon, kTensorflow, kV2}) {
    for (const GrpcMethod& method : grpc_methods({protocol})) {
      SCOPED_TRACE(method.name);
      // Converting to Classify and Regress takes an answer of theirs, which conversion_test has.
      if (method.operation != protocol::Operation::kPredict) continue;
      Api api(protocol);
      api.unit->answers.emplace_back(node_answer(protocol, method.what));
      // Its first field names the model; tensorflow's is in a model_spec.
      const bool names = method.what == Asked::kStatus || method.what == Asked::kMetadata;
      const char* const name = protocol == kTensorflow ? "\x0a\x03\x0a\x01m" : "\x0a\x01m";
      const GrpcResponse response = api.ask_grpc(method.name, Payload::proto(names ? name : ""));
      EXPECT_EQ(response.status.code, GrpcCode::kOk) << response.status.message;
      EXPECT_EQ(response.puid.size(), 36U);
      EXPECT_EQ(api.counted(), 1U);
      EXPECT_EQ(api.counted(method.name, "unary", "OK"), 1U);
    }
  }
}

// Every row of status_map: status, reason, the code over gRPC, and what counts it.
TEST(ApiCore, AnswersEveryFailure) {
  struct Case {
    Code code;
    int status;
    std::string_view reason;
    GrpcCode rpc;
    std::string_view rpc_name;
  };
  const Case cases[] = {
      {Code::kUnavailable, 503, "UNAVAILABLE", GrpcCode::kUnavailable, "Unavailable"},
      {Code::kDeadlineExceeded, 504, "DEADLINE_EXCEEDED", GrpcCode::kDeadlineExceeded,
       "DeadlineExceeded"},
      {Code::kBadUpstream, 502, "BAD_UPSTREAM", GrpcCode::kInternal, "Internal"},
      {Code::kInvalidRouting, 500, "INVALID_ROUTING", GrpcCode::kInternal, "Internal"},
      {Code::kInvalidCombination, 500, "INVALID_COMBINATION", GrpcCode::kInternal, "Internal"},
      {Code::kInvalidArgument, 400, "INVALID_ARGUMENT", GrpcCode::kInvalidArgument,
       "InvalidArgument"},
      {Code::kTooLarge, 413, "RESOURCE_EXHAUSTED", GrpcCode::kResourceExhausted,
       "ResourceExhausted"},
      {Code::kHeaderTooLarge, 431, "RESOURCE_EXHAUSTED", GrpcCode::kResourceExhausted,
       "ResourceExhausted"},
      {Code::kTooSlow, 408, "RESOURCE_EXHAUSTED", GrpcCode::kResourceExhausted,
       "ResourceExhausted"},
      {Code::kOverloaded, 503, "OVERLOADED", GrpcCode::kResourceExhausted, "ResourceExhausted"},
      {Code::kNotFound, 404, "NOT_FOUND", GrpcCode::kNotFound, "NotFound"},
      {Code::kMethodNotAllowed, 405, "NOT_FOUND", GrpcCode::kUnimplemented, "Unimplemented"},
      {Code::kCancelled, 499, "CANCELLED", GrpcCode::kCancelled, "Canceled"},
      {Code::kInternal, 500, "INTERNAL", GrpcCode::kInternal, "Internal"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.reason);
    Api api(kSeldon);
    const Status failure(each.code, "it failed", "m");
    api.unit->answers.emplace_back(failure);
    const HttpResponse rest = api.ask_rest("POST", "/api/v1.0/predictions");
    EXPECT_EQ(rest.status, each.status);
    EXPECT_THAT(std::string(rest.body.bytes()),
                HasSubstr("\"reason\":\"" + std::string(each.reason) + "\""));
    EXPECT_EQ(api.headers.value(kFailedNodeHeader), "m");
    EXPECT_EQ(api.headers.value(kRetryAfterHeader), each.code == Code::kOverloaded ? "1" : "");
    EXPECT_EQ(api.counted("predictions", "post", std::to_string(each.status)), 1U);
    EXPECT_EQ(api.failures(each.reason), 1);

    api.unit->answers.emplace_back(failure);
    const GrpcResponse rpc = api.ask_grpc("/seldon.protos.Seldon/Predict");
    EXPECT_EQ(rpc.status.code, each.rpc);
    EXPECT_EQ(rpc.failed_node, "m");
    EXPECT_EQ(api.counted("/seldon.protos.Seldon/Predict", "unary", each.rpc_name), 1U);
    EXPECT_EQ(api.failures(each.reason), 2);
  }
}

// In the shape of each protocol.
TEST(ApiCore, SaysWhatFailedInTheCallersProtocol) {
  for (const auto& [protocol, path] :
       {std::pair(kTensorflow, "/v1/models/m:predict"), std::pair(kV2, "/v2/models/m/infer")}) {
    Api api(protocol);
    api.unit->answers.emplace_back(Status(Code::kUnavailable, "it failed", "m"));
    const HttpResponse response =
        api.ask_rest("POST", path, node_answer(protocol, Asked::kUnknown));
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(std::string(response.body.bytes()), HasSubstr("\"error\":\"it failed"));
    EXPECT_EQ(api.headers.value(kFailedNodeHeader), "m");
  }
}

TEST(ApiCore, AnswersACloudEventWithOne) {
  Api api(kSeldon);
  const protocol::HeaderField event{"ce-specversion", "0.2"};
  api.ask_rest("POST", "/api/v1.0/predictions", {}, {&event, 1});
  EXPECT_EQ(api.headers.value("Ce-Specversion"), "0.3");
  EXPECT_EQ(api.headers.value("Ce-Source"), "seldon.d");
  EXPECT_EQ(api.headers.value("Ce-Type"), "seldon.d.n.response");
  EXPECT_EQ(api.headers.value("Ce-Id"), api.headers.value(kPuidHeader));
  EXPECT_EQ(api.headers.value("Ce-Path"), "/api/v1.0/predictions");
  EXPECT_EQ(api.headers.value("Access-Control-Allow-Methods"), "OPTIONS,POST");
}

TEST(ApiCore, SaysWhatIsAllowed) {
  Api api(kSeldon);
  EXPECT_EQ(api.ask_rest("DELETE", "/api/v1.0/predictions").status, 405);
  EXPECT_EQ(api.headers.value("Allow"), "OPTIONS,POST");
}

TEST(ApiCore, PassesOnWhatANodeAnsweredWith) {
  Api api(kSeldon);
  Payload teapot = Payload::json(R"({"mine":1})");
  teapot.set_status(418);
  api.unit->answers.emplace_back(Status::from_upstream("m", teapot));
  const HttpResponse response = api.ask_rest("POST", "/api/v1.0/predictions");
  EXPECT_EQ(response.status, 418);
  EXPECT_EQ(response.body.bytes(), R"({"mine":1})");
  EXPECT_EQ(api.headers.value(kFailedNodeHeader), "m");
  EXPECT_EQ(api.counted("predictions", "post", "418"), 1U);
}

TEST(ApiCore, IsNotReadyOnceItStops) {
  for (const auto& [protocol, path, has_report] :
       {std::tuple(kSeldon, "/ready", true), std::tuple(kV2, "/v2/health/ready", false)}) {
    Api api(protocol);
    api.ready.stop_serving();
    const HttpResponse response = api.ask_rest("GET", path);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.body.empty(), !has_report) << response.body.bytes();
  }
  Api api(kV2);
  const std::string_view method = "/inference.GRPCInferenceService/ServerReady";
  EXPECT_EQ(api.ask_grpc(method).body.size(), 2U);  // ready: true
  api.ready.stop_serving();
  EXPECT_EQ(api.ask_grpc(method).body.size(), 0U);
}

TEST(ApiCore, KeepsACallersPuidThatIsOne) {
  Api api(kSeldon);
  const protocol::HeaderField given{"seldon-puid", "mine"};
  const protocol::HeaderField broken{"seldon-puid", "two\r\nlines"};
  EXPECT_EQ(api.puid_of({&given, 1}), "mine");
  EXPECT_EQ(api.puid_of({&broken, 1}).size(), 36U);
}

}  // namespace
}  // namespace infergraph::engine
