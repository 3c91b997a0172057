#include "engine/tools/try/message.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/seldon/array.hpp"

namespace infergraph::engine {

using protocol::Protocol;
using rapidjson::Value;

namespace {

// A made-up message is to be read by people.
constexpr std::size_t kMaxElements = std::size_t{1} << 20;
constexpr std::int64_t kColumns = 3;
constexpr std::string_view kDefaultRow = "[[1,2,3]]";
constexpr std::string_view kDefaultInput = "input-0";

const Value* member(const Value& object, const char* name) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string quoted(std::string_view text) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  write_string(writer, to_utf8(text));
  return {buffer.GetString(), buffer.GetSize()};
}

/// The shape that a made-up input has: a batch of one, and a few of what may be any number.
std::vector<std::size_t> sizes_of(const ModelInput& input) {
  std::vector<std::size_t> made;
  for (const std::int64_t size : input.shape) {
    const std::int64_t any = made.empty() ? 1 : kColumns;
    made.push_back(static_cast<std::size_t>(size < 0 ? any : size));
  }
  return made;
}

/// Nothing when it is too much.
std::optional<std::size_t> count_of(const std::vector<std::size_t>& sizes) {
  std::size_t count = 1;
  for (const std::size_t size : sizes) {
    if (size == 0 || size > kMaxElements / count) return std::nullopt;
    count *= size;
  }
  return count;
}

std::string element_of(std::string_view datatype, std::size_t index) {
  const std::string number = std::to_string(index % 10);
  if (datatype == "BYTES") return "\"text " + number + "\"";
  if (datatype == "BOOL") return index % 2 == 0 ? "true" : "false";
  return datatype.starts_with("FP") || datatype == "BF16" ? "0." + number : number;
}

// As deep as the shape.
void append_nested(std::string& out, const ModelInput& input,  // NOLINT(misc-no-recursion)
                   const std::vector<std::size_t>& sizes, std::size_t level, std::size_t& next) {
  if (level == sizes.size()) {
    out += element_of(input.datatype, next++);
    return;
  }
  out += '[';
  for (std::size_t i = 0; i < sizes[level]; ++i) {
    if (i > 0) out += ',';
    append_nested(out, input, sizes, level + 1, next);
  }
  out += ']';
}

std::string nested(const ModelInput& input) {
  std::string made;
  std::size_t next = 0;
  append_nested(made, input, sizes_of(input), 0, next);
  return made;
}

/// One input of a request of protocol v2. Halves have no JSON.
std::string v2_input(std::string_view name, std::string_view datatype,
                     const std::vector<std::size_t>& sizes, std::string_view data) {
  std::string made = R"({"name":)" + quoted(name) + R"(,"shape":[)";
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    made += (i == 0 ? "" : ",") + std::to_string(sizes[i]);
  }
  const bool is_half = datatype == "FP16" || datatype == "BF16";
  made += R"(],"datatype":)" + quoted(is_half ? "FP32" : datatype);
  return made + R"(,"data":)" + std::string(data) + "}";
}

std::string v2_default(const std::vector<ModelInput>& inputs) {
  std::string made = R"({"inputs":[)";
  for (const ModelInput& input : inputs) {
    const auto sizes = sizes_of(input);
    std::string data = "[";
    for (std::size_t i = 0; i < *count_of(sizes); ++i) {
      data += (i == 0 ? "" : ",") + element_of(input.datatype, i);
    }
    if (made.back() == '}') made += ',';
    made += v2_input(input.name, input.datatype, sizes, data + "]");
  }
  return made + "]}";
}

std::string tensorflow_default(const std::vector<ModelInput>& inputs) {
  if (inputs.size() == 1 && !inputs[0].shape.empty()) {
    return R"({"instances":)" + nested(inputs[0]) + "}";
  }
  std::string made = R"({"inputs":{)";
  for (const ModelInput& input : inputs) {
    if (made.back() != '{') made += ',';
    made += quoted(input.name) + ":" + nested(input);
  }
  return made + "}}";
}

std::string seldon_default(const std::vector<ModelInput>& inputs) {
  if (inputs.size() == 1) return R"({"data":{"ndarray":)" + nested(inputs[0]) + "}}";
  // Several inputs go as the columns of one row, where each is one.
  std::string names;
  std::string row;
  for (const ModelInput& input : inputs) {
    names += (names.empty() ? "" : ",") + quoted(input.name);
    row += (row.empty() ? "" : ",") + element_of(input.datatype, 0);
  }
  return R"({"data":{"names":[)" + names + R"(],"ndarray":[[)" + row + "]]}}";
}

