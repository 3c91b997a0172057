#include "engine/tools/stub/seldon/node.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "engine/tools/stub/seldon/answer.hpp"
#include "engine/tools/stub/seldon/request.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/gzip.hpp"
#include "protocol/json/json.hpp"
#include "protocol/limits.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {

using protocol::GrpcCode;
using protocol::Method;
using protocol::Payload;

namespace {

HttpResponse respond(StubAnswer answer) {
  HttpResponse response;
  response.status = answer.status;
  response.body = Payload::json(std::move(answer.body));
  return response;
}

HttpResponse internal_error(std::string_view info) {
  return respond(wrapper_error(500, "MICROSERVICE_INTERNAL_ERROR", info));
}

// Flask's texts, which the wrapper's handler of all exceptions puts into a 500.
constexpr const char* kNotFound =
    "404 Not Found: The requested URL was not found on the server. If you entered the URL manually "
    "please check your spelling and try again.";
constexpr const char* kNotAllowed =
    "405 Method Not Allowed: The method is not allowed for the requested URL.";

bool is_json(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
}

bool is_question(Method method) { return method == Method::kStatus || method == Method::kMetadata; }

// Whether --set payload stands for its answer.
bool has_payload(Method method) {
  return method == Method::kPredict || method == Method::kTransformInput ||
         method == Method::kTransformOutput || method == Method::kAggregate;
}

// The versioned paths take POST alone, and the questions GET.
bool takes_verb(std::string_view path, std::string_view verb) {
  const auto method = stub_method(path);
  const bool is_get = verb == "GET" || verb == "HEAD";
  if (!method || is_question(*method)) return is_get;
  return verb == "POST" || (is_get && !path.starts_with("/api/"));
}

// What /seldon.json tells of the component.
constexpr const char* kOpenApi =
    R"({"openapi":"3.0.0","info":{"title":"Seldon Core microservice","version":"1.18.2"},"paths":{)"
    R"("/predict":{"post":{}},"/transform-input":{"post":{}},"/transform-output":{"post":{}},)"
    R"("/route":{"post":{}},"/aggregate":{"post":{}},"/send-feedback":{"post":{}}}})";

// The first element of a JSON array, if it is one that has any.
class FirstElement final : public protocol::json::Visitor {
 public:
  bool enter(const protocol::json::Path& path, protocol::json::Kind) override {
    return path.depth() == 0;
  }
  void value(const protocol::json::Path& path, protocol::json::Kind,
             std::string_view text) override {
    if (path.depth() == 1 && path.index(0) == 0U) found = text;
  }
  std::string_view found;
};

}  // namespace

std::optional<Method> stub_method(std::string_view path) {
  static constexpr std::pair<std::string_view, Method> kPaths[] = {
      {"/predict", Method::kPredict},
      {"/api/v1.0/predictions", Method::kPredict},
      {"/api/v0.1/predictions", Method::kPredict},
      {"/transform-input", Method::kTransformInput},
      {"/transform-output", Method::kTransformOutput},
      {"/route", Method::kRoute},
      {"/aggregate", Method::kAggregate},
      {"/send-feedback", Method::kSendFeedback},
      {"/api/v1.0/feedback", Method::kSendFeedback},
      {"/api/v0.1/feedback", Method::kSendFeedback},
      {"/health/status", Method::kStatus},
      {"/api/v1.0/health/status", Method::kStatus},
      {"/metadata", Method::kMetadata},
      {"/api/v1.0/metadata", Method::kMetadata},
  };
  for (const auto& [known, method] : kPaths) {
    if (known == path) return method;
  }
  return std::nullopt;
}

std::uint64_t StubCounts::total() const {
  return std::accumulate(calls.begin(), calls.end(), other);
}

StubNode::StubNode(graph::NodeSpec node, StubSettings settings, std::uint64_t seed,
                   std::unique_ptr<StubServer> server)
    : node_(std::move(node)),
      settings_(std::move(settings)),
      random_(seed),
      server_(std::move(server)) {}

