#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

#include "metrics/registry.hpp"

namespace infergraph::metrics {

/// How metrics are written. The two versions of OpenMetrics differ in the content type alone.
enum class Format { kText, kOpenMetrics001, kOpenMetrics100 };

/// The Content-Type of an exposition.
std::string_view content_type(Format format);

/// Chooses by the Accept header (several headers: joined with commas). OpenMetrics when the header
/// names it and doesn't prefer plain text; else text format 0.0.4, which every scraper reads.
Format negotiate(std::string_view accept_header);

/// Whether the body is to go as gzip, by the Accept-Encoding header (several: joined with commas;
/// RFC 9110 §12.5.3). What the header names stands over "*"; of two equally good codings, gzip.
bool prefers_gzip(std::string_view accept_encoding);

/// Writes families in the order given; one without series is left out. What isn't UTF-8 becomes
/// U+FFFD. Sources: prometheus.io "Exposition formats"; OpenMetrics 1.0.0.
std::string expose(const std::vector<prometheus::MetricFamily>& families, Format format);

/// Everything in the registry.
std::string expose(const Registry& registry, Format format);

}  // namespace infergraph::metrics
