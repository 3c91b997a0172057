#include "engine/tools/args.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iostream>
#include <utility>

#include "engine/command_line/argv.hpp"

namespace infergraph::engine {

ToolArgs::ToolArgs(std::string usage, std::string about)
    : usage_(std::move(usage)), about_(std::move(about)) {}

void ToolArgs::add_switch(std::string name, std::string help, bool& into) {
  const Take take = [&into](std::string_view value) -> std::string {
    if (value != "true" && value != "false") return "is neither true nor false";
    into = value == "true";
    return "";
  };
  flags_.push_back({std::move(name), "", std::move(help), true, take});
}

void ToolArgs::add_text(std::string name, std::string placeholder, std::string help,
                        std::string& into) {
  const Take take = [&into](std::string_view value) -> std::string {
    into = value;
    return "";
  };
  add_value(std::move(name), std::move(placeholder), std::move(help), take);
}

void ToolArgs::add_value(std::string name, std::string placeholder, std::string help, Take take) {
  flags_.push_back(
      {std::move(name), std::move(placeholder), std::move(help), false, std::move(take)});
}

const ToolArgs::Flag* ToolArgs::find(std::string_view name) const {
  const auto found = std::find_if(flags_.begin(), flags_.end(),
                                  [&](const Flag& flag) { return flag.name == name; });
  return found == flags_.end() ? nullptr : &*found;
}

std::string ToolArgs::read(const std::vector<std::string>& args, std::string& file,
                           bool& wants_help) const {
  bool only_files = false;
  bool has_file = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    std::string_view arg = args[i];
    if (only_files || arg.size() < 2 || arg[0] != '-') {
      if (has_file) return "one FILE is enough: \"" + std::string(arg) + "\"";
      file = arg;
      has_file = true;
      continue;
    }
    if (arg == "--") {
      only_files = true;
      continue;
    }
    arg.remove_prefix(arg.starts_with("--") ? 2 : 1);
    const std::size_t equals = arg.find('=');
    const std::string name(arg.substr(0, equals));
    if (name == "help" || name == "h") {
      wants_help = true;
      return "";
    }
    const Flag* flag = find(name);
    if (flag == nullptr) {
      std::vector<std::string_view> names = {"help"};
      for (const Flag& known : flags_) names.push_back(known.name);
      return "unknown flag --" + name + did_you_mean_flag(name, names);
    }

    std::string_view value = "true";
    if (equals != std::string_view::npos) {
      value = arg.substr(equals + 1);
    } else if (!flag->is_switch) {
      if (++i == args.size()) return "--" + name + " needs a value";
      value = args[i];
    }
    const std::string wrong = flag->take(value);
    if (!wrong.empty()) {
      return std::string("--").append(name).append(": \"").append(value).append("\" ").append(
          wrong);
    }
  }
  return has_file || file_may_be_missing_ ? "" : "FILE is missing";
}

std::optional<int> ToolArgs::parse(const std::vector<std::string>& args, std::string& file) const {
  bool wants_help = false;
  const std::string wrong = read(args, file, wants_help);
  if (wants_help) {
    std::cout << help() << std::flush;
    return 0;
  }
  if (wrong.empty()) return std::nullopt;
  const std::string tool = usage_.substr(0, usage_.find(' '));
  std::cerr << "infergraph " << tool << ": " << wrong << (wrong.ends_with('?') ? " See" : "; see")
            << " infergraph " << tool << " --help\n";
  return 2;
}

std::string ToolArgs::help() const {
  std::string text = "usage: infergraph " + usage_ + "\n\n" + about_ + "\n\n";
  std::vector<std::string> heads;
  std::size_t width = 0;
  for (const Flag& flag : flags_) {
    heads.push_back("  --" + flag.name + (flag.is_switch ? "" : " " + flag.placeholder));
    width = std::max(width, heads.back().size());
  }
  heads.emplace_back("  --help");
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const std::string& about = i < flags_.size() ? flags_[i].help : "print this";
    text += heads[i] + std::string(width + 2 - heads[i].size(), ' ');
    for (const char c : about) {
      text += c;
      if (c == '\n') text.append(width + 2, ' ');
    }
    text += '\n';
  }
  if (!footer_.empty()) text += "\n" + footer_ + "\n";
  return text;
}

std::string read_whole(std::string_view text, std::uint64_t& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size() ? "" : "is no whole number";
}

std::optional<double> read_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::chrono::nanoseconds> read_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  // "ms" before "s": the first suffix that fits wins.
  static constexpr std::array<std::pair<std::string_view, double>, 6> kUnits = {
      {{"us", 1e3}, {"ms", 1e6}, {"ns", 1}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  for (const auto& [suffix, nanoseconds] : kUnits) {
    if (!text.ends_with(suffix)) continue;
    const auto number = read_number(text.substr(0, text.size() - suffix.size()));
    // A year is beyond any use, and what is longer could overflow.
    if (!number || *number < 0 || *number * nanoseconds > 3.2e16) return std::nullopt;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(*number * nanoseconds));
  }
  return std::nullopt;
}

}  // namespace infergraph::engine
