#include "engine/tools/settings_text.hpp"

#include <algorithm>
#include <ostream>
#include <string>

#include "base/utf8.hpp"

namespace infergraph::engine {
namespace {

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t columns = columns_of(text);
  return text + std::string(width > columns ? width - columns : 0, ' ');
}

// "protocol = v2", "protocol is the component's", or "protocol is not set".
std::string said(const graph::SettingUse& use) {
  if (use.taken) return use.name + " = " + printable(use.value);
  if (use.value.empty()) return use.name + " is not set";
  return use.name + " = " + printable(use.value) + " is the component's own";
}

}  // namespace

void print_settings(std::ostream& out, const graph::PredictorSpec& predictor,
                    const TextStyle& style) {
  std::size_t names = 0;
  std::size_t values = 0;
  for (const graph::NodeSpec& node : predictor.nodes) {
    for (const graph::SettingUse& use : node.settings.uses) {
      names = std::max(names, columns_of(printable(node.name)));
      values = std::max(values, columns_of(said(use)));
    }
  }
  if (values == 0) return;
  out << "settings\n";
  for (const graph::NodeSpec& node : predictor.nodes) {
    for (const graph::SettingUse& use : node.settings.uses) {
      out << "  " << style.bold(padded(printable(node.name), names)) << "  "
          << padded(said(use), values) << "  " << style.dim(printable(use.source)) << "\n";
    }
  }
  out << "\n";
}

void write_settings(JsonWriter& writer, const graph::NodeSpec& node) {
  if (node.settings.uses.empty()) return;
  write_key(writer, "settings");
  writer.StartArray();
  for (const graph::SettingUse& use : node.settings.uses) {
    writer.StartObject();
    write_key(writer, "name");
    write_string(writer, use.name);
    write_key(writer, "value");
    write_string(writer, to_utf8(use.value));
    write_key(writer, "from");
    write_string(writer, to_utf8(use.source));
    write_key(writer, "taken");
    writer.Bool(use.taken);
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace infergraph::engine
