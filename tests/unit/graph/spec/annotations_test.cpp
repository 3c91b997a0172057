#include "graph/spec/annotations.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace infergraph::graph {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kRest = "seldon.io/rest-timeout";

TEST(Podinfo, ReadsWhatTheDownwardApiWrites) {
  std::vector<std::string> warnings;
  EXPECT_EQ(parse_podinfo("kubernetes.io/config.source=\"api\"\n"
                          "\"seldon.io/rest-timeout\"=\"1500\"\r\n"
                          "note=\"a=b\"\n"
                          "\n"
                          "json=\"{\\\"a\\\": \\\"b\\\\\\\\c\\\"}\\nnext\\tline\"\n"
                          "codes=\"\\u00e9\\xc3\\xa9\\U0001f600\"\n"
                          "  plain = 7 \n"
                          "empty=\"\"",
                          warnings),
            (Annotations{{"kubernetes.io/config.source", "api"},
                         {"seldon.io/rest-timeout", "1500"},
                         {"note", "a=b"},
                         {"json", "{\"a\": \"b\\\\c\"}\nnext\tline"},
                         {"codes", "\u00e9\u00e9\U0001F600"},
                         {"plain", "7"},
                         {"empty", ""}}));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Podinfo, SkipsABadLineAndNoOther) {
  const std::vector<std::string> bad{"no equals sign", "\"open=\"x\"", "k=\"open",    "k=\"x\"y",
                                     "k=\"\\q\"",      "k=\"\\u12\"",  "k=\"\\xzz\"", "=\"v\"",
                                     "\"k\"\"v\"",     "k=\"\\"};
  for (const std::string& line : bad) {
    std::vector<std::string> warnings;
    EXPECT_EQ(parse_podinfo("a=\"1\"\n" + line + "\nb=\"2\"\n", warnings),
              (Annotations{{"a", "1"}, {"b", "2"}}))
        << line;
    ASSERT_EQ(warnings.size(), 1) << line;
    EXPECT_THAT(warnings[0], ::testing::StartsWith("line 2 is not key=\"value\"; skipped: "));
  }
}

TEST(ResolveAnnotations, TheNearerLevelWins) {
  const Annotations podinfo{{kRest, "1"}, {"seldon.io/grpc-timeout", "10"}};
  const Annotations deployment{{kRest, "2"}, {"seldon.io/grpc-max-message-size", "1000"}};
  const Annotations predictor{{kRest, "3"}};
  const Annotated all = resolve_annotations(podinfo, deployment, predictor);
  EXPECT_EQ(all.rest_timeout, milliseconds(3));
  EXPECT_EQ(all.grpc_timeout, milliseconds(10));
  EXPECT_EQ(all.grpc_max_message_size, 1000);
  EXPECT_THAT(all.warnings, IsEmpty());
  EXPECT_EQ(resolve_annotations(podinfo, deployment, {}).rest_timeout, milliseconds(2));
  EXPECT_EQ(resolve_annotations(podinfo, {}, {}).rest_timeout, milliseconds(1));
  EXPECT_EQ(resolve_annotations({}, {}, {}).rest_timeout, std::nullopt);
}

TEST(ResolveAnnotations, ABadValueCountsAsAbsentOnItsLevel) {
  for (const std::string bad : {"5s", "", "1.5", "2147483648", "0x10"}) {
    const Annotated found = resolve_annotations({{kRest, "7"}}, {}, {{kRest, bad}});
    EXPECT_EQ(found.rest_timeout, milliseconds(7)) << bad;
    EXPECT_THAT(found.warnings, IsEmpty()) << "the file's reader has told";
    EXPECT_THAT(resolve_annotations({{kRest, bad}}, {}, {}).warnings,
                ElementsAre("annotation seldon.io/rest-timeout of the pod: \"" + bad +
                            "\" is not a 32-bit whole number; ignored"));
    EXPECT_THAT(resolve_annotations({{kRest, bad}}, {{kRest, bad}}, {}).warnings, IsEmpty());
  }
}

TEST(ResolveAnnotations, ZeroOrLessMeansNoLimit) {
  for (const std::string none : {"0", "-1"}) {
    const Annotated found = resolve_annotations({{kRest, "7"}}, {{kRest, none}}, {});
    EXPECT_EQ(found.rest_timeout, std::nullopt) << none;
    EXPECT_THAT(found.warnings, IsEmpty());
  }
}

}  // namespace
}  // namespace infergraph::graph
