#include "engine/tools/stub/seldon/answer.hpp"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/utf8.hpp"
#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/seldon/message.hpp"
#include "engine/tools/stub/seldon/python_json.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph::engine {

using rapidjson::Value;

namespace {

constexpr std::size_t kClasses = 3;

StubAnswer thrown(std::string_view text) {
  return wrapper_error(500, "MICROSERVICE_INTERNAL_ERROR", text);
}

StubAnswer bad_data(std::string_view info) {
  return wrapper_error(400, "MICROSERVICE_BAD_DATA", info);
}

std::string_view text_of(const Value& string) {
  return {string.GetString(), string.GetStringLength()};
}

/// Three probabilities out of the node's name (FNV-1a), so that two models don't agree by chance.
std::array<double, kClasses> classes_of(std::string_view name) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  const auto first = 5 + static_cast<int>(hash % 50);
  const auto second = 5 + static_cast<int>((hash >> 16) % 40);
  return {first / 100.0, second / 100.0, (100 - first - second) / 100.0};
}

std::size_t rows_of(const WrapperArray& array) {
  if (array.shape.size() > 1) return array.shape[0];
  if (array.tensor_proto != nullptr) return array.shape.empty() || array.shape[0] > 0 ? 1 : 0;
  return array.size() > 0 ? 1 : 0;
}

WrapperFeatures prediction(const WrapperFeatures& given, std::string_view name) {
  if (given.bytes) return given;
  if (given.value != nullptr && (given.value->IsObject() || given.value->IsString())) return given;
  const std::size_t rows = given.array ? rows_of(*given.array) : 1;
  const auto classes = classes_of(name);
  std::vector<double> values;
  values.reserve(rows * kClasses);
  for (std::size_t row = 0; row < rows; ++row) {
    values.insert(values.end(), classes.begin(), classes.end());
  }
  WrapperFeatures made;
  made.array.emplace();
  made.array->shape = {rows, kClasses};
  made.array->elements = std::move(values);
  return made;
}

/// The mean of arrays of numbers of one shape; nothing for anything else.
std::optional<WrapperArray> mean_of(const std::vector<WrapperFeatures>& all) {
  for (const WrapperFeatures& one : all) {
    const bool fits = one.array && one.array->is_numeric() && one.array->tensor_proto == nullptr &&
                      one.array->shape == all.front().array->shape;
    if (!fits) return std::nullopt;
  }
  WrapperArray mean;
  mean.shape = all.front().array->shape;
  std::vector<double> values(all.front().array->size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    long double sum = 0;  // wide enough not to overflow where the mean doesn't
    for (const WrapperFeatures& one : all) sum += one.array->number(i);
    values[i] = static_cast<double>(sum / static_cast<long double>(all.size()));
  }
  mean.elements = std::move(values);
  return mean;
}

/// What Python throws on the arrays of one message of a feedback; nothing when it doesn't.
std::optional<StubAnswer> check_arrays(const Value& feedback, const char* name,
                                       const seldon::protos::SeldonMessage& message) {
  if (message.data().has_tensor()) {
    const auto& tensor = message.data().tensor();
    if (tensor.shape().empty()) {
      return thrown("slice indices must be integers or None or have an __index__ method");
    }
    double count = 1;
    for (const int size : tensor.shape()) count *= size;
    if (count > tensor.values_size()) return thrown("buffer is smaller than requested size");
  }
  const Value* json = last_member(feedback, name);
  const Value* data = json == nullptr ? nullptr : last_member(*json, "data");
  const Value* list = data == nullptr ? nullptr : last_member(*data, "ndarray");
  if (list == nullptr) return std::nullopt;
  const auto array = array_of(*list);
  if (!array) return thrown(array.error().text());
  return std::nullopt;
}

}  // namespace

StubAnswer wrapper_error(int status, std::string_view reason, std::string_view info) {
  std::string body = R"({"status":{"code":-1,"info":)";
  append_flask_string(body, to_utf8(info));
  body += R"(,"reason":)";
  append_flask_string(body, reason);
  return {status, body + ",\"status\":1}}\n"};
}

StubAnswer predict_answer(const graph::NodeSpec& node, const Value& message, std::size_t size) {
  const auto features = read_features(message, size);
  if (!features) return features.error();
  const std::array messages = {&message};
  return wrapper_answer(node, messages, prediction(*features, node.name), CarriedMeta::kOne);
}

