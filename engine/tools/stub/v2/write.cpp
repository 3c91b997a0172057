#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <unordered_map>

#include "base/utf8.hpp"
#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/v2/json.hpp"
#include "protocol/tensor/data_type.hpp"

namespace infergraph::engine {

using protocol::DataType;
using protocol::GrpcCode;
using protocol::GrpcStatus;
using protocol::Payload;

namespace {

using Output = inference::ModelInferResponse::InferOutputTensor;

bool is_set(const google::protobuf::Map<std::string, inference::InferParameter>& parameters,
            const char* name, bool otherwise) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? otherwise : found->second.bool_param();
}

template <typename T>
void write_floats(JsonWriter& writer, std::string_view raw) {
  for (; raw.size() >= sizeof(T); raw.remove_prefix(sizeof(T))) {
    T value;
    std::memcpy(&value, raw.data(), sizeof(value));
    if (!std::isfinite(value)) {
      write_double(writer, static_cast<double>(value));
      continue;
    }
    std::array<char, 64> text;
    auto* end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    const bool is_plain =
        std::all_of(text.data(), end, [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
    if (is_plain) {
      *end++ = '.';
      *end++ = '0';
    }
    writer.RawValue(text.data(), static_cast<std::size_t>(end - text.data()),
                    rapidjson::kNumberType);
  }
}

template <typename T>
void write_whole(JsonWriter& writer, std::string_view raw) {
  for (; raw.size() >= sizeof(T); raw.remove_prefix(sizeof(T))) {
    T value;
    std::memcpy(&value, raw.data(), sizeof(value));
    if constexpr (std::is_signed_v<T>) {
      writer.Int64(value);
    } else {
      writer.Uint64(value);
    }
  }
}

void write_strings(JsonWriter& writer, std::string_view raw) {
  while (raw.size() >= sizeof(std::uint32_t)) {
    std::uint32_t size = 0;
    std::memcpy(&size, raw.data(), sizeof(size));
    raw.remove_prefix(sizeof(size));
    write_string(writer, to_utf8(raw.substr(0, size)));
    raw.remove_prefix(std::min<std::size_t>(size, raw.size()));
  }
}

/// False for a type that has no JSON.
bool write_elements(JsonWriter& writer, DataType type, std::string_view raw) {
  switch (type) {
    case DataType::kBool:
      for (const char value : raw) writer.Bool(value != 0);
      return true;
    case DataType::kUint8:
      write_whole<std::uint8_t>(writer, raw);
      return true;
    case DataType::kUint16:
      write_whole<std::uint16_t>(writer, raw);
      return true;
    case DataType::kUint32:
      write_whole<std::uint32_t>(writer, raw);
      return true;
    case DataType::kUint64:
      write_whole<std::uint64_t>(writer, raw);
      return true;
    case DataType::kInt8:
      write_whole<std::int8_t>(writer, raw);
      return true;
    case DataType::kInt16:
      write_whole<std::int16_t>(writer, raw);
      return true;
    case DataType::kInt32:
      write_whole<std::int32_t>(writer, raw);
      return true;
    case DataType::kInt64:
      write_whole<std::int64_t>(writer, raw);
      return true;
    case DataType::kFloat32:
      write_floats<float>(writer, raw);
      return true;
    case DataType::kFloat64:
      write_floats<double>(writer, raw);
      return true;
    case DataType::kBytes:
      write_strings(writer, raw);
      return true;
    default:
      return false;
  }
}

template <typename Tensor>
void write_head(JsonWriter& writer, const Tensor& tensor) {
  writer.StartObject();
  write_key(writer, "name");
  write_string(writer, tensor.name());
  write_key(writer, "datatype");
  write_string(writer, tensor.datatype());
  write_key(writer, "shape");
  writer.StartArray();
  for (const std::int64_t size : tensor.shape()) writer.Int64(size);
  writer.EndArray();
}

}  // namespace

Served<Payload> write_infer_json(const inference::ModelInferResponse& response,
                                 const inference::ModelInferRequest& request) {
  const bool all_binary = is_set(request.parameters(), "binary_data_output", false);
  std::unordered_map<std::string_view, bool> asked;  // whether as binary
  for (const auto& wanted : request.outputs()) {
    asked.emplace(wanted.name(), is_set(wanted.parameters(), "binary_data", all_binary));
  }
  std::string binary;
  bool has_binary = false;
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  if (!response.id().empty()) {
    write_key(writer, "id");
    write_string(writer, response.id());
  }
  write_key(writer, "model_name");
  write_string(writer, response.model_name());
  write_key(writer, "model_version");
  write_string(writer, response.model_version());
  write_key(writer, "outputs");
  writer.StartArray();
  for (int i = 0; i < response.outputs_size(); ++i) {
    const Output& output = response.outputs(i);
    const std::string& raw = response.raw_output_contents(i);
    const auto wanted = asked.find(output.name());
    const bool is_binary = wanted == asked.end() ? all_binary : wanted->second;
    write_head(writer, output);
    if (is_binary) {
      has_binary = true;
      binary += raw;
      write_key(writer, "parameters");
      writer.StartObject();
      write_key(writer, "binary_data_size");
      writer.Uint64(raw.size());
      writer.EndObject();
    } else {
      write_key(writer, "data");
      writer.StartArray();
      const auto type = protocol::from_v2_name(output.datatype());
      if (!type || !write_elements(writer, *type, raw)) {
        return GrpcStatus{GrpcCode::kInvalidArgument,
                          "sending " + output.datatype() +
                              " data via JSON is not supported. Please use the binary data format "
                              "for output '" +
                              output.name() + "'",
                          ""};
      }
      writer.EndArray();
    }
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  Payload made = Payload::json(std::string(buffer.GetString(), buffer.GetSize()) + binary);
  if (has_binary) {
    made.set_content_type("application/octet-stream");
    made.set_json_size(buffer.GetSize());
  }
  return made;
}

std::string write_v2_metadata_json(const inference::ModelMetadataResponse& metadata) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_key(writer, "name");
  write_string(writer, metadata.name());
  write_key(writer, "versions");
  writer.StartArray();
  for (const std::string& version : metadata.versions()) write_string(writer, version);
  writer.EndArray();
  write_key(writer, "platform");
  write_string(writer, metadata.platform());
  write_key(writer, "inputs");
  writer.StartArray();
  for (const auto& tensor : metadata.inputs()) {
    write_head(writer, tensor);
    writer.EndObject();
  }
  writer.EndArray();
  write_key(writer, "outputs");
  writer.StartArray();
  for (const auto& tensor : metadata.outputs()) {
    write_head(writer, tensor);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string write_v2_index(std::span<const std::string> models) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartArray();
  for (const std::string& model : models) {
    writer.StartObject();
    write_key(writer, "name");
    write_string(writer, to_utf8(model));
    write_key(writer, "version");
    write_string(writer, "1");
    write_key(writer, "state");
    write_string(writer, "READY");
    write_key(writer, "reason");
    write_string(writer, "");
    writer.EndObject();
  }
  writer.EndArray();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string write_v2_error(std::string_view message) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_key(writer, "error");
  write_string(writer, to_utf8(message));
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace infergraph::engine
