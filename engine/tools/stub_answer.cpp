#include "engine/tools/stub_answer.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "engine/tools/json_text.hpp"
#include "engine/tools/numeric_data.hpp"

namespace infergraph::engine {

using rapidjson::Value;

namespace {

constexpr std::size_t kClasses = 3;

const Value* member(const Value& object, const char* name) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() || found->value.IsNull() ? nullptr : &found->value;
}

StubAnswer bad_data(std::string_view info) {
  return wrapper_error(400, "MICROSERVICE_BAD_DATA", info);
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

std::optional<std::uint64_t> whole_number(const Value& value) {
  if (value.IsUint64()) return value.GetUint64();
  if (!value.IsString()) return std::nullopt;  // proto JSON writes 64-bit numbers as strings
  const std::string_view text(value.GetString(), value.GetStringLength());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Rows of an ndarray of any content, of a tensor, or of a tftensor; none if it is malformed.
std::optional<std::size_t> rows_of(const Value& data) {
  if (member(data, "tensor") != nullptr) {
    const auto tensor = read_numeric(data);
    if (!tensor) return std::nullopt;
    if (tensor->shape.size() > 1) return tensor->shape[0];
    return tensor->values.empty() ? 0 : 1;
  }
  if (const Value* tftensor = member(data, "tftensor")) {
    const Value* shape = member(*tftensor, "tensorShape");
    const Value* dim = shape == nullptr ? nullptr : member(*shape, "dim");
    if (dim == nullptr || !dim->IsArray() || dim->Size() < 2) return 1;
    const Value* size = member((*dim)[0], "size");
    return size == nullptr ? std::nullopt : whole_number(*size);
  }
  const Value* ndarray = member(data, "ndarray");
  if (ndarray == nullptr) return 0;
  if (!ndarray->IsArray()) return std::nullopt;
  if (ndarray->Empty()) return 0;
  return (*ndarray)[0].IsArray() ? ndarray->Size() : 1;
}

void write_prediction(JsonWriter& writer, const Value& data, std::size_t rows,
                      const std::array<double, kClasses>& classes) {
  write_key(writer, "data");
  writer.StartObject();
  write_key(writer, "names");
  writer.StartArray();
  for (std::size_t i = 0; i < kClasses; ++i) write_string(writer, "t:" + std::to_string(i));
  writer.EndArray();

  NumericData numbers;
  for (std::size_t row = 0; row < rows; ++row) {
    numbers.values.insert(numbers.values.end(), classes.begin(), classes.end());
  }
  if (member(data, "tftensor") != nullptr) {
    write_key(writer, "tftensor");
    writer.StartObject();
    write_key(writer, "dtype");
    write_string(writer, "DT_DOUBLE");
    write_key(writer, "tensorShape");
    writer.StartObject();
    write_key(writer, "dim");
    writer.StartArray();
    for (const std::size_t size : {rows, kClasses}) {
      writer.StartObject();
      write_key(writer, "size");
      write_string(writer, std::to_string(size));
      writer.EndObject();
    }
    writer.EndArray();
    writer.EndObject();
    write_key(writer, "doubleVal");
    writer.StartArray();
    for (const double value : numbers.values) write_double(writer, value);
    writer.EndArray();
    writer.EndObject();
  } else {
    numbers.is_tensor = member(data, "tensor") != nullptr;
    numbers.shape = rows == 0 && !numbers.is_tensor ? std::vector<std::size_t>{0}
                                                    : std::vector<std::size_t>{rows, kClasses};
    write_numeric(writer, numbers);
  }
  writer.EndObject();
}

void write_member(JsonWriter& writer, const char* key, const Value* value) {
  if (value == nullptr) return;
  writer.Key(key);
  value->Accept(writer);
}

/// Adds what the wrapper carries over from a request's meta to `merged`: puid of the first, tags
/// and requestPath of all with the later winning, metrics of all in order.
void merge_meta(const Value& message, rapidjson::Document& merged) {
  auto& memory = merged.GetAllocator();
  const Value* meta = member(message, "meta");
  if (meta == nullptr || !meta->IsObject()) return;
  for (const auto& entry : meta->GetObject()) {
    const std::string_view name(entry.name.GetString(), entry.name.GetStringLength());
    auto known = merged.FindMember(entry.name);
    if (name == "puid") {
      if (known == merged.MemberEnd()) {
        merged.AddMember(Value(entry.name, memory), Value(entry.value, memory), memory);
      }
    } else if ((name == "tags" || name == "requestPath") && entry.value.IsObject()) {
      if (known == merged.MemberEnd()) {
        merged.AddMember(Value(entry.name, memory), Value(rapidjson::kObjectType), memory);
        known = merged.FindMember(entry.name);
      }
      for (const auto& tag : entry.value.GetObject()) {
        known->value.RemoveMember(tag.name);
        known->value.AddMember(Value(tag.name, memory), Value(tag.value, memory), memory);
      }
    } else if (name == "metrics" && entry.value.IsArray()) {
      if (known == merged.MemberEnd()) {
        merged.AddMember(Value(entry.name, memory), Value(rapidjson::kArrayType), memory);
        known = merged.FindMember(entry.name);
      }
      for (const auto& metric : entry.value.GetArray()) {
        known->value.PushBack(Value(metric, memory), memory);
      }
    }
  }
}

/// The mean of the messages' numbers; none if they are not numbers of one shape.
std::optional<NumericData> mean_of(const std::vector<const Value*>& messages) {
  std::optional<NumericData> mean;
  std::vector<long double> sums;  // wide enough not to overflow where the mean doesn't
  for (const Value* message : messages) {
    const Value* data = member(*message, "data");
    auto numbers = data == nullptr ? std::nullopt : read_numeric(*data);
    if (!numbers || (mean && numbers->shape != mean->shape)) return std::nullopt;
    if (!mean) {
      sums.resize(numbers->values.size());
      mean = numbers;
    }
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += numbers->values[i];
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    mean->values[i] = static_cast<double>(sums[i] / static_cast<long double>(messages.size()));
  }
  return mean;
}

std::string finish(const rapidjson::StringBuffer& buffer) {
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

StubAnswer wrapper_error(int status, std::string_view reason, std::string_view info) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_key(writer, "status");
  writer.StartObject();
  write_key(writer, "code");
  writer.Int(-1);
  write_key(writer, "info");
  write_string(writer, valid_utf8(info));
  write_key(writer, "reason");
  write_string(writer, reason);
  write_key(writer, "status");
  writer.Int(1);
  writer.EndObject();
  writer.EndObject();
  return {status, finish(buffer)};
}

StubAnswer predict_answer(const graph::NodeSpec& node, std::string_view message) {
  rapidjson::Document request;
  if (!parse_json(message, request, JsonDialect::kPython)) {
    return bad_data("Can't find JSON in data");
  }
  if (!request.IsObject()) return bad_data("Invalid request data type: the body is no object");

  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  if (const Value* data = member(request, "data")) {
    if (!data->IsObject()) return bad_data("data is no object");
    const auto rows = rows_of(*data);
    // A row takes a byte at least: more rows than bytes are a lie that would cost memory.
    if (!rows || *rows > message.size()) return bad_data("data can't be read as an array");
    write_prediction(writer, *data, *rows, classes_of(node.name));
  } else if (const Value* json = member(request, "jsonData")) {
    write_member(writer, "jsonData", json);
  } else if (const Value* text = member(request, "strData")) {
    write_member(writer, "strData", text);
  } else if (const Value* binary = member(request, "binData")) {
    write_member(writer, "binData", binary);
  } else {
    return bad_data("the message has none of data, jsonData, strData, binData");
  }

  rapidjson::Document meta(rapidjson::kObjectType);
  merge_meta(request, meta);
  if (!node.image.empty()) {
    rapidjson::Document path(rapidjson::kObjectType, &meta.GetAllocator());
    auto& memory = meta.GetAllocator();
    const std::string image =
        node.image + (node.image_version.empty() ? "" : ":" + node.image_version);
    Value own(rapidjson::kObjectType);
    Value here(rapidjson::kObjectType);
    here.AddMember(Value(node.name, memory), Value(image, memory), memory);
    own.AddMember("requestPath", here, memory);
    path.AddMember("meta", own, memory);
    merge_meta(path, meta);
  }
  writer.Key("meta");
  meta.Accept(writer);
  writer.EndObject();
  return {200, finish(buffer)};
}

StubAnswer route_answer(int branch) {
  return {200, R"({"data":{"names":["t:0"],"ndarray":[[)" + std::to_string(branch) +
                   R"(]]},"meta":{}})"};
}

StubAnswer aggregate_answer(std::string_view messages) {
  rapidjson::Document request;
  if (!parse_json(messages, request, JsonDialect::kPython)) {
    return bad_data("Can't find JSON in data");
  }
  const Value* list = request.IsArray() ? &request : member(request, "seldonMessages");
  if (list == nullptr || !list->IsArray() || list->Empty()) {
    return bad_data("Invalid request data type: neither a list nor seldonMessages");
  }
  std::vector<const Value*> parts;
  rapidjson::Document meta(rapidjson::kObjectType);
  for (const Value& part : list->GetArray()) {
    if (!part.IsObject()) return bad_data("an element of the list is no object");
    parts.push_back(&part);
    merge_meta(part, meta);
  }

  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  if (auto mean = mean_of(parts)) {
    write_key(writer, "data");
    writer.StartObject();
    write_member(writer, "names", member(*member(*parts[0], "data"), "names"));
    write_numeric(writer, *mean);
    writer.EndObject();
  } else {
    for (const auto& entry : parts[0]->GetObject()) {
      const std::string_view name(entry.name.GetString(), entry.name.GetStringLength());
      if (name != "meta" && name != "status") write_member(writer, name.data(), &entry.value);
    }
  }
  writer.Key("meta");
  meta.Accept(writer);
  writer.EndObject();
  return {200, finish(buffer)};
}

StubAnswer health_answer() { return {200, R"({"meta":{},"strData":"healthy"})"}; }

StubAnswer metadata_answer(const graph::NodeSpec& node) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_key(writer, "custom");
  writer.StartObject();
  writer.EndObject();
  write_key(writer, "inputs");
  writer.StartArray();
  writer.EndArray();
  write_key(writer, "name");
  write_string(writer, valid_utf8(node.image.empty() ? node.name : node.image));
  write_key(writer, "outputs");
  writer.StartArray();
  writer.EndArray();
  write_key(writer, "platform");
  write_string(writer, "");
  write_key(writer, "versions");
  writer.StartArray();
  if (!node.image_version.empty()) write_string(writer, valid_utf8(node.image_version));
  writer.EndArray();
  writer.EndObject();
  return {200, finish(buffer)};
}

}  // namespace infergraph::engine