bool StubNode::is_for(const HttpRequest& request) const {
  if (server_ != nullptr) return server_->names_model(request);
  const auto method = stub_method(protocol::percent_decoded(request.path));
  if (!method) return false;
  using graph::NodeType;
  switch (*method) {
    case Method::kPredict:
      return node_.type == NodeType::kModel;
    case Method::kTransformInput:
      return node_.type == NodeType::kTransformer || node_.methods.transform_input;
    case Method::kTransformOutput:
      return node_.type == NodeType::kOutputTransformer || node_.methods.transform_output;
    case Method::kRoute:
      return node_.type == NodeType::kRouter || node_.methods.route;
    case Method::kAggregate:
      return node_.type == NodeType::kCombiner || node_.methods.aggregate;
    default:
      return false;
  }
}

StubNode::Reply StubNode::reply(const HttpRequest& request) {
  if (server_ != nullptr) return reply_of_server(request);
  const std::string path = protocol::percent_decoded(request.path);
  const auto method = stub_method(path);
  const bool is_asked = method && is_question(*method);
  if (!method || !takes_verb(path, request.verb)) return reply_elsewhere(path, request.verb);

  Reply made;
  ++counts_.calls[static_cast<std::size_t>(*method)];
  // Whoever waits for the node to be ready shall not be hit by what is meant for calls.
  const bool fails = !is_asked && draw_failure();
  if (!is_asked) made.delay = draw_delay();
  made.response = fails ? internal_error("injected error of the stand-in for " + node_.name)
                        : answer(*method, request);
  if (made.response.status >= 300) ++counts_.errors;
  return made;
}

StubNode::Reply StubNode::reply_elsewhere(std::string_view path, std::string_view verb) {
  ++counts_.other;
  const bool is_get = verb == "GET" || verb == "HEAD";
  Reply made;
  made.response.body.set_content_type("text/html; charset=utf-8");
  if (verb == "OPTIONS") {
    made.allow = takes_verb(path, "POST")
                     ? takes_verb(path, "GET") ? "GET, POST, OPTIONS, HEAD" : "OPTIONS, POST"
                     : "GET, OPTIONS, HEAD";
    return made;
  }
  if (is_get && path == "/health/ping") {
    made.response.body = Payload(nullptr, "pong");
    made.response.body.set_content_type("text/html; charset=utf-8");
    return made;
  }
  if (is_get && path == "/seldon.json") {
    made.response.body = Payload::json(kOpenApi);
    return made;
  }
  ++counts_.errors;
  // Flask looks for files wherever it has no route, so another verb than GET is not allowed there.
  made.response = internal_error(is_get ? kNotFound : kNotAllowed);
  return made;
}

StubNode::Reply StubNode::reply_of_server(const HttpRequest& request) {
  const auto method = server_->method_of(request);
  Reply made;
  if (!method) {
    ++counts_.other;
    made = server_->answer(request);
  } else {
    ++counts_.calls[static_cast<std::size_t>(*method)];
    const bool is_asked = is_question(*method);
    const auto delay = is_asked ? std::chrono::nanoseconds(0) : draw_delay();
    made = !is_asked && draw_failure()
               ? server_->error(
                     {GrpcCode::kInternal, "injected error of the stand-in for " + node_.name, ""},
                     request.body.encoding())
               : answer_of_server(*method, request);
    made.delay = delay;
  }
  if (made.response.status >= 300) ++counts_.errors;
  return made;
}

