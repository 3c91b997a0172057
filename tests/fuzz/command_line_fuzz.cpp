// Hostile command lines and environments: what is wrong is one line, what is served has options
// within their bounds. The input is lines: first arguments, then after an empty line variables.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "engine/command_line/invocation.hpp"
#include "tests/support/bounds.hpp"

namespace {

using infergraph::engine::Environment;
using infergraph::engine::Invocation;
using Kind = Invocation::Kind;

constexpr std::size_t kMostWords = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string without_zeros(std::string_view text) {
  std::string made(text);
  std::erase(made, '\0');  // neither arguments nor variables can have them
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const infergraph::fuzz::Bounded bounded("command line", size);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> words;
  while (!text.empty() && words.size() < kMostWords) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    words.push_back(without_zeros(line));
  }
  Environment::Variables variables;
  while (!text.empty() && variables.size() < kMostWords) {
    const std::string line = without_zeros(take_line(text));
    const std::size_t equals = std::min(line.find('='), line.size());
    variables[line.substr(0, equals)] = line.substr(std::min(equals + 1, line.size()));
  }

  std::vector<const char*> argv = {"infergraph"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  const Invocation made = infergraph::engine::parse_command_line(
      static_cast<int>(argv.size()), argv.data(), Environment(std::move(variables)));
  if (made.kind == Kind::kError) {
    require(made.exit_code == 1 || made.exit_code == 2);
    require(made.text.starts_with("infergraph: "));
    require(made.text.find_first_of("\n\r\x1b") == made.text.size() - 1);
    require(made.text.size() <= 2 * size + 1024);
  } else {
    require(made.exit_code == 0);
  }
  if (made.kind == Kind::kServe) {
    const auto& options = made.options;
    require(options.http_port >= 0 && options.http_port <= 65535);
    require(options.grpc_port >= 0 && options.grpc_port <= 65535);
    require(options.threads >= 0 && options.threads <= infergraph::engine::kMostThreads);
    require(options.max_connections > 0 && options.max_header_bytes >= 256);
    require(options.max_body_bytes <= std::size_t{1} << 40);
    require(options.graceful_timeout.count() >= 0 && options.read_timeout.count() > 0);
    require(!options.file.empty() || !options.sdep.empty());
  }
  return 0;
}
