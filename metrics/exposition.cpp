#include "metrics/exposition.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/append_number.hpp"
#include "base/utf8.hpp"

// Both formats are written here. prometheus-cpp's TextSerializer leaves a line end in a help text
// as it stands, passes bytes that aren't UTF-8, and writes 16 digits of a number and 1000000 for a
// bound that Prometheus's own clients call 1e+06.

namespace infergraph::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

void write_escaped(std::string& out, std::string_view text, bool quotes) {
  std::size_t plain = 0;  // what stands from here on needs no change
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0 || c == '\n' || c == '\\' || (c == '"' && quotes)) {
      out.append(text, plain, i - plain);
      if (length == 0)
        out += kReplacementCharacter;
      else if (c == '\n')
        out += "\\n";
      else
        (out += '\\') += c;
      plain = ++i;
    } else {
      i += length;
    }
  }
  out.append(text, plain);
}

/// The shortest text that reads back as the same number, as Go's %g: 0.0001, 1, 2.5, 1e+06.
void write_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   std::chars_format::general);
    out.append(buffer.data(), end.ptr);
  }
}

void write_number(std::string& out, std::uint64_t value) { append_number(out, value); }

/// The value of an `le` or `quantile` label. OpenMetrics wants 1.0 where text format 0.0.4 has 1
/// ("Canonical Numbers"; its reference parser refuses anything else).
void write_label_number(std::string& out, double value, bool open_metrics) {
  const std::size_t from = out.size();
  write_number(out, value);
  if (open_metrics && std::isfinite(value) && out.find_first_of(".e", from) == std::string::npos)
    out += ".0";
}

class Writer {
 public:
  Writer(std::string& out, const MetricFamily& family, bool open_metrics)
      : out_(out), family_(family), open_metrics_(open_metrics), name_(family.name) {
    // In OpenMetrics a counter's samples end in _total, and its family's name does not.
    constexpr std::string_view kTotal = "_total";
    if (open_metrics && family.type == MetricType::Counter && name_.ends_with(kTotal))
      name_.remove_suffix(kTotal.size());
  }

  void write() {
    if (!family_.help.empty() || open_metrics_) {
      (out_ += "# HELP ") += name_;
      write_escaped(out_ += ' ', family_.help, open_metrics_);
      out_ += '\n';
    }
    (out_ += "# TYPE ") += name_;
    ((out_ += ' ') += type()) += '\n';
    for (const auto& metric : family_.metric) write(metric);
  }

 private:
  std::string_view type() const {
    switch (family_.type) {
      case MetricType::Counter:
        return "counter";
      case MetricType::Gauge:
        return "gauge";
      case MetricType::Summary:
        return "summary";
      case MetricType::Histogram:
        return "histogram";
      case MetricType::Untyped:
        break;
    }
    return open_metrics_ ? "unknown" : "untyped";
  }

  void write(const ClientMetric& metric) {
    // Once for all the buckets: escaping is most of the work.
    labels_.clear();
    for (const auto& label : metric.label) {
      if (!labels_.empty()) labels_ += ',';
      (labels_ += label.name) += "=\"";
      write_escaped(labels_, label.value, true);
      labels_ += '"';
    }
    switch (family_.type) {
      case MetricType::Counter:
        return sample(metric, open_metrics_ ? "_total" : "", metric.counter.value);
      case MetricType::Gauge:
        return sample(metric, "", metric.gauge.value);
      case MetricType::Untyped:
        return sample(metric, "", metric.untyped.value);
      case MetricType::Summary:
        for (const auto& quantile : metric.summary.quantile)
          sample(metric, "", quantile.value, "quantile", quantile.quantile);
        sample(metric, "_sum", metric.summary.sample_sum);
        return sample(metric, "_count", metric.summary.sample_count);
      case MetricType::Histogram:
        for (const auto& bucket : metric.histogram.bucket)
          sample(metric, "_bucket", bucket.cumulative_count, "le", bucket.upper_bound);
        if (metric.histogram.bucket.empty() ||
            !std::isinf(metric.histogram.bucket.back().upper_bound))
          sample(metric, "_bucket", metric.histogram.sample_count, "le",
                 std::numeric_limits<double>::infinity());
        sample(metric, "_sum", metric.histogram.sample_sum);
        return sample(metric, "_count", metric.histogram.sample_count);
    }
  }

  template <typename Number>
  void sample(const ClientMetric& metric, std::string_view suffix, Number value,
              std::string_view extra_label = {}, double extra_value = 0) {
    (out_ += name_) += suffix;
    if (!labels_.empty() || !extra_label.empty()) {
      (out_ += '{') += labels_;
      if (!extra_label.empty()) {
        if (!labels_.empty()) out_ += ',';
        (out_ += extra_label) += "=\"";
        write_label_number(out_, extra_value, open_metrics_);
        out_ += '"';
      }
      out_ += '}';
    }
    out_ += ' ';
    write_number(out_, value);
    if (metric.timestamp_ms != 0) {
      out_ += ' ';
      if (open_metrics_)
        write_number(out_, static_cast<double>(metric.timestamp_ms) / 1000);
      else
        out_ += std::to_string(metric.timestamp_ms);
    }
    out_ += '\n';
  }

  std::string& out_;
  const MetricFamily& family_;
  bool open_metrics_;
  std::string_view name_;
  std::string labels_;
};

}  // namespace

std::string expose(const std::vector<MetricFamily>& families, Format format) {
  const bool open_metrics = format != Format::kText;
  std::string out;
  for (const auto& family : families)
    if (!family.metric.empty()) Writer(out, family, open_metrics).write();
  if (open_metrics) out += "# EOF\n";
  return out;
}

std::string expose(const Registry& registry, Format format) {
  return expose(registry.collect(), format);
}

}  // namespace infergraph::metrics
