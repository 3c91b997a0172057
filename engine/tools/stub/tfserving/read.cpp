#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "engine/tools/stub/tfserving/json.hpp"
#include "engine/tools/stub/tfserving/value.hpp"
#include "protocol/json/json.hpp"

namespace infergraph::engine {

using rapidjson::Value;

namespace {

/// Nested lists of floats, or a bare one, as an element of a tensor.
class FloatReader {
 public:
  explicit FloatReader(tensorflow::TensorProto& tensor) : tensor_(tensor) {}

  Served<void> read(const Value& value) {
    shape_.clear();
    for (const Value* list = &value; list->IsArray(); list = list->Begin()) {
      shape_.push_back(list->Size());
      if (list->Empty()) break;
    }
    return fill(value, 0);
  }
  const std::vector<std::size_t>& shape() const { return shape_; }

 private:
  // Recursion is as deep as parse_json() allows.
  Served<void> fill(const Value& value, std::size_t level) {  // NOLINT(misc-no-recursion)
    const std::size_t rank = shape_.size();
    if (!value.IsArray()) {
      if (level != rank) {
        return wrong_value(value,
                           "found at incorrect level: " + std::to_string(level + 1) +
                               " in the JSON DOM. Expected at level: " + std::to_string(rank));
      }
      return add(value);
    }
    if (level >= rank) {
      return wrong_json("Encountered list at unexpected level: " + std::to_string(level) +
                        " expected < " + std::to_string(rank));
    }
    if (value.Size() != shape_[level]) {
      return wrong_json("Encountered list at unexpected size: " + std::to_string(value.Size()) +
                        " at level: " + std::to_string(level) +
                        " expected size: " + std::to_string(shape_[level]));
    }
    for (const Value& element : value.GetArray()) {
      if (auto filled = fill(element, level + 1); !filled) return filled;
    }
    return {};
  }

  Served<void> add(const Value& value) {
    if (!value.IsNumber()) {
      return wrong_value(
          value, "Type: " + std::string(type_of(value)) + " is not of expected type: float");
    }
    constexpr std::int64_t kMaxWhole = (std::int64_t{1} << 24) - 1;
    const double number = value.GetDouble();
    const bool is_whole = value.IsInt64() || value.IsUint64();
    const double limit = is_whole ? static_cast<double>(kMaxWhole)
                                  : static_cast<double>(std::numeric_limits<float>::max());
    if (std::isfinite(number) && std::abs(number) > limit) {
      return wrong_json("Cannot convert JSON value: " + json_of(value) +
                        " to float without loss of precision.");
    }
    tensor_.add_float_val(static_cast<float>(number));
    return {};
  }

