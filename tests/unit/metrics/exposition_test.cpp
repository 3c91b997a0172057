#include "metrics/exposition.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "metrics/families.hpp"

namespace infergraph::metrics {
namespace {

/// One family of each type.
void fill(Registry& registry) {
  auto& histogram = registry.histogram("call_seconds", "Duration\nof \"calls\" \\o/.", {"code"},
                                       default_bounds());
  histogram.cell(0, {"200"}).observe(0.0625);
  histogram.cell(1, {"200"}).observe(1);
  histogram.cell(1, {"200"}).observe(64);
  registry.counter("fails_total", "Fails.", {"reason"}).cell(0, {"A \"b\"\n\\c"}).add(1'500'000);
  registry.gauge("load", "Load.", {}).cell(0, {}).set(0.1 + 0.2);
  registry.summary("self_seconds", "Self.", {"model_name"}).cell(0, {"m"}).observe(0.5);
  registry.quantiles("window_seconds", "Window.", {}, {.quantiles = {0.5, 1}}).cell(0, {});
}

TEST(Expose, WritesTextFormat) {
  Registry registry(2);
  fill(registry);
  EXPECT_EQ(expose(registry, Format::kText), R"(# HELP call_seconds Duration\nof "calls" \\o/.
# TYPE call_seconds histogram
call_seconds_bucket{code="200",le="0.0001"} 0
call_seconds_bucket{code="200",le="0.00025"} 0
call_seconds_bucket{code="200",le="0.0005"} 0
call_seconds_bucket{code="200",le="0.001"} 0
call_seconds_bucket{code="200",le="0.0025"} 0
call_seconds_bucket{code="200",le="0.005"} 0
call_seconds_bucket{code="200",le="0.01"} 0
call_seconds_bucket{code="200",le="0.025"} 0
call_seconds_bucket{code="200",le="0.05"} 0
call_seconds_bucket{code="200",le="0.075"} 1
call_seconds_bucket{code="200",le="0.1"} 1
call_seconds_bucket{code="200",le="0.25"} 1
call_seconds_bucket{code="200",le="0.5"} 1
call_seconds_bucket{code="200",le="0.75"} 1
call_seconds_bucket{code="200",le="1"} 2
call_seconds_bucket{code="200",le="2.5"} 2
call_seconds_bucket{code="200",le="5"} 2
call_seconds_bucket{code="200",le="7.5"} 2
call_seconds_bucket{code="200",le="10"} 2
call_seconds_bucket{code="200",le="+Inf"} 3
call_seconds_sum{code="200"} 65.0625
call_seconds_count{code="200"} 3
# HELP fails_total Fails.
# TYPE fails_total counter
fails_total{reason="A \"b\"\n\\c"} 1.5e+06
# HELP load Load.
# TYPE load gauge
load 0.30000000000000004
# HELP self_seconds Self.
# TYPE self_seconds summary
self_seconds_sum{model_name="m"} 0.5
self_seconds_count{model_name="m"} 1
# HELP window_seconds Window.
# TYPE window_seconds summary
window_seconds{quantile="0.5"} NaN
window_seconds{quantile="1"} NaN
window_seconds_sum 0
window_seconds_count 0
)");
}

TEST(Expose, WritesOpenMetrics) {
  Registry registry(2);
  fill(registry);
  const std::string expected = R"(# HELP call_seconds Duration\nof \"calls\" \\o/.
# TYPE call_seconds histogram
call_seconds_bucket{code="200",le="0.0001"} 0
call_seconds_bucket{code="200",le="0.00025"} 0
call_seconds_bucket{code="200",le="0.0005"} 0
call_seconds_bucket{code="200",le="0.001"} 0
call_seconds_bucket{code="200",le="0.0025"} 0
call_seconds_bucket{code="200",le="0.005"} 0
call_seconds_bucket{code="200",le="0.01"} 0
call_seconds_bucket{code="200",le="0.025"} 0
call_seconds_bucket{code="200",le="0.05"} 0
call_seconds_bucket{code="200",le="0.075"} 1
call_seconds_bucket{code="200",le="0.1"} 1
call_seconds_bucket{code="200",le="0.25"} 1
call_seconds_bucket{code="200",le="0.5"} 1
call_seconds_bucket{code="200",le="0.75"} 1
call_seconds_bucket{code="200",le="1.0"} 2
call_seconds_bucket{code="200",le="2.5"} 2
call_seconds_bucket{code="200",le="5.0"} 2
call_seconds_bucket{code="200",le="7.5"} 2
call_seconds_bucket{code="200",le="10.0"} 2
call_seconds_bucket{code="200",le="+Inf"} 3
call_seconds_sum{code="200"} 65.0625
call_seconds_count{code="200"} 3
# HELP fails Fails.
# TYPE fails counter
fails_total{reason="A \"b\"\n\\c"} 1.5e+06
# HELP load Load.
# TYPE load gauge
load 0.30000000000000004
# HELP self_seconds Self.
# TYPE self_seconds summary
self_seconds_sum{model_name="m"} 0.5
self_seconds_count{model_name="m"} 1
# HELP window_seconds Window.
# TYPE window_seconds summary
window_seconds{quantile="0.5"} NaN
window_seconds{quantile="1.0"} NaN
window_seconds_sum 0
window_seconds_count 0
# EOF
)";
  EXPECT_EQ(expose(registry, Format::kOpenMetrics100), expected);
  EXPECT_EQ(expose(registry, Format::kOpenMetrics001), expected);
}

TEST(Expose, OfNothing) {
  const Registry registry(1);
  EXPECT_EQ(expose(registry, Format::kText), "");
  EXPECT_EQ(expose(registry, Format::kOpenMetrics100), "# EOF\n");
}

std::string one_gauge(const std::string& label_value, double value) {
  Registry registry(1);
  registry.gauge("g", "", {"l"}).cell(0, {label_value}).set(value);
  return expose(registry, Format::kText);
}

TEST(Expose, ReplacesWhatIsNotUtf8) {
  const auto written = [](const std::string& value) {
    const std::string text = one_gauge(value, 1);
    const auto from = text.find('"') + 1;
    return text.substr(from, text.rfind('"') - from);
  };
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(written("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(written("a\xFFz"), "a" + bad + "z");
  EXPECT_EQ(written("\xC3"), bad);                                // cut off
  EXPECT_EQ(written("\xC0\xAF"), bad + bad);                      // overlong
  EXPECT_EQ(written("\xE0\x80\xAF"), bad + bad + bad);            // overlong
  EXPECT_EQ(written("\xED\xA0\x80"), bad + bad + bad);            // a surrogate
  EXPECT_EQ(written("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // beyond U+10FFFF
  EXPECT_EQ(written("\xE2\x82\""), bad + bad + "\\\"");           // the quote is not swallowed
}

TEST(Expose, WritesNumbersAsGoDoes) {
  const auto written = [](double value) {
    const std::string text = one_gauge("", value);
    const auto from = text.rfind(' ') + 1;
    return text.substr(from, text.size() - from - 1);
  };
  EXPECT_EQ(written(0), "0");
  EXPECT_EQ(written(-1.5), "-1.5");
  EXPECT_EQ(written(0.0001), "0.0001");
  EXPECT_EQ(written(0.00001), "1e-05");
  EXPECT_EQ(written(123456), "123456");
  EXPECT_EQ(written(1e6), "1e+06");
  EXPECT_EQ(written(7386336), "7.386336e+06");
  EXPECT_EQ(written(INFINITY), "+Inf");
  EXPECT_EQ(written(-INFINITY), "-Inf");
  EXPECT_EQ(written(NAN), "NaN");
}

TEST(Expose, WritesTheTimestampsOfCollectors) {
  prometheus::MetricFamily family{"u", "U.", prometheus::MetricType::Untyped, {}};
  auto& metric = family.metric.emplace_back();
  metric.untyped.value = 4;
  metric.timestamp_ms = 1500;
  EXPECT_EQ(expose({family}, Format::kText), "# HELP u U.\n# TYPE u untyped\nu 4 1500\n");
  EXPECT_EQ(expose({family}, Format::kOpenMetrics100),
            "# HELP u U.\n# TYPE u unknown\nu 4 1.5\n# EOF\n");
}

// RFC 9110 §12.5.3, and what is left open there: to whom refuses plain text and says nothing of
// gzip, gzip; to whom refuses both, plain text.
TEST(PrefersGzip, ByQuality) {
  for (const std::string_view header : {"gzip",
                                        "GZip",
                                        "x-gzip",
                                        "gzip, deflate, br",
                                        "br;q=1.0, gzip;q=0.8, *;q=0.1",
                                        "*",
                                        "gzip;q=0.001",
                                        "gzip; q=1",
                                        "deflate , gzip",
                                        "gzip;q=0.5, identity;q=0.5",
                                        "identity;q=0",
                                        "identity;q=0, gzip;q=0.1",
                                        "*;q=0, gzip",
                                        "*;q=0,gzip;q=1",
                                        "identity, gzip",
                                        "gzip;q=junk",
                                        "gzip;q=0, gzip;q=1",
                                        "gzip;q=1;x=y",
                                        "identity;q=0.2, *",
                                        ",,gzip,"}) {
    EXPECT_TRUE(prefers_gzip(header)) << header;
  }
  for (const std::string_view header :
       {"", "identity", "br", "gzip;q=0", "gzip;q=0.0", "gzip;q=0, *", "*;q=0", "gzipped",
        "gzip;q=0.5, identity", "gzip;q=0.5, identity;q=0.6", "*;q=0.1, identity;q=0.5",
        "identity;q=0, gzip;q=0", "identity;q=0, *;q=0", "deflate, br", " ", ";q=1",
        "x-gzip;q=0"}) {
    EXPECT_FALSE(prefers_gzip(header)) << header;
  }
}

struct Accepted {
  std::string_view header;
  Format format;
};

class Negotiate : public testing::TestWithParam<Accepted> {};

TEST_P(Negotiate, Chooses) { EXPECT_EQ(negotiate(GetParam().header), GetParam().format); }

constexpr auto kText = Format::kText;
constexpr auto kNew = Format::kOpenMetrics100;
constexpr auto kOld = Format::kOpenMetrics001;

INSTANTIATE_TEST_SUITE_P(
    Table, Negotiate,
    testing::Values(
        Accepted{"", kText}, Accepted{"*/*", kText}, Accepted{"text/plain", kText},
        Accepted{"text/html,application/xhtml+xml,*/*;q=0.8", kText},
        Accepted{"application/json", kText},
        // Prometheus 2.42, and before 2.34.
        Accepted{"application/openmetrics-text;version=1.0.0,application/"
                 "openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                 kNew},
        Accepted{"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,"
                 "*/*;q=0.1",
                 kOld},
        // Prometheus 3.
        Accepted{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                 "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
                 "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                 kNew},
        Accepted{"application/openmetrics-text", kNew},
        Accepted{"Application/OpenMetrics-Text; Version=\"1.0.0\" ; Q=0.5", kNew},
        Accepted{"application/openmetrics-text;version=2.0.0", kText},
        Accepted{"application/openmetrics-text;q=0", kText},
        Accepted{"application/openmetrics-text;q=0,*/*", kText},
        Accepted{"application/openmetrics-text;q=0.4,text/plain;q=0.5", kText},
        Accepted{"application/openmetrics-text;q=0.4,*/*;q=0.5", kText},
        Accepted{"application/openmetrics-text;q=0.5,text/plain;q=0.4,*/*", kNew},
        Accepted{"text/plain;version=0.0.4,application/openmetrics-text", kText},
        Accepted{"application/openmetrics-text,text/plain", kNew},
        Accepted{"*/*,application/openmetrics-text", kNew},
        Accepted{"application/openmetrics-text;q=zzz", kNew},
        Accepted{" , ;, application/openmetrics-text ;;version= 1.0.0 ", kNew},
        Accepted{";;;=,,,\"", kText}));

TEST(ContentType, NamesTheVersion) {
  EXPECT_EQ(content_type(Format::kText), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(kNew), "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_EQ(content_type(kOld), "application/openmetrics-text; version=0.0.1; charset=utf-8");
}

}  // namespace
}  // namespace infergraph::metrics
