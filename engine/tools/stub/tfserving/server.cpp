#include "engine/tools/stub/tfserving/server.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/ascii.hpp"
#include "engine/tools/stub/path_text.hpp"
#include "engine/tools/stub/tfserving/json.hpp"
#include "protocol/convert/status_map.hpp"
#include "protocol/gzip.hpp"
#include "protocol/limits.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {

using protocol::Encoding;
using protocol::GrpcCode;
using protocol::GrpcStatus;
using protocol::Method;
using protocol::Payload;

namespace {

constexpr std::array<std::string_view, 5> kMethods = {
    "/tensorflow.serving.PredictionService/Predict",
    "/tensorflow.serving.PredictionService/Classify",
    "/tensorflow.serving.PredictionService/Regress",
    "/tensorflow.serving.PredictionService/GetModelMetadata",
    "/tensorflow.serving.ModelService/GetModelStatus"};

bool take(std::string_view& text, std::string_view prefix) {
  if (!same_name(text.substr(0, prefix.size()), prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

enum class Verb { kPredict, kClassify, kRegress, kRoute, kAggregate, kStatus, kMetadata };

/// A path of the REST API, whatever its verb of HTTP (docs/wire/tensorflow.md §1).
struct Path {
  Verb verb = Verb::kStatus;
  std::string_view name;
  std::string_view version;
  std::string_view label;
};

std::optional<Path> read_path(std::string_view text) {
  Path made;
  if (!take(text, "/v1/models")) return std::nullopt;
  if (text.empty()) return made;
  if (!take(text, "/")) return std::nullopt;
  made.name = take_segment(text, "/:");
  if (made.name.empty()) return std::nullopt;
  if (take(text, "/versions/")) {
    if (!take_version(text, "/:", made.version)) return std::nullopt;
  } else if (take(text, "/labels/")) {
    made.label = take_segment(text, "/:");
    if (made.label.empty()) return std::nullopt;
  }
  static constexpr std::array<std::pair<std::string_view, Verb>, 7> kEnds = {
      {{"", Verb::kStatus},
       {"/metadata", Verb::kMetadata},
       {":predict", Verb::kPredict},
       {":classify", Verb::kClassify},
       {":regress", Verb::kRegress},
       {":route", Verb::kRoute},
       {":aggregate", Verb::kAggregate}}};
  for (const auto& [end, verb] : kEnds) {
    std::string_view rest = text;
    if (!take(rest, end) || !rest.empty()) continue;
    made.verb = verb;
    return made;
  }
  return std::nullopt;
}

bool is_get(Verb verb) { return verb == Verb::kStatus || verb == Verb::kMetadata; }

Method method_of_verb(Verb verb) {
  switch (verb) {
    case Verb::kStatus:
      return Method::kStatus;
    case Verb::kMetadata:
      return Method::kMetadata;
    case Verb::kRoute:
      return Method::kRoute;
    case Verb::kAggregate:
      return Method::kAggregate;
    default:
      return Method::kPredict;
  }
}

Served<tfs::ModelSpec> read_spec(const Path& path) {
  tfs::ModelSpec spec;
  spec.set_name(protocol::percent_decoded(path.name));
  if (!path.label.empty()) spec.set_version_label(protocol::percent_decoded(path.label));
  if (path.version.empty()) return spec;
  std::int64_t version = 0;
  const auto read =
      std::from_chars(path.version.data(), path.version.data() + path.version.size(), version);
  if (read.ec != std::errc()) {
    return GrpcStatus{GrpcCode::kInvalidArgument,
                      "Failed to convert version: " + std::string(path.version) + " to numeric.",
                      ""};
  }
  spec.mutable_version()->set_value(version);
  return spec;
}

Served<std::string> predict(const TfServable& servable, const tfs::ModelSpec& spec,
                            std::string_view json) {
  if (servable.model() == nullptr) {
    if (auto known = servable.check(spec); !known) return known.error();
    return echo_predict_json(json);
  }
  tfs::PredictRequest request;
  *request.mutable_model_spec() = spec;
  const auto format = read_predict_json(json, servable, request);
  if (!format) return format.error();
  const auto response = servable.predict(request);
  if (!response) return response.error();
  return write_predict_json(*response, *format);
}

Served<std::string> answer_rest(const TfServable& servable, const Path& path,
                                std::string_view json) {
  const auto spec = read_spec(path);
  if (!spec) return spec.error();
  switch (path.verb) {
    case Verb::kPredict:
      return predict(servable, *spec, json);
    case Verb::kClassify: {
      tfs::ClassificationRequest request;
      *request.mutable_model_spec() = *spec;
      auto read = read_examples_json(json, *request.mutable_model_spec(), *request.mutable_input());
      if (!read) return read.error();
      const auto response = servable.classify(request);
      if (!response) return response.error();
      return write_classify_json(*response);
    }
    case Verb::kRegress: {
      tfs::RegressionRequest request;
      *request.mutable_model_spec() = *spec;
      auto read = read_examples_json(json, *request.mutable_model_spec(), *request.mutable_input());
      if (!read) return read.error();
      const auto response = servable.regress(request);
      if (!response) return response.error();
      return write_regress_json(*response);
    }
    case Verb::kStatus: {
      tfs::GetModelStatusRequest request;
      *request.mutable_model_spec() = *spec;
      const auto response = servable.status(request);
      if (!response) return response.error();
      return write_status_json(*response);
    }
    default: {
      tfs::GetModelMetadataRequest request;
      *request.mutable_model_spec() = *spec;
      request.add_metadata_field("signature_def");
      const auto response = servable.metadata(request);
      if (!response) return response.error();
      return write_metadata_json(*response, servable.signatures());
    }
  }
}

template <typename Request, typename Response>
Served<std::string> call(const TfServable& servable,
                         Served<Response> (TfServable::*method)(const Request&) const,
                         std::string_view wire) {
  Request request;
  if (!request.ParseFromArray(wire.data(), static_cast<int>(wire.size()))) {
    return GrpcStatus{GrpcCode::kInternal, "Error parsing proto", ""};
  }
  const auto response = (servable.*method)(request);
  if (!response) return response.error();
  return response->SerializeAsString();
}

}  // namespace

std::span<const std::string_view> TfServing::grpc_methods() const { return kMethods; }

std::optional<Method> TfServing::method_of(const HttpRequest& request) const {
  if (request.body.encoding() == Encoding::kProto) {
    if (request.path == kMethods[3]) return Method::kMetadata;
    if (request.path == kMethods[4]) return Method::kStatus;
    return Method::kPredict;
  }
  const auto path = read_path(request.path);
  if (!path || path->name.empty()) return std::nullopt;
  if (request.verb != (is_get(path->verb) ? "GET" : "POST")) return std::nullopt;
  return method_of_verb(path->verb);
}

std::string TfServing::model_in(std::string_view path) const {
  const auto read = read_path(path);
  return read ? protocol::percent_decoded(read->name) : "";
}

StubReply TfServing::error(GrpcStatus why, Encoding encoding) const {
  StubReply made;
  made.response.status = protocol::to_http_status(why.code);
  if (encoding == Encoding::kJson) {
    made.response.body = Payload::json(write_error_json(why.message));
  }
  made.status = std::move(why);
  return made;
}

StubReply TfServing::answer_grpc(const HttpRequest& request) const {
  const std::string_view wire = request.body.bytes();
  Served<std::string> made = GrpcStatus{GrpcCode::kUnimplemented, "", ""};
  if (request.path == kMethods[0]) {
    made = call(servable_, &TfServable::predict, wire);
  } else if (request.path == kMethods[1]) {
    made = call(servable_, &TfServable::classify, wire);
  } else if (request.path == kMethods[2]) {
    made = call(servable_, &TfServable::regress, wire);
  } else if (request.path == kMethods[3]) {
    made = call(servable_, &TfServable::metadata, wire);
  } else if (request.path == kMethods[4]) {
    made = call(servable_, &TfServable::status, wire);
  }
  if (!made) return error(made.error(), Encoding::kProto);
  StubReply reply;
  reply.response.body = Payload::proto(*std::move(made));
  return reply;
}

StubReply TfServing::answer(const HttpRequest& request) {
  if (request.body.encoding() == Encoding::kProto) return answer_grpc(request);
  std::string_view rest = request.path;
  if (!take(rest, "/v1/")) {
    // Nobody is asked: the HTTP server itself answers.
    StubReply reply;
    reply.response.status = 404;
    return reply;
  }
  const auto path = read_path(request.path);
  const auto invalid = [&](std::string why) {
    return error({GrpcCode::kInvalidArgument, std::move(why), ""}, Encoding::kJson);
  };
  if (path && path->name.empty() && request.verb == "GET") {
    return invalid("Missing model name in request.");
  }
  if (!method_of(request)) {
    return invalid("Malformed request: " + std::string(request.verb) + " " +
                   std::string(request.path));
  }
  const auto plain = protocol::decoded(request.body, protocol::kMaxBody);
  if (!plain) return invalid(plain.error().message());
  auto made = answer_rest(servable_, *path, plain->bytes());
  if (!made) return error(made.error(), Encoding::kJson);
  StubReply reply;
  reply.response.body = Payload::json(*std::move(made));
  return reply;
}

}  // namespace infergraph::engine
