#include "engine/api/rest_services.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "engine/api/router.hpp"

namespace infergraph::engine {
namespace {

using enum protocol::Protocol;

// Every route of every protocol: what it counts as (docs/wire/engine.md §6).
TEST(RestServices, OfEveryRoute) {
  struct Case {
    protocol::Protocol protocol;
    std::string_view verb;
    std::string_view path;
    std::string_view service;
  };
  const Case cases[] = {
      {kSeldon, "POST", "/api/v0.1/predictions", "predictions"},
      {kSeldon, "POST", "/api/v1.0/predictions", "predictions"},
      {kSeldon, "POST", "/api/v0.1/feedback", "feedback"},
      {kSeldon, "POST", "/api/v1.0/feedback", "feedback"},
      {kSeldon, "GET", "/api/v0.1/status/m", "status"},
      {kSeldon, "GET", "/api/v1.0/status/m", "status"},
      {kSeldon, "GET", "/api/v0.1/metadata/m", "metadata"},
      {kSeldon, "GET", "/api/v1.0/metadata/m", "metadata"},
      {kSeldon, "GET", "/api/v1.0/metadata", "metadata"},
      {kSeldon, "GET", "/api/v1.0/status", "status"},
      {kSeldon, "GET", "/api/v1.0/health/status", "status"},
      {kSeldon, "GET", "/api/v1.0/doc/", ""},
      {kSeldon, "GET", "/ready", ""},
      {kSeldon, "GET", "/live", ""},
      {kSeldon, "GET", "/ping", ""},
      {kSeldon, "GET", "/prometheus", ""},
      {kSeldon, "GET", "/nope", ""},
      {kTensorflow, "POST", "/v1/models/:predict", "predictions"},
      {kTensorflow, "POST", "/v1/models/m:predict", "predictions"},
      {kTensorflow, "POST", "/v1/models/m/versions/3:classify", "predictions"},
      {kTensorflow, "POST", "/v1/models/m/labels/x:regress", "predictions"},
      {kTensorflow, "GET", "/v1/models/m", "status"},
      {kTensorflow, "GET", "/v1/models/m/metadata", "metadata"},
      {kTensorflow, "GET", "/ready", ""},
      {kTensorflow, "POST", "/api/v1.0/feedback", "feedback"},
      {kV2, "POST", "/v2/models/m/infer", "predictions"},
      {kV2, "POST", "/v2/models/infer", "predictions"},
      {kV2, "POST", "/v2/models/m/versions/3/infer", "predictions"},
      {kV2, "GET", "/v2/models/m", "metadata"},
      {kV2, "GET", "/v2/models/infer", "metadata"},
      {kV2, "GET", "/v2/models/m/ready", "status"},
      {kV2, "GET", "/v2/health/ready", "status"},
      {kV2, "GET", "/v2/health/live", ""},
      {kV2, "GET", "/v2", ""},
      {kV2, "GET", "/ready", ""},
      {kV2, "POST", "/api/v1.0/feedback", "feedback"},
  };
  for (const Case& each : cases) {
    std::string canonical;
    const RouteMatch match =
        match_route(each.verb, each.path, "/prometheus", Protocols{each.protocol}, canonical);
    const std::size_t service = rest_service_of(match.what, match.protocol);
    EXPECT_EQ(service == Ask::kUncounted ? "" : kRestServices.at(service).service, each.service)
        << each.path;
  }
}

}  // namespace
}  // namespace infergraph::engine