/// Whether a message can be made up for them in `protocol`.
bool can_be_sent(Protocol protocol, const std::vector<ModelInput>& inputs) {
  const bool as_columns = protocol == Protocol::kSeldon && inputs.size() > 1;
  return !inputs.empty() && std::all_of(inputs.begin(), inputs.end(), [&](const ModelInput& input) {
    const auto count = count_of(sizes_of(input));
    return count && (!as_columns || *count == 1);
  });
}

}  // namespace

std::optional<TryData> read_data(std::string_view data) {
  const auto rows = [](std::string text) { return TryData{std::move(text), false}; };
  const std::string given(data);
  rapidjson::Document read;
  if (parse_json(data, read, JsonDialect::kPython)) {
    if (read.IsObject()) return TryData{given, true};
    if (read.IsNumber()) return rows("[[" + given + "]]");
    if (!read.IsArray()) return std::nullopt;
    const bool is_rows = read.Empty() || read[0].IsArray();
    return rows(is_rows ? given : "[" + given + "]");
  }
  const std::string listed = "[" + given + "]";
  if (!parse_json(listed, read, JsonDialect::kPython) || read.Empty()) return std::nullopt;
  // "[1,2],[3,4]" are rows without the brackets around them.
  return rows(read[0].IsArray() ? listed : "[" + listed + "]");
}

std::optional<Protocol> protocol_of_message(std::string_view message) {
  rapidjson::Document read;
  if (!parse_json(message, read, JsonDialect::kPython) || !read.IsObject()) return std::nullopt;
  for (const char* name : {"data", "strData", "binData", "jsonData", "meta"}) {
    if (member(read, name) != nullptr) return Protocol::kSeldon;
  }
  for (const char* name : {"instances", "signature_name", "examples"}) {
    if (member(read, name) != nullptr) return Protocol::kTensorflow;
  }
  const Value* inputs = member(read, "inputs");
  if (inputs == nullptr) return std::nullopt;
  const bool is_v2 =
      inputs->IsArray() && !inputs->Empty() && member((*inputs)[0], "datatype") != nullptr;
  return is_v2 ? Protocol::kV2 : Protocol::kTensorflow;
}

std::string message_of_rows(Protocol protocol, std::string_view rows,
                            const std::vector<ModelInput>& inputs) {
  const std::string given(rows);
  if (protocol == Protocol::kSeldon) return R"({"data":{"ndarray":)" + given + "}}";
  if (protocol == Protocol::kTensorflow) return R"({"instances":)" + given + "}";
  std::string datatype = "FP32";
  std::vector<std::size_t> sizes;
  std::string data = given;
  rapidjson::Document read;
  if (parse_json(rows, read, JsonDialect::kPython)) {
    if (const auto array = array_of(read)) {
      if (array->kind == WrapperArray::Kind::kText) datatype = "BYTES";
      if (array->kind == WrapperArray::Kind::kBool) datatype = "BOOL";
      sizes = array->shape;
      data.clear();
      array->append_flat(data);
    }
  }
  if (inputs.size() == 1 && !inputs[0].datatype.empty()) datatype = inputs[0].datatype;
  const std::string_view name = inputs.empty() ? kDefaultInput : std::string_view(inputs[0].name);
  return R"({"inputs":[)" + v2_input(name, datatype, sizes, data) + "]}";
}

std::string default_message(Protocol protocol, const std::vector<ModelInput>& inputs) {
  if (!can_be_sent(protocol, inputs)) return message_of_rows(protocol, kDefaultRow, {});
  if (protocol == Protocol::kV2) return v2_default(inputs);
  return protocol == Protocol::kTensorflow ? tensorflow_default(inputs) : seldon_default(inputs);
}

std::string_view default_feedback() {
  return R"({"request":{"data":{"ndarray":[[1,2,3]]}},"response":{},"reward":1})";
}

std::vector<ModelInput> inputs_of_metadata(std::string_view metadata) {
  std::vector<ModelInput> made;
  rapidjson::Document read;
  if (!parse_json(metadata, read)) return made;
  const Value* inputs = member(read, "inputs");
  if (inputs == nullptr || !inputs->IsArray()) return made;
  for (const Value& input : inputs->GetArray()) {
    const Value* name = member(input, "name");
    const Value* datatype = member(input, "datatype");
    const Value* shape = member(input, "shape");
    const bool is_whole = name != nullptr && name->IsString() && datatype != nullptr &&
                          datatype->IsString() && shape != nullptr && shape->IsArray();
    if (!is_whole) return {};
    ModelInput& one = made.emplace_back();
    one.name = name->GetString();
    one.datatype = datatype->GetString();
    for (const Value& size : shape->GetArray()) {
      if (!size.IsInt64()) return {};
      one.shape.push_back(size.GetInt64());
    }
  }
  return made;
}

}  // namespace infergraph::engine
