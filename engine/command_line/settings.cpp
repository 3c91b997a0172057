#include "engine/command_line/settings.hpp"

#include <algorithm>

#include "base/nearest_name.hpp"
#include "engine/command_line/flags.hpp"

namespace infergraph::engine {
namespace {

// So many of the variables that there aren't are named, then they are counted.
constexpr std::size_t kMostUnknown = 10;

// What is wrong with the value of `source`, if anything.
std::string set(const Flag& flag, const std::string& source, std::string_view value,
                Options& options) {
  const std::string wrong = flag.set(options, value);
  if (wrong.empty()) return "";
  return source + ": \"" + std::string(value) + "\" " + wrong;
}

std::vector<std::string> variable_names() {
  std::vector<std::string> names;
  for (const Flag& flag : flags()) names.push_back(flag.variable());
  return names;
}

std::string unknown(std::string_view name, const std::vector<std::string>& names) {
  const std::vector<std::string_view> known(names.begin(), names.end());
  return "is no setting of this release" + did_you_mean(name, known);
}

void note_unknown(const Environment& environment, std::vector<std::string>& notices) {
  const std::vector<std::string> names = variable_names();
  std::size_t count = 0;
  for (const auto& [name, value] : environment.variables()) {
    if (!name.starts_with(kVariablePrefix) || is_service_link(name, value)) continue;
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (++count <= kMostUnknown) notices.push_back(name + " " + unknown(name, names));
  }
  if (count > kMostUnknown) {
    notices.push_back(std::to_string(count - kMostUnknown) + " more variables " +
                      std::string(kVariablePrefix) + "… are no settings");
  }
}

}  // namespace

std::string variable_fault(std::string_view name, std::string_view value) {
  if (is_service_link(name, value)) return "";
  for (const Flag& flag : flags()) {
    if (flag.variable() != name) continue;
    if (value.empty()) return "";
    Options options;
    const std::string wrong = flag.set(options, value);
    if (wrong.empty()) return "";
    return "is \"" + std::string(value) + "\", with which the engine doesn't start: it " + wrong;
  }
  return unknown(name, variable_names());
}

std::string Settings::apply_flags(std::span<const Arguments::Flag> flags, Options& options) {
  for (const auto& [name, value] : flags) {
    std::string wrong = set(*find_flag(name), "--" + name, value, options);
    if (!wrong.empty()) return wrong;
    given_[name] = {value, Source::kFlag};
  }
  return "";
}

std::string Settings::apply_variables(const Environment& environment, Options& options,
                                      std::vector<std::string>& notices) {
  for (const Flag& flag : flags()) {
    const std::string name = flag.variable();
    const std::string value = environment(name).value_or("");
    if (value.empty() || is_service_link(name, value)) continue;
    if (is_given(flag.name)) {
      if (value != this->value(flag.name)) {
        notices.push_back(name + " is ignored, since --" + flag.name + " is given");
      }
      continue;
    }
    std::string wrong = set(flag, name, value, options);
    if (!wrong.empty()) return wrong;
    given_[flag.name] = {value, Source::kVariable};
  }
  note_unknown(environment, notices);
  return "";
}

Settings::Source Settings::source(std::string_view name) const {
  const auto found = given_.find(name);
  return found == given_.end() ? Source::kDefault : found->second.source;
}

std::string_view Settings::value(std::string_view name) const {
  const auto found = given_.find(name);
  return found == given_.end() ? std::string_view() : found->second.value;
}

std::string Settings::told(std::string_view name) const {
  if (source(name) != Source::kVariable) return "--" + std::string(name);
  return find_flag(name)->variable();
}

}  // namespace infergraph::engine