// A route is a list of branches, and what is combined are the bodies of the answers in a list
// (docs/wire/v2.md §4): REST's alone.
StubNode::Reply StubNode::answer_of_server(Method method, const HttpRequest& request) {
  const protocol::Encoding encoding = request.body.encoding();
  Reply made;
  if (method == Method::kRoute) {
    made.response.body = Payload::json("[" + std::to_string(choose_branch()) + "]");
    return made;
  }
  if (is_question(method) || (settings_.payload == nullptr && method != Method::kAggregate)) {
    return server_->answer(request);
  }
  if (settings_.payload == nullptr) {
    const auto plain = protocol::decoded(request.body, protocol::kMaxBody);
    FirstElement first;
    if (!plain || protocol::json::visit(plain->bytes(), first) || first.found.empty()) {
      return server_->error({GrpcCode::kInvalidArgument, "the body is no list of answers", ""},
                            encoding);
    }
    made.response.body = Payload::json(std::string(first.found));
    return made;
  }
  made.response.body = Payload(settings_.payload, *settings_.payload);
  made.response.body.set_content_type("application/json");
  if (encoding == protocol::Encoding::kJson) return made;
  protocol::Target target;
  target.protocol = settings_.personality.value_or(protocol::Protocol::kSeldon);
  target.encoding = encoding;
  target.role = protocol::Role::kAnswer;
  target.max_decoded = protocol::kMaxBody;
  made.response.body.set_protocol(target.protocol);
  made.response.body.set_origin(node_.name);  // what has none is a caller's
  auto proto = protocol::convert(made.response.body, target);
  if (!proto) return server_->error({GrpcCode::kInternal, proto.error().message(), ""}, encoding);
  made.response.body = *std::move(proto);
  return made;
}

HttpResponse StubNode::refuse(const protocol::Status& why) const {
  if (server_ == nullptr) {
    return respond(wrapper_error(400, "MICROSERVICE_BAD_DATA", why.message()));
  }
  return server_->error({GrpcCode::kInvalidArgument, why.message(), ""}, protocol::Encoding::kJson)
      .response;
}

bool StubNode::draw_failure() {
  return settings_.error_rate > 0 &&
         std::uniform_real_distribution<>(0, 1)(random_) < settings_.error_rate;
}

HttpResponse StubNode::answer(Method method, const HttpRequest& request) {
  if (method == Method::kStatus) return respond(health_answer());
  if (method == Method::kMetadata) return respond(metadata_answer(node_));
  if (settings_.payload != nullptr && has_payload(method)) {
    HttpResponse response;
    response.body = Payload(settings_.payload, *settings_.payload);
    response.body.set_content_type(is_json(*settings_.payload) ? "application/json"
                                                               : "application/octet-stream");
    return response;
  }
  rapidjson::Document message;
  if (auto read = read_wrapper_request(request, message); !read) return respond(read.error());
  const std::size_t size = request.body.size() + request.query.size();
  switch (method) {
    case Method::kPredict:
      return respond(predict_answer(node_, message, size));
    case Method::kRoute:
      return respond(route_answer(node_, message, size, choose_branch()));
    case Method::kAggregate:
      return respond(aggregate_answer(node_, message, size));
    case Method::kSendFeedback:
      return respond(feedback_answer(node_, message));
    default:
      return respond(transform_answer(node_, message, size));
  }
}

int StubNode::choose_branch() {
  const int children = std::max(static_cast<int>(node_.children.size()), 1);
  switch (settings_.route_choice) {
    case RouteChoice::kRandom:
      return std::uniform_int_distribution<>(0, children - 1)(random_);
    case RouteChoice::kRoundRobin:
      return std::exchange(next_branch_, (next_branch_ + 1) % children);
    case RouteChoice::kFixed:
      break;
  }
  return settings_.route;
}

std::chrono::nanoseconds StubNode::draw_delay() {
  auto delay = settings_.latency;
  if (const auto jitter = settings_.jitter.count(); jitter > 0) {
    delay += std::chrono::nanoseconds(
        std::uniform_int_distribution<std::chrono::nanoseconds::rep>(-jitter, jitter)(random_));
  }
  return std::max(delay, std::chrono::nanoseconds(0));
}

}  // namespace infergraph::engine
