#include "engine/tools/numeric_data.hpp"

#include <functional>
#include <numeric>

namespace infergraph::engine {
namespace {

/// Appends `value`'s numbers. The first way down makes the shape, every other must agree with it.
bool flatten(const rapidjson::Value& value, std::size_t depth, NumericData& into) {
  const bool first = into.values.empty();
  if (value.IsNumber()) {
    into.values.push_back(value.GetDouble());
    return depth == into.shape.size();
  }
  if (!value.IsArray()) return false;
  if (first && depth == into.shape.size()) {
    into.shape.push_back(value.Size());
  } else if (depth >= into.shape.size() || into.shape[depth] != value.Size()) {
    return false;
  }
  for (const rapidjson::Value& element : value.GetArray()) {
    if (!flatten(element, depth + 1, into)) return false;
  }
  return true;
}

std::optional<NumericData> read_tensor(const rapidjson::Value& tensor) {
  NumericData made;
  made.is_tensor = true;
  if (!tensor.IsObject()) return std::nullopt;
  const auto shape = tensor.FindMember("shape");
  const auto values = tensor.FindMember("values");
  if (values == tensor.MemberEnd() || !values->value.IsArray()) return std::nullopt;
  for (const rapidjson::Value& value : values->value.GetArray()) {
    if (!value.IsNumber()) return std::nullopt;
    made.values.push_back(value.GetDouble());
  }
  if (shape == tensor.MemberEnd() || !shape->value.IsArray()) return std::nullopt;
  std::size_t product = 1;
  for (const rapidjson::Value& size : shape->value.GetArray()) {
    if (!size.IsUint()) return std::nullopt;
    made.shape.push_back(size.GetUint());
    // Each factor but 0 is bounded by the values that there are, so this can't overflow.
    product *= made.shape.back();
    if (product > made.values.size()) return std::nullopt;
  }
  if (product != made.values.size()) return std::nullopt;
  return made;
}

void write_nested(JsonWriter& writer, const NumericData& numbers, std::size_t depth,
                  std::size_t& next) {
  if (depth == numbers.shape.size()) {
    write_double(writer, numbers.values[next++]);
    return;
  }
  writer.StartArray();
  for (std::size_t i = 0; i < numbers.shape[depth]; ++i) {
    write_nested(writer, numbers, depth + 1, next);
  }
  writer.EndArray();
}

}  // namespace

std::optional<NumericData> read_numeric(const rapidjson::Value& data) {
  if (!data.IsObject()) return std::nullopt;
  if (const auto tensor = data.FindMember("tensor"); tensor != data.MemberEnd()) {
    return read_tensor(tensor->value);
  }
  const auto ndarray = data.FindMember("ndarray");
  if (ndarray == data.MemberEnd() || !ndarray->value.IsArray()) return std::nullopt;
  NumericData made;
  if (!flatten(ndarray->value, 0, made)) return std::nullopt;
  // An empty dimension hides those below it, in which rows might differ: [[],[[]]].
  if (made.values.empty() && made.shape.size() > 1) return std::nullopt;
  return made;
}

void write_numeric(JsonWriter& writer, const NumericData& numbers) {
  if (!numbers.is_tensor) {
    write_key(writer, "ndarray");
    std::size_t next = 0;
    write_nested(writer, numbers, 0, next);
    return;
  }
  write_key(writer, "tensor");
  writer.StartObject();
  write_key(writer, "shape");
  writer.StartArray();
  for (const std::size_t size : numbers.shape) writer.Uint64(size);
  writer.EndArray();
  write_key(writer, "values");
  writer.StartArray();
  for (const double value : numbers.values) write_double(writer, value);
  writer.EndArray();
  writer.EndObject();
}

}  // namespace infergraph::engine
