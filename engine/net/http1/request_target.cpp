#include "engine/net/http1/request_target.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.hpp"
#include "engine/net/request_path.hpp"

namespace infergraph::engine {
namespace {

// Which bytes a registered name or an IPv4 address may have: unreserved, sub-delims and '%'.
constexpr std::array<bool, 256> kHostBytes = [] {
  std::array<bool, 256> made{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-._~!$&'()*+,;=%")) {
    made[static_cast<unsigned char>(c)] = true;
  }
  return made;
}();

bool is_host_byte(char c) { return kHostBytes[static_cast<unsigned char>(c)]; }

std::optional<RequestTarget> split(std::string_view text) {
  if (text.find('#') != std::string_view::npos) return std::nullopt;
  RequestTarget target{text, {}};
  const auto question = text.find('?');
  if (question != std::string_view::npos) {
    target = {text.substr(0, question), text.substr(question + 1)};
  }
  if (!is_well_encoded(target.path)) return std::nullopt;
  return target;
}

}  // namespace

bool is_host(std::string_view text) {
  std::size_t at = 0;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view address = text.substr(1, end - 1);
    const bool fits = std::all_of(address.begin(), address.end(),
                                  [](char c) { return c == ':' || is_host_byte(c); });
    if (!fits) return false;
    at = end + 1;
  } else {
    char before = 0;
    for (; at < text.size() && is_host_byte(text[at]); before = text[at++]) {
      if (text[at] == '.' && before == '.') return false;
    }
    if (at == 0) return false;
  }
  if (at == text.size()) return true;
  return text[at] == ':' && std::all_of(text.begin() + at + 1, text.end(),
                                        [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<RequestTarget> read_target(std::string_view verb, std::string_view target) {
  if (target.starts_with('/')) return split(target);
  if (target == "*" && verb == "OPTIONS") return RequestTarget{target, {}};
  if (verb == "CONNECT") {
    return is_host(target) ? std::optional(RequestTarget{target, {}}) : std::nullopt;
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_name(target.substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = target.substr(scheme.size());
    const auto end = std::min(rest.find_first_of("/?#"), rest.size());
    if (!is_host(rest.substr(0, end))) return std::nullopt;
    auto found = split(rest.substr(end));
    if (found && found->path.empty()) found->path = "/";
    return found;
  }
  return std::nullopt;
}

}  // namespace infergraph::engine
