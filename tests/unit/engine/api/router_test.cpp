#include "engine/api/router.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infergraph::engine {
namespace {

using enum Asked;
using protocol::Protocol;

const Protocols kAll = {Protocol::kSeldon, Protocol::kTensorflow, Protocol::kV2};

struct Row {
  const char* verb;
  const char* path;
  Asked what;
  const char* node = "";
  const char* version = "";
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.verb << ' ' << row.path; }

class Router : public ::testing::TestWithParam<Row> {};

TEST_P(Router, FindsTheRoute) {
  std::string canonical;
  const RouteMatch match =
      match_route(GetParam().verb, GetParam().path, "/prometheus", kAll, canonical);
  EXPECT_EQ(match.what, GetParam().what);
  EXPECT_EQ(match.node, GetParam().node);
  EXPECT_EQ(match.version, GetParam().version);
}

INSTANTIATE_TEST_SUITE_P(
    Plain, Router,
    ::testing::Values(
        Row{"GET", "/live", kLive}, Row{"GET", "/ready", kReady}, Row{"GET", "/ping", kPing},
        Row{"GET", "/prometheus", kMetrics}, Row{"POST", "/api/v1.0/predictions", kPredictions},
        Row{"POST", "/api/v0.1/feedback", kFeedback},
        Row{"GET", "/api/v1.0/status/m", kStatus, "m"},
        Row{"GET", "/api/v1.0/health/status", kHealth}, Row{"OPTIONS", "*", kLive},
        Row{"POST", "/v1/models/m:predict", kPredictions, "m"},
        Row{"POST", "/v1/models/m/versions/3:predict", kPredictions, "m", "/versions/3"},
        Row{"POST", "/v1/models:predict", kPredictions}, Row{"GET", "/v1/models/m", kStatus, "m"},
        Row{"POST", "/v2/models/m/infer", kPredictions, "m"},
        Row{"POST", "/v2/models/infer", kPredictions},
        Row{"GET", "/v2/models/infer", kMetadata, "infer"}, Row{"GET", "/v2/health/live", kLive},
        Row{"GET", "/nope", kUnknown}, Row{"GET", "/", kUnknown}));

// Split at '/', then decoded.
INSTANTIATE_TEST_SUITE_P(
    Encoded, Router,
    ::testing::Values(Row{"POST", "/v1/models/m%3Apredict", kPredictions, "m"},
                      Row{"POST", "/v1/models/m%3aclassify", kPredictions, "m"},
                      Row{"POST", "/v1/models%3Apredict", kPredictions},
                      Row{"POST", "/v1/models/m/versions/3%3Apredict", kPredictions, "m",
                          "/versions/3"},
                      Row{"POST", "/v1/%6dodels/m:predict", kPredictions, "m"},
                      Row{"POST", "/api/v1%2E0/predictions", kPredictions},
                      Row{"POST", "/api/v1.0/predict%69ons", kPredictions},
                      Row{"GET", "/%6c%69ve", kLive},
                      Row{"GET", "/api/v1.0/status/a%20b", kStatus, "a%20b"},
                      Row{"GET", "/api/v1.0/status/a b", kStatus, "a%20b"},
                      Row{"GET", "/api/v1.0/status/\xc3\xa4", kStatus, "%C3%A4"},
                      Row{"GET", "/api/v1.0/status/a%2fb", kStatus, "a%2Fb"},
                      Row{"POST", "/v2/models/a%2Fb/infer", kPredictions, "a%2Fb"},
                      Row{"POST", "/v2/models/%6d/%69nfer", kPredictions, "m"},
                      Row{"POST", "/v2/models/a%0d%0aX/infer", kPredictions, "a%0D%0AX"},
                      Row{"POST", "/v2/models/a%25/infer", kPredictions, "a%25"},
                      // "%2F" makes no segment.
                      Row{"POST", "/api/v1.0%2Fpredictions", kUnknown},
                      Row{"GET", "%2Flive", kUnknown}, Row{"GET", "/api/v1.0/status%2Fm", kUnknown},
                      Row{"POST", "/v2/models/m%2Finfer", kMetadata, "m%2Finfer"},
                      Row{"POST", "/v1%2Fmodels/m:predict", kUnknown}));

// No name of a folder goes on to a node.
INSTANTIATE_TEST_SUITE_P(Dotted, Router,
                         ::testing::Values(Row{"POST", "/v2/models/../infer", kUnknown},
                                           Row{"POST", "/v2/models/./infer", kUnknown},
                                           Row{"POST", "/v2/models/%2e%2e/infer", kUnknown},
                                           Row{"GET", "/v2/models/.%2E", kUnknown},
                                           Row{"GET", "/api/v1.0/status/..", kUnknown},
                                           Row{"GET", "/api/v1.0/metadata/%2e", kUnknown},
                                           Row{"POST", "/v1/models/..:predict", kUnknown},
                                           Row{"POST", "/v1/models/%2e%2e%3Apredict", kUnknown},
                                           Row{"GET", "/v1/models/m/labels/..", kUnknown},
                                           Row{"GET", "/v1/models/m/labels/%2E%2e", kUnknown},
                                           Row{"POST", "/v2/models/m/versions/../infer", kUnknown},
                                           Row{"POST", "/v2/models/.../infer", kPredictions,
                                               "..."}));

TEST(UnservedProtocol, IsTheOneThatHasARoute) {
  const Protocols seldon = {Protocol::kSeldon};
  EXPECT_EQ(unserved_protocol("POST", "/v2/models/m/infer", seldon), Protocol::kV2);
  EXPECT_EQ(unserved_protocol("GET", "/v2/health/ready", seldon), Protocol::kV2);
  EXPECT_EQ(unserved_protocol("POST", "/v1/models/m:predict", seldon), Protocol::kTensorflow);
  EXPECT_EQ(unserved_protocol("POST", "/api/v1.0/predictions", {Protocol::kV2}), Protocol::kSeldon);
  for (const char* path : {"/v2/nothing", "/api/v1.0/nothing", "/", "/v1/models"}) {
    EXPECT_EQ(unserved_protocol("GET", path, seldon), std::nullopt) << path;
  }
  EXPECT_EQ(unserved_protocol("POST", "/v2/models/m/infer", kAll), std::nullopt);
}

TEST(Verbs, ConnectAndTraceAreNeverAllowed) {
  for (const Verbs verbs : {Verbs::kAny, Verbs::kGet, Verbs::kPost}) {
    EXPECT_FALSE(allows(verbs, "CONNECT"));
    EXPECT_FALSE(allows(verbs, "TRACE"));
    EXPECT_TRUE(allows(verbs, "OPTIONS"));
    EXPECT_FALSE(allowed(verbs).empty());
  }
  EXPECT_TRUE(allows(Verbs::kAny, "HEAD"));
  EXPECT_FALSE(allows(Verbs::kPost, "GET"));
}

}  // namespace
}  // namespace infergraph::engine
