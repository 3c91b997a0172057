#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include "base/ascii.hpp"
#include "metrics/exposition.hpp"

namespace infergraph::metrics {
namespace {

/// Takes what stands before the next `separator` off the front of `text`.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return trimmed(part);
}

/// One element of an Accept header (RFC 9110 §12.5.1).
struct Range {
  std::string_view type;
  std::string_view version;
  double quality = 1;
};

Range parse_range(std::string_view text) {
  Range range;
  range.type = take(text, ';');
  while (!text.empty()) {
    std::string_view value = take(text, ';');
    const std::string_view key = take(value, '=');
    value = trimmed(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (same_name(key, "version")) range.version = value;
    if (same_name(key, "q")) {
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), range.quality);
      // A quality that can't be read counts as none given.
      if (parsed.ec != std::errc() || !(range.quality >= 0)) range.quality = 1;
    }
  }
  return range;
}

std::optional<Format> open_metrics_version(const Range& range) {
  if (!same_name(range.type, "application/openmetrics-text")) return std::nullopt;
  if (range.version.empty() || range.version == "1.0.0") return Format::kOpenMetrics100;
  if (range.version == "0.0.1") return Format::kOpenMetrics001;
  return std::nullopt;
}

/// How exactly the range names text format 0.0.4: 0 not at all, 3 by name.
int text_exactness(const Range& range) {
  if (same_name(range.type, "text/plain"))
    return range.version.empty() || range.version == "0.0.4" ? 3 : 0;
  if (same_name(range.type, "text/*")) return 2;
  return range.type == "*/*" ? 1 : 0;
}

}  // namespace

Format negotiate(std::string_view accept_header) {
  struct {
    Format format = Format::kText;
    double quality = 0;
  } open_metrics;
  struct {
    int exactness = 0;
    double quality = 0;
    bool before_open_metrics = false;
  } text;
  while (!accept_header.empty()) {
    const Range range = parse_range(take(accept_header, ','));
    if (const auto format = open_metrics_version(range)) {
      if (range.quality > open_metrics.quality) open_metrics = {*format, range.quality};
    } else if (const int exactness = text_exactness(range); exactness > text.exactness) {
      // The most exact range decides, whatever the others say.
      text = {exactness, range.quality, open_metrics.quality == 0};
    }
  }
  if (open_metrics.quality == 0 || open_metrics.quality < text.quality) return Format::kText;
  // Equally good: the first one by name.
  if (open_metrics.quality == text.quality && text.exactness == 3 && text.before_open_metrics)
    return Format::kText;
  return open_metrics.format;
}

bool prefers_gzip(std::string_view accept_encoding) {
  std::optional<double> gzip;
  std::optional<double> identity;
  std::optional<double> any;
  while (!accept_encoding.empty()) {
    const Range range = parse_range(take(accept_encoding, ','));
    std::optional<double>* quality = nullptr;
    if (same_name(range.type, "gzip") || same_name(range.type, "x-gzip")) {
      quality = &gzip;
    } else if (same_name(range.type, "identity")) {
      quality = &identity;
    } else if (range.type == "*") {
      quality = &any;
    }
    // Named twice, the better word counts.
    if (quality != nullptr) {
      *quality = std::max(quality->value_or(0), std::min(range.quality, 1.0));
    }
  }
  if (!gzip) gzip = any;
  // Plain text is good enough for everybody who doesn't refuse it, by name or by "*"; who refuses
  // it and doesn't speak of gzip is left with that.
  if (!gzip) return identity == 0.0;
  return *gzip > 0 && *gzip >= identity.value_or(0);
}

std::string_view content_type(Format format) {
  switch (format) {
    case Format::kText:
      return "text/plain; version=0.0.4; charset=utf-8";
    case Format::kOpenMetrics001:
      return "application/openmetrics-text; version=0.0.1; charset=utf-8";
    case Format::kOpenMetrics100:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  }
  return {};
}

}  // namespace infergraph::metrics
