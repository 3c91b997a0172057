#include "engine/tools/stub/v2/server.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "engine/tools/stub/path_text.hpp"
#include "engine/tools/stub/v2/json.hpp"
#include "protocol/gzip.hpp"
#include "protocol/limits.hpp"
#include "protocol/routes.hpp"
#include "protocol/v2/json_size.hpp"

namespace infergraph::engine {

using protocol::Encoding;
using protocol::GrpcCode;
using protocol::Method;
using protocol::Payload;

namespace {

constexpr const char* kServerName = "infergraph-stub";
constexpr const char* kServerVersion = "1";
constexpr const char* kModelVersion = "1";
constexpr const char* kExtension = "binary_tensor_data";

constexpr std::array<std::string_view, 7> kMethods = {
    "/inference.GRPCInferenceService/ModelInfer",
    "/inference.GRPCInferenceService/ServerLive",
    "/inference.GRPCInferenceService/ServerReady",
    "/inference.GRPCInferenceService/ServerMetadata",
    "/inference.GRPCInferenceService/ModelReady",
    "/inference.GRPCInferenceService/ModelMetadata",
    "/inference.GRPCInferenceService/RepositoryIndex"};

enum class Asks {
  kServer,
  kLive,
  kReady,
  kModel,
  kModelReady,
  kInfer,
  kRoute,
  kAggregate,
  kIndex,
};

/// A path of the REST API, whatever its verb of HTTP (docs/wire/v2.md §1).
struct Path {
  Asks asks = Asks::kServer;
  std::string_view name;
  std::string_view version;
};

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<Path> read_path(std::string_view text) {
  if (text == "/v2" || text == "/v2/") return Path{Asks::kServer, {}, {}};
  if (text == "/v2/health/live") return Path{Asks::kLive, {}, {}};
  if (text == "/v2/health/ready") return Path{Asks::kReady, {}, {}};
  if (text == "/v2/repository/index") return Path{Asks::kIndex, {}, {}};
  Path made;
  if (!take(text, "/v2/models/")) return std::nullopt;
  made.name = take_segment(text, "/");
  if (made.name.empty()) return std::nullopt;
  if (take(text, "/versions/")) {
    if (!take_version(text, "/", made.version)) return std::nullopt;
  }
  static constexpr std::array<std::pair<std::string_view, Asks>, 5> kEnds = {
      {{"", Asks::kModel},
       {"/ready", Asks::kModelReady},
       {"/infer", Asks::kInfer},
       {"/route", Asks::kRoute},
       {"/aggregate", Asks::kAggregate}}};
  for (const auto& [end, asks] : kEnds) {
    if (text != end) continue;
    made.asks = asks;
    return made;
  }
  return std::nullopt;
}

Method method_of_asks(Asks asks) {
  switch (asks) {
    case Asks::kInfer:
      return Method::kPredict;
    case Asks::kRoute:
      return Method::kRoute;
    case Asks::kAggregate:
      return Method::kAggregate;
    case Asks::kServer:
    case Asks::kModel:
    case Asks::kIndex:
      return Method::kMetadata;
    default:
      return Method::kStatus;
  }
}

bool takes_verb(Asks asks, std::string_view verb) {
  const auto method = method_of_asks(asks);
  if (asks == Asks::kIndex) return verb == "POST";
  const bool is_question = method == Method::kMetadata || method == Method::kStatus;
  return verb == (is_question ? "GET" : "POST");
}

StubReply replied(Payload body) {
  StubReply made;
  made.response.body = std::move(body);
  return made;
}

StubReply bare_error(int status, std::string_view message) {
  StubReply made = replied(Payload::json(write_v2_error(message)));
  made.response.status = status;
  return made;
}

/// Where the JSON ends, as the header says; nothing when there is no binary part.
Served<std::optional<std::size_t>> read_json_size(const HttpRequest& request,
                                                  std::size_t body_size) {
  bool present = false;
  const std::string_view text = request.header(protocol::kJsonSizeHeader, &present);
  if (!present) return std::optional<std::size_t>();
  std::int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  std::string why;
  if (error != std::errc() || end != text.data() + text.size()) {
    why = "Unable to parse Inference-Header-Content-Length, got: " + std::string(text);
  } else if (size < 0 || static_cast<std::uint64_t>(size) > body_size) {
    why = "inference header size should be in range (0, " + std::to_string(body_size) +
          "), got: " + std::to_string(size);
  } else {
    return std::optional(static_cast<std::size_t>(size));
  }
  return protocol::GrpcStatus{GrpcCode::kInvalidArgument, std::move(why), ""};
}

template <typename Request>
bool parse(Request& request, std::string_view wire) {
  return request.ParseFromArray(wire.data(), static_cast<int>(wire.size()));
}

}  // namespace

std::span<const std::string_view> V2Server::grpc_methods() const { return kMethods; }

std::optional<Method> V2Server::method_of(const HttpRequest& request) const {
  if (request.body.encoding() == Encoding::kProto) {
    if (request.path == kMethods[0]) return Method::kPredict;
    const bool is_metadata =
        request.path == kMethods[3] || request.path == kMethods[5] || request.path == kMethods[6];
    return is_metadata ? Method::kMetadata : Method::kStatus;
  }
  const auto path = read_path(request.path);
  if (!path || !takes_verb(path->asks, request.verb)) return std::nullopt;
  return method_of_asks(path->asks);
}

std::string V2Server::model_in(std::string_view path) const {
  const auto read = read_path(path);
  return read ? protocol::percent_decoded(read->name) : "";
}

StubReply V2Server::error(protocol::GrpcStatus why, Encoding encoding) const {
  const auto status = [&] {
    switch (why.code) {
      case GrpcCode::kInternal:
        return 500;
      case GrpcCode::kNotFound:
        return 404;
      case GrpcCode::kUnavailable:
        return 503;
      case GrpcCode::kUnimplemented:
        return 501;
      default:
        return 400;
    }
  }();
  StubReply made;
  if (encoding == Encoding::kJson) made = bare_error(status, why.message);
  made.response.status = status;
  made.status = std::move(why);
  return made;
}

Served<Payload> V2Server::infer(const HttpRequest& http, const std::string& name,
                                const std::string& version) const {
  if (auto known = model_.check(name, version); !known) return known.error();
  const auto plain = protocol::decoded(http.body, protocol::kMaxBody);
  if (!plain) return protocol::GrpcStatus{GrpcCode::kInvalidArgument, plain.error().message(), ""};
  const auto size = read_json_size(http, plain->size());
  if (!size) return size.error();
  inference::ModelInferRequest request;
  request.set_model_name(name);
  request.set_model_version(version);
  if (*size == std::size_t{0} && model_.model() != nullptr) {
    // The raw binary request: the only input's bytes and nothing else, as a batch of one.
    auto& input = *request.add_inputs();
    input.set_name(model_.model()->names().input);
    input.set_datatype("FP32");
    input.add_shape(1);
    input.add_shape(static_cast<std::int64_t>(model_.model()->inputs()));
    request.add_raw_input_contents(std::string(plain->bytes()));
    (*request.mutable_parameters())["binary_data_output"].set_bool_param(true);
  } else if (auto read = read_infer_json(plain->bytes(), *size, request); !read) {
    return read.error();
  }
  const auto response = model_.infer(request);
  if (!response) return response.error();
  return write_infer_json(*response, request);
}

StubReply V2Server::answer_grpc(const HttpRequest& http) const {
  const std::string_view wire = http.body.bytes();
  const auto invalid = [&] {
    return error({GrpcCode::kInternal, "Error parsing proto", ""}, Encoding::kProto);
  };
  const auto answered = [](const google::protobuf::Message& message) {
    return replied(Payload::proto(message.SerializeAsString()));
  };
  if (http.path == kMethods[0]) {
    inference::ModelInferRequest request;
    if (!parse(request, wire)) return invalid();
    const auto made = model_.infer(std::move(request));
    return made ? answered(*made) : error(made.error(), Encoding::kProto);
  }
  if (http.path == kMethods[1]) {
    inference::ServerLiveResponse made;
    made.set_live(true);
    return answered(made);
  }
  if (http.path == kMethods[2]) {
    inference::ServerReadyResponse made;
    made.set_ready(true);
    return answered(made);
  }
  if (http.path == kMethods[3]) {
    inference::ServerMetadataResponse made;
    made.set_name(kServerName);
    made.set_version(kServerVersion);
    made.add_extensions(kExtension);
    return answered(made);
  }
  if (http.path == kMethods[4]) {
    inference::ModelReadyRequest request;
    if (!parse(request, wire)) return invalid();
    inference::ModelReadyResponse made;
    made.set_ready(model_.check(request.name(), request.version()).has_value());
    return answered(made);
  }
  if (http.path == kMethods[6]) {
    inference::RepositoryIndexResponse made;
    for (const std::string& name : index_) {
      auto& one = *made.add_models();
      one.set_name(name);
      one.set_version(kModelVersion);
      one.set_state("READY");
    }
    return answered(made);
  }
  inference::ModelMetadataRequest request;
  if (!parse(request, wire)) return invalid();
  if (auto known = model_.check(request.name(), request.version()); !known) {
    return error(known.error(), Encoding::kProto);
  }
  return answered(model_.metadata(request.name()));
}

StubReply V2Server::answer(const HttpRequest& request) {
  if (request.body.encoding() == Encoding::kProto) return answer_grpc(request);
  const auto path = read_path(request.path);
  if (!path) return bare_error(404, "Not Found");
  if (!takes_verb(path->asks, request.verb)) return bare_error(405, "Method Not Allowed");
  const std::string name = protocol::percent_decoded(path->name);
  const std::string version(path->version);
  switch (path->asks) {
    case Asks::kLive:
    case Asks::kReady:
      return {};
    case Asks::kServer:
      return replied(Payload::json(std::string(R"({"name":")") + kServerName + R"(","version":")" +
                                   kServerVersion + R"(","extensions":[")" + kExtension +
                                   R"("]})"));
    case Asks::kIndex:
      return replied(Payload::json(write_v2_index(index_)));
    case Asks::kModelReady:
      if (model_.check(name, version)) return {};
      return bare_error(400, "Model version not ready");
    case Asks::kModel: {
      if (auto known = model_.check(name, version); !known) {
        return error(known.error(), Encoding::kJson);
      }
      return replied(Payload::json(write_v2_metadata_json(model_.metadata(name))));
    }
    default: {
      auto made = infer(request, name, version);
      return made ? replied(*std::move(made)) : error(made.error(), Encoding::kJson);
    }
  }
}

}  // namespace infergraph::engine
