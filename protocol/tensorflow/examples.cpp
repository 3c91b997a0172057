#include "protocol/tensorflow/examples.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/append_number.hpp"
#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/wire/fields.hpp"
#include "protocol/wire/parse.hpp"

namespace infergraph::protocol {

namespace {

using google::protobuf::Arena;
using tensorflow::Example;
using tensorflow::Feature;
using tensorflow::serving::ClassificationRequest;
using tensorflow::serving::ClassificationResponse;
using tensorflow::serving::RegressionResponse;

Status bad(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

// With a point or an exponent, so that it is read as a float again.
void append(std::string& out, float value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
  } else {
    const std::size_t begin = out.size();
    json::append_float(out, value);
    if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
  }
}

void append(std::string& out, std::int64_t value) { append_number(out, value); }

void append(std::string& out, const std::string& value) {
  if (is_utf8(value)) return json::append_string(out, value);
  out += R"({"b64":")";
  append_base64(out, value);
  out += "\"}";
}

template <typename Values>
void append_list(std::string& out, const Values& values) {
  if (values.size() == 1) return append(out, values.Get(0));
  out += '[';
  for (int i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    append(out, values.Get(i));
  }
  out += ']';
}

void append(std::string& out, const Feature& feature) {
  switch (feature.kind_case()) {
    case Feature::kBytesList:
      return append_list(out, feature.bytes_list().value());
    case Feature::kFloatList:
      return append_list(out, feature.float_list().value());
    case Feature::kInt64List:
      return append_list(out, feature.int64_list().value());
    case Feature::KIND_NOT_SET:
      out += "[]";
  }
}

void append(std::string& out, const Example& example) {
  std::vector<std::pair<std::string_view, const Feature*>> features;
  for (const auto& [name, feature] : example.features().feature()) {
    features.emplace_back(name, &feature);
  }
  std::sort(features.begin(), features.end());
  out += '{';
  for (const auto& [name, feature] : features) {
    if (out.back() != '{') out += ',';
    json::append_string(out, name);
    out += ':';
    append(out, *feature);
  }
  out += '}';
}

template <typename List>
void append_examples(std::string& out, const List& examples) {
  out += "\"examples\":[";
  for (const Example& example : examples) {
    if (out.back() != '[') out += ',';
    append(out, example);
  }
  out += "]}";
}

Result<std::string> request_to_json(std::string_view wire, const ModelProfile& profile) {
  Arena arena;
  auto& request = *Arena::CreateMessage<ClassificationRequest>(&arena);
  if (!parse(wire, request)) return bad("the message is no request with examples");
  std::string out = "{";
  out.reserve(wire.size() * 2);
  const std::string& signature = profile.signature_name.empty()
                                     ? request.model_spec().signature_name()
                                     : profile.signature_name;
  if (!signature.empty()) {
    out += "\"signature_name\":";
    json::append_string(out, signature);
    out += ',';
  }
  const auto& with_context = request.input().example_list_with_context();
  if (!request.input().has_example_list_with_context()) {
    append_examples(out, request.input().example_list().examples());
    return out;
  }
  if (with_context.has_context()) {
    out += "\"context\":";
    append(out, with_context.context());
    out += ',';
  }
  append_examples(out, with_context.examples());
  return out;
}

Result<std::string> classifications_to_json(std::string_view wire) {
  Arena arena;
  auto& response = *Arena::CreateMessage<ClassificationResponse>(&arena);
  if (!parse(wire, response)) return bad("the message is not a ClassificationResponse");
  std::string out = "{\"results\":[";
  for (const auto& classifications : response.result().classifications()) {
    if (out.back() != '[') out += ',';
    out += '[';
    for (const auto& one : classifications.classes()) {
      if (out.back() != '[') out += ',';
      out += '[';
      json::append_string(out, one.label());
      out += ',';
      append(out, one.score());
      out += ']';
    }
    out += ']';
  }
  return out + "]}";
}

Result<std::string> regressions_to_json(std::string_view wire) {
  Arena arena;
  auto& response = *Arena::CreateMessage<RegressionResponse>(&arena);
  if (!parse(wire, response)) return bad("the message is not a RegressionResponse");
  std::string out = "{\"results\":[";
  for (const auto& one : response.result().regressions()) {
    if (out.back() != '[') out += ',';
    append(out, one.value());
  }
  return out + "]}";
}

/// The wire of what was read, under the profile's name.
template <typename Message>
Result<std::string> write(const Result<Message*>& read, const ModelProfile& profile) {
  if (!read) return read.error();
  auto& spec = *(*read)->mutable_model_spec();
  spec.set_name(profile.name);
  if (!profile.signature_name.empty()) spec.set_signature_name(profile.signature_name);
  if ((*read)->ByteSizeLong() > kMostWireBytes) {
    return Status(Code::kTooLarge, "the message is more than 2 GiB");
  }
  return (*read)->SerializeAsString();
}

Result<std::string> to_proto(std::string_view body, Role role, bool is_regression,
                             const ModelProfile& profile) {
  Arena arena;
  if (role == Role::kRequest) return write(read_examples_json(body, arena), profile);
  if (is_regression) return write(read_regressions_json(body, arena), profile);
  return write(read_classifications_json(body, arena), profile);
}

Result<std::string> to_json(std::string_view wire, Role role, bool is_regression,
                            const ModelProfile& profile) {
  if (role == Role::kRequest) return request_to_json(wire, profile);
  return is_regression ? regressions_to_json(wire) : classifications_to_json(wire);
}

}  // namespace

Result<Payload> convert_examples(const Payload& payload, Role role, bool is_regression,
                                 Encoding target, const ModelProfile& profile) {
  if (payload.encoding() == target) return payload;
  const bool json = target == Encoding::kJson;
  auto bytes = json ? to_json(payload.bytes(), role, is_regression, profile)
                    : to_proto(payload.bytes(), role, is_regression, profile);
  if (!bytes) return bytes.error();
  Payload made = json ? Payload::json(*std::move(bytes)) : Payload::proto(*std::move(bytes));
  made.set_protocol(payload.protocol());
  made.set_origin(payload.origin());
  return made;
}

}  // namespace infergraph::protocol
