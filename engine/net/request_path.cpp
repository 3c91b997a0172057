#include "engine/net/request_path.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace infergraph::engine {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

constexpr std::array<bool, 256> kPathBytes = [] {
  std::array<bool, 256> made{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-._~!$&'()*+,;=:@/")) {
    made[static_cast<unsigned char>(c)] = true;
  }
  return made;
}();

bool stands_for_itself(char c) { return kPathBytes[static_cast<unsigned char>(c)]; }

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that is encoded at `at`, where a '%' stands.
std::optional<char> byte_at(std::string_view path, std::size_t at) {
  if (at + 2 >= path.size()) return std::nullopt;
  const int high = digit_of(path[at + 1]);
  const int low = digit_of(path[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

// How many bytes of `segment` begin it as a dot; 0 when it doesn't begin so.
std::size_t dot_at_front(std::string_view segment) {
  if (segment.starts_with('.')) return 1;
  return segment.starts_with('%') && byte_at(segment, 0) == '.' ? 3 : 0;
}

// 1 for ".", 2 for "..", else 0.
int dots_of(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    const std::size_t size = dot_at_front(segment);
    if (size == 0 || ++dots > 2) return 0;
    segment.remove_prefix(size);
  }
  return dots;
}

}  // namespace

bool is_well_encoded(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 3)) {
    if (byte_at(path, at).value_or('\0') == '\0') return false;
  }
  return true;
}

bool is_canonical(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (stands_for_itself(text[at])) continue;
    if (text[at] != '%') return false;
    const auto byte = byte_at(text, at);
    if (!byte || (stands_for_itself(*byte) && *byte != '/')) return false;
    if (kHex.find(text[at + 1]) == std::string_view::npos ||
        kHex.find(text[at + 2]) == std::string_view::npos) {
      return false;
    }
    at += 2;
  }
  return true;
}

std::string canonical_path(std::string_view path) {
  std::string made;
  made.reserve(path.size() + 16);
  for (std::size_t at = 0; at < path.size(); ++at) {
    char c = path[at];
    bool is_escaped = false;
    if (c == '%') {
      if (const auto byte = byte_at(path, at)) {
        c = *byte;
        is_escaped = true;
        at += 2;
      }
    }
    if (stands_for_itself(c) && !(is_escaped && c == '/')) {
      made += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      made += {'%', kHex[byte >> 4U], kHex[byte & 0xFU]};
    }
  }
  return made;
}

bool is_dotted(std::string_view segment) { return dots_of(segment) > 0; }

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> kept;
  // "/a/." and "/a/.." are folders too.
  bool is_folder = true;
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    const int dots = dots_of(segment);
    is_folder = end < path.size() || dots > 0;
    if (dots == 2) {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && dots == 0) {
      kept.push_back(segment);
    }
    at = end + 1;
  }
  std::string cleaned;
  for (const std::string_view segment : kept) cleaned.append("/").append(segment);
  if (is_folder || cleaned.empty()) cleaned += '/';
  return cleaned;
}

}  // namespace infergraph::engine
