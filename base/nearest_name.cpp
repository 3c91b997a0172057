#include "base/nearest_name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.hpp"

namespace infergraph {
namespace {

constexpr std::size_t kLongest = 64;
// What is begun must be told from its neighbours by more than a letter or two.
constexpr std::size_t kLeastPrefix = 4;

// How many slips lie between the two: Damerau's distance, where no letter is touched twice.
std::size_t slips(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, kLongest + 1>;
  Row before_last{};
  Row last{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool exchanged = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                             lower(a[i - 2]) == lower(b[j - 1]);
      if (exchanged) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

bool begins_with(std::string_view text, std::string_view start) {
  return same_name(text.substr(0, start.size()), start);
}

}  // namespace

std::string_view nearest_name(std::string_view written, std::span<const std::string_view> known) {
  if (written.empty() || written.size() > kLongest) return {};
  std::string_view nearest;
  // A third of the letters may be wrong, but never all that there are.
  const std::size_t most = std::min<std::size_t>(written.size() > 2 ? written.size() / 3 : 0, 3);
  std::size_t least = most + 1;
  for (const std::string_view name : known) {
    if (name.empty() || name.size() > kLongest) continue;
    const std::size_t apart = slips(written, name);
    if (apart < least) {
      least = apart;
      nearest = name;
    }
  }
  if (!nearest.empty() || written.size() < kLeastPrefix) return nearest;
  for (const std::string_view name : known) {
    if (!begins_with(name, written)) continue;
    if (!nearest.empty()) return {};  // two were begun
    nearest = name;
  }
  return nearest;
}

std::string did_you_mean(std::string_view written, std::span<const std::string_view> known) {
  const std::string_view name = nearest_name(written, known);
  if (name.empty()) return "";
  return "; did you mean \"" + std::string(name) + "\"?";
}

}  // namespace infergraph
