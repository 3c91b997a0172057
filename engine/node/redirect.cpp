#include "engine/node/redirect.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/ascii.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {
namespace {

constexpr unsigned kHttpPort = 80;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

// Takes "http:" off the front; false for another scheme.
bool take_scheme(std::string_view& location) {
  const std::size_t end = location.find_first_of(":/?");
  if (end == std::string_view::npos || location[end] != ':') return true;
  if (!is_scheme(location.substr(0, end))) return true;  // a path whose first segment has a colon
  if (!same_name(location.substr(0, end), "http")) return false;
  location.remove_prefix(end + 1);
  // "http:path" is no reference of today's.
  return location.starts_with("//");
}

// Whether `authority`, "host:port", is that host and port.
bool is_same(std::string_view authority, std::string_view host, std::uint16_t port) {
  if (authority.find('@') != std::string_view::npos) return false;
  std::string_view name = authority;
  std::string_view digits;
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    name = authority.substr(0, colon);
    digits = authority.substr(colon + 1);
  }
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  unsigned number = kHttpPort;
  if (!digits.empty()) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size()) return false;
  }
  return number == port && same_name(name, host);
}

// RFC 3986 §5.2.4, for "." and ".." however they are written.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool is_folder = false;
  path.remove_prefix(1);  // a slash
  for (;;) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    // No longer way to write two dots than "%2e%2e".
    const std::string plain =
        segment.size() <= 6 ? protocol::percent_decoded(segment) : std::string(1, 'x');
    is_folder = plain == "." || plain == "..";
    if (plain == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (plain != ".") {
      kept.push_back(segment);
    }
    if (end == path.size()) break;
    path.remove_prefix(end + 1);
  }
  std::string made;
  for (const std::string_view segment : kept) made.append("/").append(segment);
  if (is_folder || made.empty()) made += '/';
  return made;
}

}  // namespace

std::optional<std::string> redirect_target(std::string_view location, std::string_view path,
                                           std::string_view host, std::uint16_t port) {
  const auto is_printable = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::all_of(location.begin(), location.end(), is_printable)) return std::nullopt;
  location = location.substr(0, location.find('#'));
  if (!take_scheme(location)) return std::nullopt;
  const bool has_authority = location.starts_with("//");
  if (has_authority) {
    location.remove_prefix(2);
    const std::size_t end = std::min(location.find_first_of("/?"), location.size());
    if (!is_same(location.substr(0, end), host, port)) return std::nullopt;
    location.remove_prefix(end);
  }
  const std::size_t question = std::min(location.find('?'), location.size());
  const std::string_view query = location.substr(question);
  location = location.substr(0, question);

  std::string whole;
  if (!has_authority && !location.starts_with('/')) {
    // Relative to the folder of `path`; an empty reference is `path` itself.
    path = path.substr(0, path.find('?'));
    whole = location.empty() ? path : path.substr(0, path.rfind('/') + 1);
  }
  whole += location;
  if (!whole.starts_with('/')) whole.insert(0, 1, '/');
  return without_dots(whole).append(query);
}

}  // namespace infergraph::engine
