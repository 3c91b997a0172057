#include "engine/tools/stub/seldon/message.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/base64.hpp"
#include "engine/tools/stub/seldon/python_json.hpp"

namespace infergraph::engine {

using rapidjson::Value;

namespace {

StubAnswer thrown(std::string_view text) {
  return wrapper_error(500, "MICROSERVICE_INTERNAL_ERROR", text);
}

StubAnswer bad_data(std::string_view info) {
  return wrapper_error(400, "MICROSERVICE_BAD_DATA", info);
}

/// `name in container`, of a string a part of it.
PythonResult<bool> contains(const Value& container, std::string_view name) {
  if (container.IsObject()) return last_member(container, name) != nullptr;
  if (container.IsString()) {
    const std::string_view text(container.GetString(), container.GetStringLength());
    return text.find(name) != std::string_view::npos;
  }
  if (!container.IsArray()) {
    return raised("argument of type '" + std::string(python_type(container)) + "' is not iterable");
  }
  return std::any_of(container.Begin(), container.End(), [&](const Value& element) {
    return element.IsString() &&
           name == std::string_view(element.GetString(), element.GetStringLength());
  });
}

PythonError no_index(const Value& container) {
  return raised(container.IsArray() ? "list indices must be integers or slices, not str"
                                    : "string indices must be integers, not 'str'");
}

PythonResult<WrapperArray> read_data(const Value& data, std::size_t size) {
  for (const std::string_view kind : {"tensor", "ndarray", "tftensor"}) {
    const auto has = contains(data, kind);
    if (!has) return has.error();
    if (!*has) continue;
    if (!data.IsObject()) return no_index(data);
    const Value& content = *last_member(data, kind);
    if (kind == "tensor") return array_of_tensor(content, size);
    if (kind == "ndarray") return array_of(content);
    return array_of_tensor_proto(content, size);
  }
  WrapperArray none;
  none.shape = {0};
  return none;
}

/// base64.b64decode(), which skips what isn't of the alphabet.
PythonResult<std::string> python_base64(const Value& value) {
  if (!value.IsString()) {
    return raised("argument should be a bytes-like object or ASCII string, not '" +
                  std::string(python_type(value)) + "'");
  }
  std::string kept;
  for (const char c : std::string_view(value.GetString(), value.GetStringLength())) {
    const bool is_known = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                          (c >= '0' && c <= '9') || c == '+' || c == '/';
    if (is_known) kept += c;
    // Padding that completes a group of four ends the text.
    if (c == '=' && kept.size() % 4 >= 2) kept += c;
    if (c == '=' && kept.ends_with('=') && kept.size() % 4 == 0) break;
  }
  const std::size_t letters = kept.find('=') == std::string::npos ? kept.size() : kept.find('=');
  if (letters % 4 == 1) {
    return raised("Invalid base64-encoded string: number of data characters (" +
                  std::to_string(letters) + ") cannot be 1 more than a multiple of 4");
  }
  if (kept.size() % 4 != 0) return raised("Incorrect padding");
  auto bytes = decode_base64(kept);
  if (!bytes) return raised("Incorrect padding");
  return *std::move(bytes);
}

/// The default class_names(): one for each column of what has columns.
std::string names_of(const WrapperArray& array) {
  std::string made = "[";
  for (std::size_t i = 0; array.shape.size() > 1 && i < array.shape[1]; ++i) {
    made += (i == 0 ? "\"t:" : ",\"t:") + std::to_string(i) + "\"";
  }
  return made + "]";
}

void append_shape(std::string& out, const std::vector<std::size_t>& shape, bool as_dims) {
  out += '[';
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) out += ',';
    const std::string size = std::to_string(shape[i]);
    out += as_dims ? R"({"size":")" + size + R"("})" : size;
  }
  out += ']';
}

