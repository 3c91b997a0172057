#include "engine/node/redirect.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace infergraph::engine {
namespace {

std::string from(std::string_view location, std::string_view path = "/v1/models/m:predict",
                 std::string_view host = "node.ns", std::uint16_t port = 9000) {
  return redirect_target(location, path, host, port).value_or("elsewhere");
}

// RFC 3986 §5.2 over the path that was asked.
TEST(RedirectTarget, ResolvesReferences) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"http://node.ns:9000/new", "/new"},
      {"HTTP://Node.NS:9000/new?a=b#top", "/new?a=b"},
      {"http://node.ns:9000", "/"},
      {"http://node.ns:9000?a", "/?a"},
      {"//node.ns:9000/new", "/new"},
      {"/new", "/new"},
      {"/new/", "/new/"},
      {"/a//b", "/a//b"},
      {"/new?q=/../x", "/new?q=/../x"},
      {"new", "/v1/models/new"},
      {"./new", "/v1/models/new"},
      {"../new", "/v1/new"},
      {"../../../../new", "/new"},
      {"..", "/v1/"},
      {".", "/v1/models/"},
      {"", "/v1/models/m:predict"},
      {"?a=b", "/v1/models/m:predict?a=b"},
      {"#top", "/v1/models/m:predict"},
      {"new/m:predict", "/v1/models/new/m:predict"},
      {"./m:predict", "/v1/models/m:predict"},
      {"/a/../../b", "/b"},
      {"/a/%2e%2E/b", "/b"},
      {"/a/.%2e/./b/.", "/b/"},
      {"/a/..b/...", "/a/..b/..."},
      {"/%2F", "/%2F"},
  };
  for (const auto& [location, target] : cases) EXPECT_EQ(from(location), target) << location;
}

TEST(RedirectTarget, IsNothingElsewhere) {
  for (const std::string_view location : {"https://node.ns:9000/new",
                                          "http://other:9000/new",
                                          "http://node.ns/new",
                                          "http://node.ns:9001/new",
                                          "//node.ns/new",
                                          "//other:9000/new",
                                          "ftp://node.ns:9000/",
                                          "http:/new",
                                          "http:new",
                                          "m:predict",
                                          "http://user@node.ns:9000/new",
                                          "http://node.ns:9000@other/",
                                          "http://node.ns:9000x/",
                                          "http://node.ns:99999999999/",
                                          "http://[node.ns:9000/",
                                          "/with space",
                                          "/with\ttab",
                                          "/\x7f",
                                          "/\xC3\xBC",
                                          "javascript:x"}) {
    EXPECT_EQ(from(location), "elsewhere") << location;
  }
  EXPECT_EQ(from(std::string_view("/a\0b", 4)), "elsewhere");
}

TEST(RedirectTarget, KnowsTheDefaultPortAndIpv6) {
  EXPECT_EQ(from("http://node.ns/new", "/predict", "node.ns", 80), "/new");
  EXPECT_EQ(from("http://node.ns:/new", "/predict", "node.ns", 80), "/new");
  EXPECT_EQ(from("http://[::1]:9000/new", "/predict", "::1"), "/new");
  EXPECT_EQ(from("http://[::1]/new", "/predict", "::1", 80), "/new");
  EXPECT_EQ(from("http://[::2]:9000/new", "/predict", "::1"), "elsewhere");
  EXPECT_EQ(from("new", "/predict"), "/new");
}

}  // namespace
}  // namespace infergraph::engine
