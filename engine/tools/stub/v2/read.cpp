#include <rapidjson/error/en.h>

#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/v2/json.hpp"
#include "protocol/tensor/data_type.hpp"
#include "protocol/tensor/tensor.hpp"

namespace infergraph::engine {

using protocol::DataType;
using protocol::GrpcCode;
using protocol::GrpcStatus;
using rapidjson::Value;

namespace {

using Input = inference::ModelInferRequest::InferInputTensor;
using Parameters = google::protobuf::Map<std::string, inference::InferParameter>;

GrpcStatus wrong(std::string message) {
  return {GrpcCode::kInvalidArgument, std::move(message), ""};
}

const Value* member(const Value& object, std::string_view name) {
  if (!object.IsObject()) return nullptr;
  const auto found =
      object.FindMember(Value(name.data(), static_cast<rapidjson::SizeType>(name.size())));
  return found == object.MemberEnd() ? nullptr : &found->value;
}

Served<std::string> text_member(const Value& object, std::string_view name) {
  const Value* value = member(object, name);
  const std::string unable = "Unable to parse '" + std::string(name) + "': ";
  if (value == nullptr) {
    return wrong(unable + "attempt to access non-existing object member '" + std::string(name) +
                 "'");
  }
  if (!value->IsString()) return wrong(unable + "attempt to access JSON non-string as string");
  return std::string(value->GetString(), value->GetStringLength());
}

/// "Unable to parse 'data': …"
GrpcStatus bad_data(std::string_view why) {
  return wrong("Unable to parse 'data': " + std::string(why));
}

template <typename T>
void append(std::string& raw, T value) {
  raw.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
bool append_whole(std::string& raw, const Value& value) {
  if constexpr (std::is_signed_v<T>) {
    if (!value.IsInt64()) return false;
    const std::int64_t number = value.GetInt64();
    if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max()) {
      return false;
    }
    append(raw, static_cast<T>(number));
  } else {
    if (!value.IsUint64() || value.GetUint64() > std::numeric_limits<T>::max()) return false;
    append(raw, static_cast<T>(value.GetUint64()));
  }
  return true;
}

bool append_element(std::string& raw, DataType type, const Value& value) {
  switch (type) {
    case DataType::kBool:
      if (!value.IsBool()) return false;
      append(raw, static_cast<std::uint8_t>(value.GetBool() ? 1 : 0));
      return true;
    case DataType::kUint8:
      return append_whole<std::uint8_t>(raw, value);
    case DataType::kUint16:
      return append_whole<std::uint16_t>(raw, value);
    case DataType::kUint32:
      return append_whole<std::uint32_t>(raw, value);
    case DataType::kUint64:
      return append_whole<std::uint64_t>(raw, value);
    case DataType::kInt8:
      return append_whole<std::int8_t>(raw, value);
    case DataType::kInt16:
      return append_whole<std::int16_t>(raw, value);
    case DataType::kInt32:
      return append_whole<std::int32_t>(raw, value);
    case DataType::kInt64:
      return append_whole<std::int64_t>(raw, value);
    case DataType::kFloat32:
      if (!value.IsNumber()) return false;
      append(raw, static_cast<float>(value.GetDouble()));
      return true;
    case DataType::kFloat64:
      if (!value.IsNumber()) return false;
      append(raw, value.GetDouble());
      return true;
    case DataType::kBytes:
      if (!value.IsString()) return false;
      append(raw, static_cast<std::uint32_t>(value.GetStringLength()));
      raw.append(value.GetString(), value.GetStringLength());
      return true;
    default:
      return false;
  }
}

// Flat or nested in any way, as deep as parse_json() allows.
Served<std::size_t> append_data(std::string& raw, DataType type,  // NOLINT(misc-no-recursion)
                                const Value& value) {
  if (!value.IsArray()) {
    if (append_element(raw, type, value)) return std::size_t{1};
    return bad_data("attempt to access JSON value as " + std::string(protocol::v2_name(type)));
  }
  std::size_t count = 0;
  for (const Value& element : value.GetArray()) {
    const auto added = append_data(raw, type, element);
    if (!added) return added;
    count += *added;
  }
  return count;
}

Served<void> read_parameters(const Value& object, Parameters& into) {
  const Value* parameters = member(object, "parameters");
  if (parameters == nullptr) return {};
  if (!parameters->IsObject()) {
    return wrong("Unable to parse 'parameters': attempt to access JSON non-object as object");
  }
  for (const auto& [key, value] : parameters->GetObject()) {
    inference::InferParameter& made = into[std::string(key.GetString(), key.GetStringLength())];
    if (value.IsBool()) {
      made.set_bool_param(value.GetBool());
    } else if (value.IsInt64()) {
      made.set_int64_param(value.GetInt64());
    } else if (value.IsUint64()) {
      made.set_uint64_param(value.GetUint64());
    } else if (value.IsNumber()) {
      made.set_double_param(value.GetDouble());
    } else if (value.IsString()) {
      made.set_string_param(std::string(value.GetString(), value.GetStringLength()));
    } else {
      return wrong("Unable to parse 'parameters': a value is no string, number or boolean");
    }
  }
  return {};
}

/// Reads an input, whose bytes are in its data, or else at the front of `binary`, from where they
/// are taken.
Served<void> read_input(const Value& value, std::string_view& binary,
                        inference::ModelInferRequest& request) {
  Input& input = *request.add_inputs();
  std::string& raw = *request.add_raw_input_contents();
  const auto name = text_member(value, "name");
  if (!name) return name.error();
  const auto datatype = text_member(value, "datatype");
  if (!datatype) return datatype.error();
  input.set_name(*name);
  input.set_datatype(*datatype);
  const auto type = protocol::from_v2_name(*datatype);
  if (!type) return wrong("unknown datatype '" + *datatype + "' of input '" + *name + "'");
  const Value* shape = member(value, "shape");
  if (shape == nullptr || !shape->IsArray()) {
    return wrong("Unable to parse 'shape': attempt to access JSON non-array as array");
  }
  for (const Value& size : shape->GetArray()) {
    if (!size.IsUint64() || !size.IsInt64()) {
      return wrong(
          "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as "
          "unsigned-integer");
    }
    input.add_shape(size.GetInt64());
  }
  if (auto read = read_parameters(value, *input.mutable_parameters()); !read) return read;

  const auto size = input.parameters().find("binary_data_size");
  const Value* data = member(value, "data");
  if (size != input.parameters().end()) {
    const std::int64_t bytes = size->second.int64_param();
    if (!size->second.has_int64_param() || bytes < 0) {
      return wrong("Unable to parse 'binary_data_size'");
    }
    if (static_cast<std::uint64_t>(bytes) > binary.size()) {
      return wrong("unexpected size for input '" + *name + "', expecting " +
                   std::to_string(bytes - static_cast<std::int64_t>(binary.size())) +
                   " additional bytes for model '" + request.model_name() + "'");
    }
    raw = binary.substr(0, static_cast<std::size_t>(bytes));
    binary.remove_prefix(raw.size());
    input.mutable_parameters()->erase("binary_data_size");
    return {};
  }
  if (data == nullptr) {
    return bad_data("attempt to access non-existing object member 'data'");
  }
  if (*type == DataType::kFloat16 || *type == DataType::kBfloat16) {
    return wrong("sending " + *datatype +
                 " data via JSON is not supported. Please use the binary data format for input '" +
                 *name + "'");
  }
  const auto count = append_data(raw, *type, *data);
  if (!count) return count.error();
  if (*count != protocol::count_of({input.shape().begin(), input.shape().end()})) {
    return bad_data("Shape does not match true shape of 'data' field");
  }
  return {};
}

}  // namespace

Served<void> read_infer_json(std::string_view body, std::optional<std::size_t> json_size,
                             inference::ModelInferRequest& request) {
  const std::string_view json = body.substr(0, json_size.value_or(body.size()));
  std::string_view binary = body.substr(json.size());
  rapidjson::Document document;
  if (!parse_json(json, document, JsonDialect::kPython)) {
    const std::string why =
        document.HasParseError()
            ? std::string(rapidjson::GetParseError_En(document.GetParseError())) + " at " +
                  std::to_string(document.GetErrorOffset())
            : "nested too deep";
    return wrong("failed to parse the request JSON buffer: " + why);
  }
  const Value* inputs = member(document, "inputs");
  if (inputs == nullptr) {
    return wrong("Unable to parse 'inputs': attempt to access non-existing object member 'inputs'");
  }
  if (!inputs->IsArray()) {
    return wrong("Unable to parse 'inputs': attempt to access JSON non-array as array");
  }
  if (member(document, "id") != nullptr) {
    auto id = text_member(document, "id");
    if (!id) return id.error();
    request.set_id(*id);
  }
  if (auto read = read_parameters(document, *request.mutable_parameters()); !read) return read;
  for (const Value& input : inputs->GetArray()) {
    if (auto read = read_input(input, binary, request); !read) return read;
  }
  if (!binary.empty()) {
    return wrong("unexpected additional input data for model '" + request.model_name() + "'");
  }
  const Value* outputs = member(document, "outputs");
  if (outputs == nullptr) return {};
  if (!outputs->IsArray()) {
    return wrong("Unable to parse 'outputs': attempt to access JSON non-array as array");
  }
  for (const Value& output : outputs->GetArray()) {
    const auto name = text_member(output, "name");
    if (!name) return name.error();
    auto& made = *request.add_outputs();
    made.set_name(*name);
    if (auto read = read_parameters(output, *made.mutable_parameters()); !read) return read;
  }
  return {};
}

}  // namespace infergraph::engine