/// tf.make_tensor_proto() of doubles in proto JSON.
void append_tensor_proto(std::string& out, const WrapperArray& array) {
  out += '{';
  if (array.size() == 1) {
    out += R"("doubleVal":)";
    array.append_flat(out);
    out += ',';
  }
  out += R"("dtype":"DT_DOUBLE",)";
  if (array.size() > 1) {
    std::string bytes(array.size() * sizeof(double), '\0');
    for (std::size_t i = 0; i < array.size(); ++i) {
      const double value = array.number(i);
      std::memcpy(bytes.data() + i * sizeof(double), &value, sizeof(value));
    }
    out += R"("tensorContent":")" + encode_base64(bytes) + R"(",)";
  }
  out += R"("tensorShape":{"dim":)";
  append_shape(out, array.shape, true);
  out += "}}";
}

/// The member of data that has the values, in the kind of the request; `list` is the answer when a
/// component gave a list and no array.
std::string data_text(const Value& request, const WrapperArray& array, const Value* list) {
  const Value* asked = last_member(request, "data");
  const auto asks = [&](std::string_view kind) {
    if (asked == nullptr) return false;
    const auto has = contains(*asked, kind);
    return has && *has;
  };
  const bool numeric = array.is_numeric() || array.tensor_proto != nullptr;
  std::string made = R"({"names":)" + names_of(array) + ",";
  if (numeric && (asked == nullptr || asks("tensor"))) {
    made += R"("tensor":{"shape":)";
    append_shape(made, array.shape, false);
    made += R"(,"values":)";
    array.append_flat(made);
    made += '}';
  } else if (numeric && asks("tftensor")) {
    made += R"("tftensor":)";
    if (array.tensor_proto != nullptr) {
      append_flask_json(made, *array.tensor_proto);
    } else {
      append_tensor_proto(made, array);
    }
  } else {
    made += R"("ndarray":)";
    if (list != nullptr) {
      append_flask_json(made, *list);
    } else {
      array.append_nested(made);
    }
  }
  return made + "}";
}

}  // namespace

WrapperResult<WrapperFeatures> read_features(const Value& message, std::size_t size) {
  const auto unknown = [&] {
    return bad_data("Invalid request data type: " + python_str(message));
  };
  if (!message.IsObject()) return unknown();
  WrapperFeatures made;
  if (const Value* data = last_member(message, "data")) {
    auto array = read_data(*data, size);
    if (!array) return thrown(array.error().text());
    made.array = *std::move(array);
    return made;
  }
  for (const char* name : {"jsonData", "strData"}) {
    made.value = last_member(message, name);
    if (made.value != nullptr) return made;
  }
  const Value* binary = last_member(message, "binData");
  if (binary == nullptr) return unknown();
  auto bytes = python_base64(*binary);
  if (!bytes) return thrown(bytes.error().text());
  made.bytes = *std::move(bytes);
  return made;
}

StubAnswer wrapper_answer(const graph::NodeSpec& node, std::span<const Value* const> messages,
                          const WrapperFeatures& result, CarriedMeta carried) {
  // The metas of a list are merged before anybody looks at the answer.
  const auto meta = wrapper_meta(node, messages, carried);
  if (!meta && carried == CarriedMeta::kAll) return thrown(meta.error().text());
  std::string data;
  if (result.array) {
    data = data_text(*messages.front(), *result.array, nullptr);
  } else if (result.value != nullptr && result.value->IsArray()) {
    const auto array = array_of(*result.value);
    if (!array) return thrown(array.error().text());
    data = data_text(*messages.front(), *array, result.value);
  } else if (!result.bytes && !result.value->IsObject() && !result.value->IsString()) {
    std::string text;
    append_python_text(text, *result.value);
    return bad_data("Unknown data type returned as payload (must be list or np array):" + text);
  }
  if (!meta) return thrown(meta.error().text());

  // In the order of the alphabet, as Flask writes it.
  std::string body = "{";
  if (result.bytes) body += R"("binData":")" + encode_base64(*result.bytes) + R"(",)";
  if (!data.empty()) body += R"("data":)" + data + ",";
  const bool is_plain = data.empty() && !result.bytes;
  if (is_plain && result.value->IsObject()) {
    body += R"("jsonData":)";
    append_flask_json(body, *result.value);
    body += ',';
  }
  body += R"("meta":)" + *meta;
  if (is_plain && result.value->IsString()) {
    body += R"(,"strData":)";
    append_flask_json(body, *result.value);
  }
  return {200, body + "}\n"};
}

}  // namespace infergraph::engine
