#include "engine/command_line/argv.hpp"

#include <utility>

#include "base/nearest_name.hpp"

namespace infergraph::engine {

Arguments take_apart(std::span<const std::string> args,
                     const std::function<FlagKind(std::string_view)>& kind_of) {
  Arguments made;
  std::size_t next = 0;
  // A lone "-" is an argument: by custom it names standard input.
  while (next < args.size() && args[next].size() > 1 && args[next].starts_with('-')) {
    const std::string& written = args[next++];
    if (written == "--") break;
    std::string_view rest = written;
    rest.remove_prefix(rest.starts_with("--") ? 2 : 1);
    if (rest.starts_with('-') || rest.starts_with('=')) {
      made.fault = "bad flag syntax: " + written;
      return made;
    }
    const auto equals = rest.find('=');
    Arguments::Flag flag{std::string(rest.substr(0, equals)), "true"};
    const FlagKind kind = kind_of(flag.name);
    if (kind == FlagKind::kUnknown) {
      made.fault = "unknown flag --" + flag.name;
      made.unknown = std::move(flag.name);
      return made;
    }
    if (equals != std::string_view::npos) {
      flag.value = rest.substr(equals + 1);
    } else if (kind == FlagKind::kValue) {
      if (next == args.size()) {
        made.fault = "--" + flag.name + " needs a value";
        return made;
      }
      // Whatever it is: "--http_port -1" has a value.
      flag.value = args[next++];
    }
    made.flags.push_back(std::move(flag));
  }
  made.ignored.assign(args.begin() + static_cast<std::ptrdiff_t>(next), args.end());
  return made;
}

std::string did_you_mean_flag(std::string_view written, std::span<const std::string_view> names) {
  const std::string_view name = nearest_name(written, names);
  return name.empty() ? "" : "; did you mean --" + std::string(name) + "?";
}

}  // namespace infergraph::engine