StubAnswer transform_answer(const graph::NodeSpec& node, const Value& message, std::size_t size) {
  const auto features = read_features(message, size);
  if (!features) return features.error();
  const std::array messages = {&message};
  return wrapper_answer(node, messages, *features, CarriedMeta::kOne);
}

StubAnswer route_answer(const graph::NodeSpec& node, const Value& message, std::size_t size,
                        int branch) {
  const auto features = read_features(message, size);
  if (!features) return features.error();
  const Value number(branch);
  WrapperFeatures made;
  made.array.emplace();
  made.array->shape = {1, 1};
  made.array->kind = WrapperArray::Kind::kInt;
  made.array->elements = std::vector{&number};
  const std::array messages = {&message};
  return wrapper_answer(node, messages, made, CarriedMeta::kNone);
}

StubAnswer aggregate_answer(const graph::NodeSpec& node, const Value& given, std::size_t size) {
  const Value* list = given.IsArray() ? &given : last_member(given, "seldonMessages");
  if (list == nullptr && !given.IsString() && !given.IsObject()) {
    return thrown("argument of type '" + std::string(python_type(given)) + "' is not iterable");
  }
  if (given.IsString() && text_of(given).find("seldonMessages") != std::string_view::npos) {
    return thrown("string indices must be integers, not 'str'");
  }
  if (list == nullptr || !list->IsArray()) {
    return bad_data("Invalid request data type: " + python_str(given));
  }
  std::vector<const Value*> messages;
  std::vector<WrapperFeatures> features;
  for (const Value& message : list->GetArray()) {
    auto read = read_features(message, size);
    if (!read) return read.error();
    messages.push_back(&message);
    features.push_back(*std::move(read));
  }
  if (messages.empty()) return thrown("division by zero");
  auto mean = mean_of(features);
  if (!mean) return wrapper_answer(node, messages, features.front(), CarriedMeta::kAll);
  if (mean->shape.empty()) {
    // A mean of numbers without a list around them is a number, which is no answer.
    std::string text = "Unknown data type returned as payload (must be list or np array):";
    append_python_float(text, mean->number(0));
    return bad_data(text);
  }
  WrapperFeatures made;
  made.array = std::move(mean);
  return wrapper_answer(node, messages, made, CarriedMeta::kAll);
}

StubAnswer feedback_answer(const graph::NodeSpec& node, const Value& given) {
  std::string text;
  append_flask_json(text, given);
  seldon::protos::Feedback feedback;
  const auto read = google::protobuf::util::JsonStringToMessage(text, &feedback);
  if (!read.ok()) return bad_data("Invalid JSON: " + read.ToString());
  if (auto wrong = check_arrays(given, "request", feedback.request())) return *std::move(wrong);
  if (auto wrong = check_arrays(given, "truth", feedback.truth())) return *std::move(wrong);

  const seldon::protos::SeldonMessage& request = feedback.request();
  std::string body = R"({"data":)";
  if (!request.has_data() || request.data().has_tensor()) {
    body += R"({"tensor":{"shape":[0]}})";
  } else if (request.data().has_tftensor()) {
    body += R"({"tftensor":{"dtype":"DT_DOUBLE","tensorShape":{"dim":[{"size":"0"}]}}})";
  } else {
    body += R"({"ndarray":[]})";
  }
  body += R"(,"meta":{)";
  if (!request.meta().puid().empty()) {
    body += R"("puid":)";
    append_flask_string(body, request.meta().puid());
  }
  const std::string image = image_text(node);
  if (!image.empty()) {
    body += (body.ends_with('{') ? "" : ",") + std::string(R"("requestPath":{)");
    append_flask_string(body, to_utf8(node.name));
    body += ':';
    append_flask_string(body, to_utf8(image));
    body += '}';
  }
  return {200, body + "}}\n"};
}

StubAnswer health_answer() { return {200, "{\"meta\":{},\"strData\":\"healthy\"}\n"}; }

StubAnswer metadata_answer(const graph::NodeSpec& node) {
  std::string body = R"({"custom":{},"inputs":[],"name":)";
  append_flask_string(body, to_utf8(node.image.empty() ? node.name : node.image));
  body += R"(,"outputs":[],"platform":"","versions":[)";
  append_flask_string(body, to_utf8(node.image_version));
  return {200, body + "]}\n"};
}

}  // namespace infergraph::engine
