#include <cmath>
#include <limits>

#include "base/base64.hpp"
#include "engine/tools/stub/tfserving/json.hpp"
#include "engine/tools/stub/tfserving/value.hpp"

namespace infergraph::engine {

using rapidjson::Value;
using tensorflow::Feature;

namespace {

std::string_view kind_of(const Feature& feature) {
  switch (feature.kind_case()) {
    case Feature::kBytesList:
      return "bytes";
    case Feature::kFloatList:
      return "float";
    case Feature::kInt64List:
      return "int64";
    case Feature::KIND_NOT_SET:
      break;
  }
  return "UNKNOWN";
}

Feature::KindCase kind_of(const Value& value) {
  if (value.IsDouble()) return Feature::kFloatList;
  if (value.IsNumber() || value.IsBool()) return Feature::kInt64List;
  if (value.IsString() || is_base64(value)) return Feature::kBytesList;
  return Feature::KIND_NOT_SET;
}

Served<void> add(const Value& value, const std::string& name, Feature& feature) {
  const auto kind = kind_of(value);
  if (kind == Feature::KIND_NOT_SET) {
    return wrong_json("Feature: " + name +
                      " has element with unexpected JSON type: " + std::string(type_of(value)));
  }
  if (feature.kind_case() != Feature::KIND_NOT_SET && feature.kind_case() != kind) {
    return wrong_json("Unexpected element type in feature: " + name +
                      " expecting type: " + std::string(kind_of(feature)));
  }
  if (kind == Feature::kFloatList) {
    const double number = value.GetDouble();
    if (std::isfinite(number) &&
        std::abs(number) > static_cast<double>(std::numeric_limits<float>::max())) {
      return wrong_json("Cannot convert JSON value: " + json_of(value) +
                        " to float without loss of precision.");
    }
    feature.mutable_float_list()->add_value(static_cast<float>(number));
  } else if (value.IsBool()) {
    feature.mutable_int64_list()->add_value(value.GetBool() ? 1 : 0);
  } else if (kind == Feature::kInt64List) {
    if (!value.IsInt64()) {
      return wrong_json("Feature: " + name + " has uint64 element. Only int64 is supported.");
    }
    feature.mutable_int64_list()->add_value(value.GetInt64());
  } else if (value.IsString()) {
    feature.mutable_bytes_list()->add_value(std::string(text_of(value)));
  } else {
    auto bytes = decode_padded_base64(text_of(*member_of(value, "b64")));
    if (!bytes) return wrong_json("Unable to base64 decode");
    feature.mutable_bytes_list()->add_value(*std::move(bytes));
  }
  return {};
}

Served<void> read_example(const Value& value, tensorflow::Example& example) {
  if (!value.IsObject()) {
    return wrong_json("Example must be JSON object but got JSON " + std::string(type_of(value)));
  }
  for (const auto& [key, content] : value.GetObject()) {
    const std::string name(text_of(key));
    Feature& feature = (*example.mutable_features()->mutable_feature())[name];
    if (!content.IsArray()) {
      if (auto added = add(content, name, feature); !added) return added;
      continue;
    }
    for (const Value& element : content.GetArray()) {
      if (auto added = add(element, name, feature); !added) return added;
    }
  }
  return {};
}

}  // namespace

Served<void> read_examples_json(std::string_view json, tfs::ModelSpec& spec, tfs::Input& input) {
  rapidjson::Document document;
  if (auto parsed = parse_object(json, document); !parsed) return parsed;
  if (auto read = read_signature(document, spec); !read) return read;
  const Value* context = member_of(document, "context");
  if (context != nullptr) {
    auto& into = *input.mutable_example_list_with_context()->mutable_context();
    if (auto read = read_example(*context, into); !read) return read;
  }
  const Value* examples = member_of(document, "examples");
  if (examples == nullptr) {
    return wrong_value(document,
                       "When method is classify, key 'examples' is expected and was not found");
  }
  if (!examples->IsArray()) {
    return wrong_value(document, "Expecting 'examples' value to be an list/array");
  }
  if (examples->Empty()) return wrong_value(document, "'examples' value is an empty array");
  for (const Value& value : examples->GetArray()) {
    auto& example = context != nullptr ? *input.mutable_example_list_with_context()->add_examples()
                                       : *input.mutable_example_list()->add_examples();
    if (auto read = read_example(value, example); !read) return read;
  }
  return {};
}

}  // namespace infergraph::engine
