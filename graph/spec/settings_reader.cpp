#include "graph/spec/settings_reader.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "base/nearest_name.hpp"

namespace infergraph::graph {

using Entry = SettingsReader::Entry;
using Entries = SettingsReader::Entries;

namespace {

// Holds lines instead of a value.
constexpr std::string_view kLines = "settings";
// Of the part of a key behind the slash.
constexpr std::size_t kLongestKey = 63;
// Names of a graph that are compared with those that it hasn't.
constexpr std::size_t kMostCompared = 50'000;
// In a node's name; at each the line is read anew.
constexpr int kMostColons = 16;

// Parameters that Seldon's proxy of TensorFlow Serving takes (docs/wire/graph.md §5).
constexpr std::array<std::string_view, 6> kOfProxy{"rest_endpoint", "grpc_endpoint",
                                                   "model_name",    "signature_name",
                                                   "model_input",   "model_output"};
// Prepackaged servers that get no parameters of the unit.
constexpr std::array<std::string_view, 3> kWithoutParameters{"TRITON_SERVER", "HUGGINGFACE_SERVER",
                                                             "TEMPO_SERVER"};

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

constexpr std::string_view kBlank = " \t\r\n";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Whether Kubernetes takes it behind the slash of an annotation's key.
bool is_key(std::string_view name) {
  if (name.empty() || name.size() > kLongestKey) return false;
  if (!is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) return false;
  return std::ranges::all_of(
      name, [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

// "NODE.NAME" or "NAME". Names of nodes may have dots, those of settings have none.
struct Target {
  std::string_view node;
  std::string_view name;
};

Target split(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  if (dot == key.npos) return {{}, key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

// Where the value begins. A node's name may have colons too: the first that a setting's name stands
// before is meant, if there is one.
std::size_t colon_of(std::string_view line) {
  const std::size_t first = line.find(':');
  std::size_t colon = first;
  for (int i = 0; i <= kMostColons && colon != line.npos; ++i) {
    if (find_setting(split(trimmed(line.substr(0, colon), kBlank)).name) != nullptr) return colon;
    colon = line.find(':', colon + 1);
  }
  return first;
}

bool is_of_all(std::string_view key) { return key.find('.') == key.npos; }

// A slip before the slash would be silent: such keys are somebody else's.
void warn_of_prefixes(const AnnotationLevel& level, Problems& warnings) {
  const std::array ours{kAnnotationPrefix.substr(0, kAnnotationPrefix.size() - 1)};
  for (const auto& [key, value] : level.annotations) {
    const std::string_view prefix = std::string_view(key).substr(0, key.find('/'));
    if (prefix.size() == key.size() || prefix == ours[0]) continue;
    const std::string_view behind = std::string_view(key).substr(prefix.size() + 1);
    if (find_setting(split(behind).name) == nullptr || nearest_name(prefix, ours).empty()) continue;
    warnings.add(member_path(level.path, key), "is none of ours; did you mean \"" +
                                                   std::string(kAnnotationPrefix) +
                                                   std::string(behind) + "\"?");
  }
}

}  // namespace

// Reads the annotations of one level.
class SettingsReader::LevelReader {
 public:
  // `nodes`: those of which it may speak.
  LevelReader(const AnnotationLevel& level, const std::set<std::string_view>& nodes,
              Problems& warnings)
      : level_(level), nodes_(nodes), listed_(nodes.begin(), nodes.end()), warnings_(warnings) {
    for (const Setting& setting : settings()) settings_.push_back(setting.name);
  }

  Entries read() {
    warn_of_prefixes(level_, warnings_);
    // Keys come after lines, and stand over them.
    const std::string lines_key = std::string(kAnnotationPrefix) + std::string(kLines);
    if (const auto lines = level_.annotations.find(lines_key); lines != level_.annotations.end()) {
      read_lines(lines_key, lines->second);
    }
    for (auto at = level_.annotations.lower_bound(kAnnotationPrefix);
         at != level_.annotations.end() && at->first.starts_with(kAnnotationPrefix); ++at) {
      const auto& [key, value] = *at;
      if (key == lines_key) continue;
      const std::string path = member_path(level_.path, key);
      const std::string_view behind = std::string_view(key).substr(kAnnotationPrefix.size());
      if (!is_key(behind)) {
        warnings_.add(path,
                      "is no key that Kubernetes takes (at most 63 of A-Z a-z 0-9 . _ - "
                      "behind the slash): use a line of " +
                          lines_key);
      }
      add_entry(behind, {value, path, key + " of " + std::string(level_.owner)});
    }
    return std::move(entries_);
  }

 private:
  void read_lines(const std::string& key, std::string_view text) {
    for (int number = 1; !text.empty(); ++number) {
      const std::size_t newline = text.find('\n');
      const std::string_view line = trimmed(text.substr(0, newline), kBlank);
      text.remove_prefix(newline == text.npos ? text.size() : newline + 1);
      if (line.empty() || line.starts_with('#')) continue;
      const std::string path = member_path(level_.path, key) + " line " + std::to_string(number);
      const std::string source =
          key + " of " + std::string(level_.owner) + ", line " + std::to_string(number);
      const std::size_t colon = colon_of(line);
      if (colon == line.npos) {
        warnings_.add(path, quoted(line) + " is not NODE.NAME: VALUE; ignored");
        continue;
      }
      add_entry(trimmed(line.substr(0, colon), kBlank),
                {std::string(line.substr(colon + 1)), path, source});
    }
  }

  // Whether there is such a setting and node is told once, here; a name that isn't is no entry.
  void add_entry(std::string_view key, Entry entry) {
    const auto [node, name] = split(key);
    const Setting* const setting = find_setting(name);
    if (setting == nullptr) {
      warnings_.add(entry.path, quoted(name) + " is no setting of a node" +
                                    suggestion(name, settings_) + "; ignored");
      return;
    }
    if (!is_of_all(key) && !nodes_.contains(node)) {
      const std::string meant = suggestion(node, listed_);
      if (level_.is_of_others && meant.empty()) return;
      warnings_.add(entry.path,
                    "the graph has no node " + quoted(node) + meant +
                        (level_.is_of_others ? "; ignored, as it is if another predictor has it"
                                             : "; ignored"));
      return;
    }
    entries_[std::string(node)].insert_or_assign(setting->name, std::move(entry));
  }

  std::string suggestion(std::string_view text, std::span<const std::string_view> names) {
    if (compared_ > kMostCompared) return "";
    compared_ += names.size();
    return did_you_mean(text, names);
  }

  const AnnotationLevel& level_;
  const std::set<std::string_view>& nodes_;
  std::vector<std::string_view> listed_;
  std::vector<std::string_view> settings_;
  Problems& warnings_;
  Entries entries_;
  std::size_t compared_ = 0;
};

// Resolves the settings of one predictor's nodes.
class SettingsReader::NodeReader {
 public:
  // `bytes`: of values, so far.
  NodeReader(std::optional<protocol::Protocol> protocol, std::size_t& bytes, Findings& findings)
      : protocol_(protocol),
        bytes_(bytes),
        problems_(findings.problems),
        warnings_(findings.warnings) {}

  void read(NodeSpec& node, std::span<const Entries* const> levels) {
    node.settings = {};
    for (const Setting& setting : settings()) {
      if (!take_annotation(node, setting, levels)) take_parameter(node, setting);
    }
  }

 private:
  // Takes what annotations say. True when one decides, even if it is an empty one.
  bool take_annotation(NodeSpec& node, const Setting& setting,
                       std::span<const Entries* const> levels) {
    for (const std::string_view wanted : {std::string_view(node.name), std::string_view()}) {
      for (const Entries* const entries : levels) {
        const auto of_node = entries->find(wanted);
        if (of_node == entries->end()) continue;
        const auto found = of_node->second.find(setting.name);
        if (found == of_node->second.end()) continue;
        const auto& [value, path, source] = found->second;
        if (const std::string_view idle = setting.idle(node); !idle.empty()) {
          if (wanted.empty()) return false;
          warnings_.add(path, "has no effect on " + quoted(node.name) + ": " + std::string(idle));
          return false;
        }
        bytes_ += value.size() + source.size();
        if (bytes_ > kMaxSettingBytes) {
          problems_.add(path, "is held for each node that it is of: that takes more than " +
                                  grouped(kMaxSettingBytes) + " bytes");
          return false;
        }
        const std::string_view given = trimmed(value, kBlank);
        if (given.empty()) {
          const Parameter* const parameter = last_parameter(node, setting);
          use(node, setting, parameter == nullptr ? "" : parameter->value, source, false);
          return true;
        }
        const std::string wrong = setting.set(node.settings, given);
        if (wrong.empty()) {
          use(node, setting, given, source, true);
          return true;
        }
        warnings_.add(path, quoted(given) + ' ' + wrong + "; ignored");
      }
    }
    return false;
  }

  // The last of a name counts, as the components read them.
  static const Parameter* last_parameter(const NodeSpec& node, const Setting& setting) {
    const auto found =
        std::find_if(node.parameters.rbegin(), node.parameters.rend(),
                     [&](const Parameter& parameter) { return parameter.name == setting.name; });
    return found == node.parameters.rend() ? nullptr : &*found;
  }

  void take_parameter(NodeSpec& node, const Setting& setting) {
    const Parameter* const parameter = last_parameter(node, setting);
    if (parameter == nullptr || parameter->value.empty() || !setting.idle(node).empty()) return;
    const auto index = static_cast<std::size_t>(parameter - node.parameters.data());
    const std::string path = element_path(member_path(node.path, "parameters"), index);
    const std::string name(setting.name);
    const std::string annotation = annotation_of(node.name, name);
    NodeSettings tried = node.settings;
    const std::string wrong = setting.set(tried, parameter->value);
    bool is_taken = wrong.empty();
    if (setting.bare == BareName::kWithoutContainer && has_component(node)) {
      is_taken = false;
      if (wrong.empty()) {
        warnings_.add(member_path(path, "name"), name +
                                                     " is left to the component; to set the "
                                                     "engine's, use the annotation " +
                                                     annotation);
      }
    } else if (!wrong.empty()) {
      node.settings.endpoint_is_foreign =
          node.settings.endpoint_is_foreign || name.ends_with("_endpoint");
      warnings_.add(member_path(path, "value"),
                    name + ' ' + quoted(parameter->value) + ' ' + wrong +
                        " for the engine, so that it is left to the component; to set the "
                        "engine's, use the annotation " +
                        annotation);
    } else if (may_stop_component(node, setting)) {
      warnings_.add(member_path(path, "name"),
                    name +
                        " is taken by the engine, but the operator hands it to the component "
                        "too, which stops at a parameter that it doesn't know; use the "
                        "annotation " +
                        annotation);
    }
    if (is_taken) node.settings = std::move(tried);
    use(node, setting, parameter->value, "parameter", is_taken);
  }

  // Whether there is a component that the operator gives its parameters.
  static bool has_component(const NodeSpec& node) {
    return node.implementation == Implementation::kPrepackaged || !node.image.empty();
  }

  // Whether that component may not know the parameter.
  bool may_stop_component(const NodeSpec& node, const Setting& setting) const {
    if (node.implementation != Implementation::kPrepackaged) return has_component(node);
    // Only under this protocol prepackaged servers are components of Seldon's wrapper.
    if (protocol_ != protocol::Protocol::kSeldon) return false;
    if (contains(kWithoutParameters, node.implementation_name)) return false;
    return node.implementation_name != "TENSORFLOW_SERVER" || !contains(kOfProxy, setting.name);
  }

  static void use(NodeSpec& node, const Setting& setting, std::string_view value,
                  std::string source, bool taken) {
    node.settings.uses.push_back(
        {std::string(setting.name), std::string(value), std::move(source), taken});
  }

  std::optional<protocol::Protocol> protocol_;
  std::size_t& bytes_;
  Problems& problems_;
  Problems& warnings_;
};

SettingsReader::SettingsReader(std::set<std::string_view> nodes,
                               std::optional<protocol::Protocol> protocol, Findings& findings)
    : nodes_(std::move(nodes)), protocol_(protocol), findings_(findings) {}

void SettingsReader::share(const AnnotationLevel& level) {
  shared_.push_back(LevelReader(level, nodes_, findings_.warnings).read());
}

void SettingsReader::read(PredictorSpec& predictor, const AnnotationLevel& own) {
  std::set<std::string_view> nodes;
  for (const NodeSpec& node : predictor.nodes) nodes.insert(node.name);
  const Entries entries = LevelReader(own, nodes, findings_.warnings).read();
  std::vector<const Entries*> nearest_first{&entries};
  for (const Entries& shared : shared_) nearest_first.push_back(&shared);
  std::erase_if(nearest_first, [](const Entries* level) { return level->empty(); });
  NodeReader reader(protocol_, bytes_, findings_);
  for (NodeSpec& node : predictor.nodes) reader.read(node, nearest_first);
}

std::string annotation_of(std::string_view node, std::string_view name) {
  const std::string key = std::string(node) + "." + std::string(name);
  return std::string(kAnnotationPrefix) + (is_key(key) ? key : std::string(kLines));
}

}  // namespace infergraph::graph
