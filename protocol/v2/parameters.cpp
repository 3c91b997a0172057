#include "protocol/v2/parameters.hpp"

#include <algorithm>
#include <cmath>

#include "protocol/json/number.hpp"

namespace infergraph::protocol {

std::optional<ParameterValue> read_parameter(json::Kind kind, std::string_view text) {
  if (kind == json::Kind::kString) return json::read_string(text);
  if (kind == json::Kind::kBool) return text == "true";
  if (kind != json::Kind::kNumber) return std::nullopt;
  if (text.find_first_not_of("-0123456789") == std::string_view::npos) {
    std::int64_t integer = 0;
    if (read_number(kind, text, integer) == NumberFault::kNone) return integer;
    std::uint64_t natural = 0;
    if (read_number(kind, text, natural) == NumberFault::kNone) return natural;
  }
  double real = 0;
  if (read_number(kind, text, real) != NumberFault::kNone) return std::nullopt;
  return real;
}

void append_parameter(std::string& out, const ParameterValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    json::append_string(out, *text);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    out += *flag ? "true" : "false";
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out += std::to_string(*integer);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    out += std::to_string(*natural);
  } else {
    const std::size_t begin = out.size();
    const double real = std::get<double>(value);
    if (!std::isfinite(real)) {
      out += std::isnan(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity";
      return;
    }
    json::append_double(out, real);
    // It stays a real number.
    if (std::string_view(out).substr(begin).find_first_of(".e") == std::string_view::npos) {
      out += ".0";
    }
  }
}

void append_parameters(std::string& out, const Parameters& parameters) {
  if (parameters.empty()) return;
  out += "\"parameters\":{";
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (i > 0) out += ',';
    json::append_string(out, parameters[i].first);
    out += ':';
    append_parameter(out, parameters[i].second);
  }
  out += '}';
}

Parameters read_parameters(const ProtoParameters& parameters) {
  Parameters made;
  for (const auto& [name, value] : parameters) {
    switch (value.parameter_choice_case()) {
      case inference::InferParameter::kBoolParam:
        made.emplace_back(name, value.bool_param());
        break;
      case inference::InferParameter::kInt64Param:
        made.emplace_back(name, std::int64_t{value.int64_param()});
        break;
      case inference::InferParameter::kUint64Param:
        made.emplace_back(name, std::uint64_t{value.uint64_param()});
        break;
      case inference::InferParameter::kDoubleParam:
        made.emplace_back(name, value.double_param());
        break;
      case inference::InferParameter::kStringParam:
        made.emplace_back(name, value.string_param());
        break;
      case inference::InferParameter::PARAMETER_CHOICE_NOT_SET:
        break;
    }
  }
  std::sort(made.begin(), made.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return made;
}

void write_parameters(const Parameters& parameters, ProtoParameters& into) {
  for (const auto& [name, value] : parameters) {
    inference::InferParameter& parameter = into[name];
    if (const auto* text = std::get_if<std::string>(&value)) {
      parameter.set_string_param(*text);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
      parameter.set_bool_param(*flag);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      parameter.set_int64_param(*integer);
    } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
      parameter.set_uint64_param(*natural);
    } else {
      parameter.set_double_param(std::get<double>(value));
    }
  }
}

const ParameterValue* find_parameter(const Parameters& parameters, std::string_view name) {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [name](const auto& entry) { return entry.first == name; });
  return found == parameters.end() ? nullptr : &found->second;
}

bool is_on(const Parameters& parameters, std::string_view name) {
  const ParameterValue* value = find_parameter(parameters, name);
  return value != nullptr && std::holds_alternative<bool>(*value) && std::get<bool>(*value);
}

void erase_parameter(Parameters& parameters, std::string_view name) {
  std::erase_if(parameters, [name](const auto& entry) { return entry.first == name; });
}

}  // namespace infergraph::protocol
