#include "graph/spec/parameter_advice.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "base/nearest_name.hpp"
#include "graph/spec/ratio.hpp"
#include "graph/spec/settings.hpp"
#include "graph/spec/text/json_tree.hpp"

namespace infergraph::graph {

namespace {

using namespace std::string_view_literals;

constexpr std::array kTypes{"INT"sv, "FLOAT"sv, "DOUBLE"sv, "STRING"sv, "BOOL"sv};

constexpr std::array kAbTest{"ratioA"sv};
constexpr std::array kSklearn{"method"sv};
constexpr std::array kMlflow{"xtype"sv};
constexpr std::array kTriton{"model_control_mode"sv, "load_model"sv, "strict_model_config"sv};

/// The parameters that a unit of known make has, beside the settings of a node.
struct Known {
  std::string_view implementation;
  std::span<const std::string_view> names;
};
const std::array kKnown{Known{"SKLEARN_SERVER", kSklearn}, Known{"XGBOOST_SERVER", {}},
                        Known{"MLFLOW_SERVER", kMlflow}, Known{"TENSORFLOW_SERVER", {}},
                        Known{"TRITON_SERVER", kTriton}};

/// The names that a parameter of the node can have; nothing where that is the component's to say.
std::optional<std::vector<std::string_view>> names_of(const NodeSpec& node) {
  if (node.implementation == Implementation::kRandomAbTest) {
    return std::vector<std::string_view>(kAbTest.begin(), kAbTest.end());
  }
  if (is_built_in(node.implementation)) return std::vector<std::string_view>();
  for (const Known& known : kKnown) {
    if (known.implementation != node.implementation_name) continue;
    std::vector<std::string_view> names(known.names.begin(), known.names.end());
    names.emplace_back("model_uri");  // as the operator adds it
    for (const Setting& setting : settings()) {
      const bool is_known = setting.bare == BareName::kTaken && setting.idle(node).empty();
      if (is_known) names.push_back(setting.name);
    }
    return names;
  }
  return std::nullopt;
}

bool is_whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size();
}

/// Whatever its case.
bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view each) { return same_name(each, word); });
}

/// What a value must be for its type, if it isn't that.
std::string_view misfit(const Parameter& parameter) {
  std::string_view value = parameter.value;
  if (parameter.type == "INT") {
    if (value.starts_with('+')) value.remove_prefix(1);
    return is_whole(value) ? "" : "a whole number";
  }
  if (parameter.type == "FLOAT" || parameter.type == "DOUBLE") {
    // As Python's float() reads it.
    constexpr std::array kSpecial{"nan"sv, "inf"sv, "infinity"sv};
    std::string_view word = value;
    if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
    return is_one_of(word, kSpecial) || to_ratio(value) ? "" : "a number";
  }
  if (parameter.type == "BOOL") {
    // As Python's strtobool() reads it.
    constexpr std::array kBools{"true"sv, "false"sv, "1"sv, "0"sv, "yes"sv, "no"sv,
                                "y"sv,    "n"sv,     "t"sv, "f"sv, "on"sv,  "off"sv};
    return is_one_of(value, kBools) ? "" : "true or false";
  }
  return "";
}

void advise_ratio(const Parameter& parameter, const Place& place, Problems& warnings) {
  const auto ratio = to_ratio(parameter.value);
  if (!ratio) return;  // a problem already
  if (*ratio > 1) {
    std::string share;
    if (*ratio <= 100) share = "; if " + parameter.value + " percent are meant, divide by 100";
    warnings.add(Place(place, "value"), "ratioA " + quoted(parameter.value) +
                                            " is over 1: every request goes to the first child" +
                                            share);
  } else if (*ratio < 0) {
    warnings.add(Place(place, "value"), "ratioA " + quoted(parameter.value) +
                                            " is under 0: every request goes to the second child");
  }
}

}  // namespace

void advise_parameters(const NodeSpec& node, Problems& warnings) {
  const auto known = names_of(node);
  const Place whole(node.path);
  const Place list(whole, "parameters");
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < node.parameters.size(); ++i) {
    const Parameter& parameter = node.parameters[i];
    const Place place(list, i);
    const Place name_place(place, "name");
    if (parameter.name.empty()) {
      warnings.add(name_place, "is missing: Kubernetes refuses a parameter without");
      continue;
    }
    const bool is_stubs = parameter.name.starts_with("stub_");
    const auto [first, is_new] = seen.try_emplace(parameter.name, i);
    if (known && !is_stubs && std::ranges::find(*known, parameter.name) == known->end()) {
      warnings.add(name_place, [&] {
        std::string message =
            quoted(parameter.name) + " is no parameter of " + node.implementation_name;
        if (is_built_in(node.implementation)) message += ", so it counts for nothing";
        return message + did_you_mean(parameter.name, *known);
      });
    } else if (!is_new && parameter.name != "load_model") {
      warnings.add(name_place, [&, other = first->second] {
        return quoted(parameter.name) + " is also the name of " + Place(list, other).text();
      });
    }
    const bool is_ratio =
        node.implementation == Implementation::kRandomAbTest && parameter.name == "ratioA";
    if (is_ratio) advise_ratio(parameter, place, warnings);
    if (!parameter.type.empty() && std::ranges::find(kTypes, parameter.type) == kTypes.end()) {
      warnings.add(Place(place, "type"), [&] {
        return quoted(parameter.type) + " is not one of INT, FLOAT, DOUBLE, STRING, BOOL" +
               did_you_mean(parameter.type, kTypes);
      });
    } else if (const std::string_view wanted = misfit(parameter); !wanted.empty() && !is_ratio) {
      warnings.add(Place(place, "value"), [&] {
        return quoted(parameter.value) + " is no " + parameter.type + ": it must be " +
               std::string(wanted);
      });
    }
  }
}

}  // namespace infergraph::graph
