#include "engine/net/request_path.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infergraph::engine {
namespace {

TEST(CanonicalPath, EncodesEveryByteInOneWay) {
  for (const auto& [path, canonical] :
       std::initializer_list<std::pair<const char*, const char*>>{{"/a/b", "/a/b"},
                                                                  {"/%61%2F%62", "/a%2Fb"},
                                                                  {"/%2f", "/%2F"},
                                                                  {"/m%3Apredict", "/m:predict"},
                                                                  {"/m%3apredict", "/m:predict"},
                                                                  {"/a b", "/a%20b"},
                                                                  {"/a%20b", "/a%20b"},
                                                                  {"/%25", "/%25"},
                                                                  {"/%2541", "/%2541"},
                                                                  {"/%c3%a4", "/%C3%A4"},
                                                                  {"/\xc3\xa4", "/%C3%A4"},
                                                                  {"/%2e%2E/x", "/../x"},
                                                                  {"/%0d%0aX:", "/%0D%0AX:"},
                                                                  {"/a%3Fb%23c", "/a%3Fb%23c"},
                                                                  {"/%00", "/%00"},
                                                                  {"/%zz%", "/%25zz%25"},
                                                                  {"", ""}}) {
    EXPECT_EQ(canonical_path(path), canonical) << path;
    EXPECT_EQ(canonical_path(canonical), canonical) << path;
    EXPECT_TRUE(is_canonical(canonical)) << path;
    EXPECT_EQ(is_canonical(path), std::string_view(path) == canonical) << path;
  }
}

TEST(WellEncoded, EscapesAreTwoDigitsAndNoNul) {
  for (const char* good : {"", "/", "/a", "/%20", "/%25", "/%aF%Af", "/%25%25"}) {
    EXPECT_TRUE(is_well_encoded(good)) << good;
  }
  for (const char* bad : {"%", "/%", "/%2", "/%g0", "/%0g", "/%00", "/a%20%", "/%%", "/% 1"}) {
    EXPECT_FALSE(is_well_encoded(bad)) << bad;
  }
}

TEST(CleanPath, HasNoEmptyOrDottedSegments) {
  for (const auto& [path, clean] :
       std::initializer_list<std::pair<const char*, const char*>>{{"/", "/"},
                                                                  {"//", "/"},
                                                                  {"/a", "/a"},
                                                                  {"/a/", "/a/"},
                                                                  {"//a//b//", "/a/b/"},
                                                                  {"/a/./b", "/a/b"},
                                                                  {"/a/.", "/a/"},
                                                                  {"/a/../b", "/b"},
                                                                  {"/a/..", "/"},
                                                                  {"/../../a", "/a"},
                                                                  {"/a/%2e%2e/b", "/b"},
                                                                  {"/a/.%2E/b", "/b"},
                                                                  {"/a/%2e/b", "/a/b"},
                                                                  {"/a/%2e%2e", "/"},
                                                                  {"/a/...", "/a/..."},
                                                                  {"/a/..b", "/a/..b"},
                                                                  {"/a%2F..%2Fb", "/a%2F..%2Fb"},
                                                                  {"", "/"},
                                                                  {"a", "/a"}}) {
    EXPECT_EQ(clean_path(path), clean) << path;
    EXPECT_EQ(clean_path(clean), clean) << path;
  }
}

TEST(Dotted, HoweverItIsEncoded) {
  for (const char* yes : {".", "..", "%2e", "%2E.", ".%2e", "%2e%2E"}) EXPECT_TRUE(is_dotted(yes));
  for (const char* no : {"", "a", "...", "..a", ".a", "%2e%2e%2e", "%2f", "%2", "%"}) {
    EXPECT_FALSE(is_dotted(no)) << no;
  }
}

}  // namespace
}  // namespace infergraph::engine