  tensorflow::TensorProto& tensor_;
  std::vector<std::size_t> shape_;
};

void set_shape(tensorflow::TensorProto& tensor, const std::vector<std::size_t>& shape) {
  tensor.set_dtype(tensorflow::DT_FLOAT);
  for (const std::size_t size : shape) {
    tensor.mutable_tensor_shape()->add_dim()->set_size(static_cast<std::int64_t>(size));
  }
}

std::string bracketed(const std::vector<std::size_t>& shape) {
  std::string made = "[";
  for (const std::size_t size : shape) made += (made == "[" ? "" : ",") + std::to_string(size);
  return made + "]";
}

Served<void> read_instances(const Value& list, const std::string& input,
                            tfs::PredictRequest& request) {
  const auto is_object = [](const Value& value) { return value.IsObject() && !is_base64(value); };
  const bool by_name = is_object(list[0]);
  tensorflow::TensorProto& tensor = (*request.mutable_inputs())[input];
  FloatReader reader(tensor);
  std::vector<std::size_t> first;
  for (rapidjson::SizeType i = 0; i < list.Size(); ++i) {
    const std::string at = std::to_string(i);
    const Value* value = &list[i];
    std::string where = at;
    if (by_name != is_object(*value)) {
      return wrong_json(by_name ? "Expecting object but got list at item " + at + " of input list"
                                : "Expecting value/list but got object at item " + at +
                                      " of input list");
    }
    if (by_name) {
      for (const auto& [key, ignored] : value->GetObject()) {
        if (text_of(key) == input) continue;
        const std::string name(text_of(key));
        return wrong_json(
            "Failed to process element: " + at + " key: " + name +
            " of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have "
            "named input: " +
            name);
      }
      if (value->MemberCount() != 1) {
        return wrong_json("Failed to process element: " + at +
                          " of 'instances' list. JSON object: " + json_of(*value) +
                          " keys must be equal to: " + input);
      }
      where += " key: " + input;
      value = &value->MemberBegin()->value;
    }
    auto filled = reader.read(*value);
    if (filled && i == 0) first = reader.shape();
    if (filled && reader.shape() != first) {
      filled = wrong_json("Expecting shape " + bracketed(first) +
                          " but got: " + bracketed(reader.shape()));
    }
    if (!filled) {
      return wrong_json("Failed to process element: " + where +
                        " of 'instances' list. Error: INVALID_ARGUMENT: " + filled.error().message);
    }
  }
  first.insert(first.begin(), list.Size());
  set_shape(tensor, first);
  return {};
}

Served<void> read_inputs(const Value& given, const std::string& input,
                         tfs::PredictRequest& request) {
  const Value* value = &given;
  if (given.IsObject() && !is_base64(given)) {
    value = member_of(given, input);
    if (value == nullptr) {
      return wrong_json("Missing named input: " + input + " in 'inputs' object.");
    }
  }
  tensorflow::TensorProto& tensor = (*request.mutable_inputs())[input];
  FloatReader reader(tensor);
  if (auto filled = reader.read(*value); !filled) return filled;
  set_shape(tensor, reader.shape());
  return {};
}

/// `instances` or `inputs`, and which of them.
Served<std::pair<const Value*, TfFormat>> find_values(const rapidjson::Document& document) {
  const Value* instances = member_of(document, "instances");
  const Value* inputs = member_of(document, "inputs");
  if (instances != nullptr && inputs != nullptr) {
    return wrong_value(document,
                       "Not formatted correctly expecting only one of 'inputs' or 'instances' "
                       "keys to exist ");
  }
  if (inputs != nullptr) return std::pair(inputs, TfFormat::kColumn);
  if (instances == nullptr) return wrong_json("Missing 'inputs' or 'instances' key");
  if (!instances->IsArray()) {
    return wrong_value(document, "Excepting 'instances' to be an list/array");
  }
  if (instances->Empty()) return wrong_value(document, "No values in 'instances' array");
  return std::pair(instances, TfFormat::kRow);
}

/// The exact text of instances or inputs of an object.
class EchoVisitor final : public protocol::json::Visitor {
 public:
  bool enter(const protocol::json::Path& path, protocol::json::Kind) override {
    return path.depth() == 0;
  }
  void value(const protocol::json::Path& path, protocol::json::Kind,
             std::string_view text) override {
    if (path.is({"instances"})) instances = text;
    if (path.is({"inputs"})) inputs = text;
  }
  std::string_view instances;
  std::string_view inputs;
};

}  // namespace

Served<TfFormat> read_predict_json(std::string_view json, const TfServable& servable,
                                   tfs::PredictRequest& request) {
  rapidjson::Document document;
  if (auto parsed = parse_object(json, document); !parsed) return parsed.error();
  tfs::ModelSpec& spec = *request.mutable_model_spec();
  if (auto read = read_signature(document, spec); !read) return read.error();
  if (auto known = servable.check(spec); !known) return known.error();
  const std::string& signature = spec.signature_name();
  if (!servable.has_signature(signature)) {
    return wrong_json("Serving signature name: \"" + signature + "\" not found in signature def");
  }
  const auto found = find_values(document);
  if (!found) return found.error();
  const auto [value, format] = *found;
  const std::string& input = servable.model()->names().input;
  const auto read = format == TfFormat::kRow ? read_instances(*value, input, request)
                                             : read_inputs(*value, input, request);
  if (!read) return read.error();
  return format;
}

Served<std::string> echo_predict_json(std::string_view json) {
  rapidjson::Document document;
  if (auto parsed = parse_object(json, document); !parsed) return parsed.error();
  if (auto found = find_values(document); !found) return found.error();
  EchoVisitor echo;
  if (const auto bad = protocol::json::visit(json, echo)) {
    return wrong_json("JSON Parse error: " + *bad);
  }
  const bool by_row = !echo.instances.empty();
  return (by_row ? "{\n    \"predictions\": " : "{\n    \"outputs\": ") +
         std::string(by_row ? echo.instances : echo.inputs) + "\n}";
}

}  // namespace infergraph::engine
