#include "protocol/seldon/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "protocol/json/json.hpp"

namespace infergraph::protocol {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(ReadRoute, TakesEveryShapeOfAnAnswer) {
  const std::pair<std::string, int> cases[] = {
      {R"({"data":{"ndarray":[[1]]}})", 1},
      {R"({"data":{"ndarray":[2]}})", 2},
      {R"({"data":{"names":["t:0"],"ndarray":[[1]]},"meta":{}})", 1},
      {R"({"data":{"ndarray":[[-1]]}})", -1},
      {R"({"data":{"ndarray":[-2.0]}})", -2},
      {R"({"data":{"ndarray":[[1e1,5]]}})", 10},
      {R"({"data":{"tensor":{"shape":[1,1],"values":[1]}}})", 1},
      {R"({"data":{"tensor":{"values":["3"],"shape":[1]}}})", 3},
      {R"({"data":{"tftensor":{"dtype":"DT_INT32","intVal":[1]}}})", 1},
      {R"({"data":{"tftensor":{"dtype":"DT_INT32","int_val":[1]}}})", 1},
      {R"({"data":{"tftensor":{"dtype":"DT_INT64","int64Val":["2"]}}})", 2},
      {R"({"data":{"tftensor":{"dtype":"DT_DOUBLE","doubleVal":[1.0],"tensorShape":{}}}})", 1},
      {R"({"data":{"tftensor":{"dtype":1,"float_val":[4]}}})", 4},
      // tensorContent: int64 1, int32 -1, double 1.0, float 2.0, uint8 3; two elements of int16 7,
      // 8
      {R"({"data":{"tftensor":{"dtype":"DT_INT64","tensorContent":"AQAAAAAAAAA="}}})", 1},
      {R"({"data":{"tftensor":{"tensorContent":"\/\/\/\/\/w==","dtype":"DT_INT32"}}})", -1},
      {R"({"data":{"tftensor":{"tensor_content":"_____w","dtype":3}}})", -1},
      {R"({"data":{"tftensor":{"dtype":"DT_DOUBLE","tensorContent":"AAAAAAAA8D8="}}})", 1},
      {R"({"data":{"tftensor":{"dtype":"DT_FLOAT","tensorContent":"AAAAQA=="}}})", 2},
      {R"({"data":{"tftensor":{"dtype":"DT_UINT8","tensorContent":"Aw=="}}})", 3},
      {R"({"data":{"tftensor":{"dtype":"DT_INT16","tensorContent":"BwAIAA=="}}})", 7},
      {"[1]", 1},
      {" [ [ 0 ] ] \n", 0},
      {R"({"d\u0061ta":{"ndarray":[[1]]}})", 1},
  };
  for (const auto& [json, route] : cases) {
    const Result<int> result = read_route(json);
    ASSERT_TRUE(result) << json << ": " << result.error().message();
    EXPECT_EQ(*result, route) << json;
  }
}

TEST(ReadRoute, SaysWhyThereIsNone) {
  const std::pair<std::string, std::string> cases[] = {
      {"{}", "no route"},
      {"[]", "no route"},
      {"[[]]", "no route"},
      {"[[],[1]]", "no route"},
      {"[[[1]]]", "no route"},
      {"1", "no route"},
      {"null", "no route"},
      {R"({"data":{"ndarray":1}})", "no route"},
      {R"({"data":{"ndarray":[{"a":1}]}})", "no route"},
      {R"({"strData":"1"})", "no route"},
      {R"({"other":{"ndarray":[[1]]}})", "no route"},
      {R"({"data":{"ndarray":[["a"]]}})", "data.ndarray[0][0] should be a number but is a string"},
      {R"({"data":{"ndarray":["1"]}})", "data.ndarray[0] should be a number but is a string"},
      {R"({"data":{"tensor":{"values":[null]}}})", "data.tensor.values[0] should be a number"},
      {R"({"data":null})", "no route"},
      {R"({"data":{"names":[]}})", "no route"},
      {R"({"data":[]})", "no route"},
      {R"({"data":{"ndarray":[]}})", "no route"},
      {R"({"data":{"ndarray":null}})", "no route"},
      {R"({"data":{"tensor":{}}})", "no route"},
      {R"({"data":{"data":{}}})", "no route"},
      {"[NaN]", "is not a number"},
      {"[2147483648.5]", "is not an integer"},
      {"[1e300]", "route 1e+300 is not an integer"},
      {R"({"data":{"tftensor":{"dtype":"DT_INT64","tensorContent":"AQAAAAAA"}}})", "no route"},
      {R"({"data":{"tftensor":{"dtype":"DT_STRING","tensorContent":"AQAAAAAAAAA="}}})", "no route"},
      {R"({"data":{"tftensor":{"dtype":"DT_INT32","tensorContent":"!!!!!!"}}})", "no route"},
  };
  for (const auto& [json, what] : cases) {
    const Result<int> result = read_route(json);
    ASSERT_FALSE(result) << json;
    EXPECT_EQ(result.error().code(), Code::kInvalidRouting) << json;
    EXPECT_THAT(result.error().message(), HasSubstr(what)) << json;
  }
}

// As the reference and the Java engine do, and told of.
TEST(ReadRoute, TakesFractionsAndDataWithoutAnArray) {
  using enum RouteOddity;
  struct Case {
    std::string json;
    int route;
    RouteOddity oddity;
  };
  const Case cases[] = {
      {R"({"data":{"ndarray":[[1.9]]}})", 1, kFraction},
      {R"({"data":{"ndarray":[0.5]}})", 0, kFraction},
      {R"({"data":{"ndarray":[-0.5]}})", 0, kFraction},
      {R"({"data":{"ndarray":[[-1.5]]}})", -1, kFraction},
      {R"({"data":{"tensor":{"shape":[1,1],"values":[2.0001]}}})", 2, kFraction},
      {R"({"data":{"tftensor":{"dtype":"DT_DOUBLE","doubleVal":[1.25]}}})", 1, kFraction},
      {"[1.7]", 1, kFraction},
      {"[[2147483647.5]]", 2147483647, kFraction},
      {R"({"data":{}})", -1, kNoData},
      {R"({"data":{ },"meta":{}})", -1, kNoData},
      {R"({"data":{"ndarray":[[1.0]]}})", 1, kNone},
      {R"({"data":{"ndarray":[[-1]]}})", -1, kNone},
      {"[2]", 2, kNone},
  };
  for (const Case& each : cases) {
    auto oddity = kNone;
    const Result<int> result = read_route(each.json, &oddity);
    ASSERT_TRUE(result) << each.json << ": " << result.error().message();
    EXPECT_EQ(*result, each.route) << each.json;
    EXPECT_EQ(oddity, each.oddity) << each.json;
    EXPECT_EQ(*read_route(each.json), each.route) << each.json;
  }
}

TEST(ReadRoute, CallsWhatIsNoJsonABadAnswer) {
  for (const std::string& json : {std::string(), std::string("hello"), std::string("[1"),
                                  std::string("[1]]"), std::string(5000, '[')}) {
    const Result<int> result = read_route(json);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), Code::kBadUpstream);
  }
}

TEST(ReadFeedbackRouting, FindsTheRecordedBranches) {
  EXPECT_THAT(read_feedback_routing(
                  R"({"request":{"data":{"ndarray":[[1]]}},"reward":1,)"
                  R"("response":{"data":{},"meta":{"routing":{"ab":1,"eg":"-1","x\ny":2.0}}}})")
                  .value(),
              ElementsAre(Pair("ab", 1), Pair("eg", -1), Pair("x\ny", 2)));
}

TEST(ReadFeedbackRouting, IsEmptyWithoutOne) {
  for (const std::string json :
       {R"({})", R"([])", R"({"response":null})", R"({"response":{"meta":{"routing":null}}})",
        R"({"response":{"meta":[]}})", R"({"meta":{"routing":{"a":1}}})",
        R"({"request":{"meta":{"routing":{"a":1}}}})",
        R"({"response":{"meta":{"tags":{"routing":{"a":1}}}}})"}) {
    const auto result = read_feedback_routing(json);
    ASSERT_TRUE(result) << json;
    EXPECT_THAT(*result, IsEmpty()) << json;
  }
}

TEST(ReadFeedbackRouting, NamesThePathOfWhatIsNoInteger) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "malformed JSON"},
      {"{", "malformed JSON"},
      {R"({"response":{"meta":{"routing":{"a":1.5}}}})",
       "response.meta.routing.a: expected an integer but found 1.5"},
      {R"({"response":{"meta":{"routing":{"a":"one"}}}})",
       "response.meta.routing.a: expected an integer but found \"one\""},
      {R"({"response":{"meta":{"routing":{"a":1,"b":[1]}}}})",
       "response.meta.routing.b: expected an integer but found an array"},
      {R"({"response":{"meta":{"routing":{"a":null}}}})",
       "response.meta.routing.a: expected an integer but found null"},
      {R"({"response":{"meta":{"routing":{"a":4294967296}}}})", "response.meta.routing.a"},
      {R"({"response":{"meta":{"routing":[1]}}})",
       "response.meta.routing: expected an object but found an array"},
  };
  for (const auto& [json, what] : cases) {
    const auto result = read_feedback_routing(json);
    ASSERT_FALSE(result) << json;
    EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(result.error().message(), HasSubstr(what));
  }
}

using Entries = std::vector<std::pair<std::string_view, int>>;

TEST(WithRouting, SetsTheEntriesAndKeepsEveryOtherByte) {
  struct Case {
    std::string json;
    Entries routing;
    std::string expected;
  };
  const Case cases[] = {
      {R"({"meta":{}})", {{"a", 1}}, R"({"meta":{"routing":{"a":1}}})"},
      {R"({"meta":{"puid":"x"}})", {{"a", 1}}, R"({"meta":{"puid":"x","routing":{"a":1}}})"},
      {R"({"meta":{"routing":{}}})",
       {{"a", 1}, {"b", -1}},
       R"({"meta":{"routing":{"a":1,"b":-1}}})"},
      {R"({"meta":{"routing":{"z":7}}})", {{"a", 1}}, R"({"meta":{"routing":{"z":7,"a":1}}})"},
      {R"({"meta":{"routing":{"a":7,"b":8}}})",
       {{"b", 0}},
       R"({"meta":{"routing":{"a":7,"b":0}}})"},
      {R"({"meta":{"routing":{"a":7,"b":8,"a":9}}})",
       {{"a", 0}, {"c", 1}},
       R"({"meta":{"routing":{"a":0,"b":8,"a":0,"c":1}}})"},
      {R"({"meta":{"routing":null,"x":1}})", {{"a", 1}}, R"({"meta":{"routing":{"a":1},"x":1}})"},
      {R"({"meta":{"routing":{"\u0061":{"x":1}}}})",
       {{"a", 1}},
       R"({"meta":{"routing":{"\u0061":1}}})"},
      {R"({"meta":{}})", {{"q\"\n", 1}}, R"({"meta":{"routing":{"q\"\n":1}}})"},
      {R"({"meta":{}})", {{"a", 1}, {"a", 2}}, R"({"meta":{"routing":{"a":2}}})"},
      {R"({"meta":{"x":1},"meta":{}})",
       {{"a", 1}},
       R"({"meta":{"x":1},"meta":{"routing":{"a":1}}})"},
      {"{ \"data\" : {\"ndarray\":[1.50,NaN,1E+2,0.1000000000000000055]},\r\n\t\"meta\" : { } , "
       "\"x\":\"<\\u003c\xff\"}\n",
       {{"a", 1}},
       "{ \"data\" : {\"ndarray\":[1.50,NaN,1E+2,0.1000000000000000055]},\r\n\t\"meta\" : { "
       "\"routing\":{\"a\":1}} , \"x\":\"<\\u003c\xff\"}\n"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(with_routing(c.json, c.routing).value(), c.expected);
  }
}

TEST(WithRouting, LeavesWhatHasNoMetaObjectUnchanged) {
  const Entries routing = {{"a", 1}};
  for (const std::string json :
       {"", "hello", "[1,2]", "{}", R"({"meta":null})", R"({"meta":[]})", R"({"meta":{})",
        R"({"meta":{},"meta":1})", R"({"data":{"meta":{}}})", R"([{"meta":{}}])",
        R"({"meta":{}} x)"}) {
    EXPECT_EQ(with_routing(json, routing).value(), json);
  }
  EXPECT_EQ(with_routing(R"({"meta":{}})", {}).value(), R"({"meta":{}})");
}

/// Makes random JSON whose spelling varies: white space, escapes, forms of numbers.
class RandomJson {
 public:
  explicit RandomJson(unsigned seed) : random_(seed) {}

  std::string space() { return pick({"", "", " ", "\n", "\t \r\n"}); }
  std::string scalar() {
    return pick({"1", "-0.50", "1E+2", "NaN", "true", "null", R"("x")", R"("\u0022}{")",
                 "\"\xC3\xA9\xff\"", "12345678901234567890.10"});
  }
  std::string value(int depth) {
    const auto kind = random_() % 4;
    if (depth == 0 || kind < 2) return scalar();
    std::string text = kind == 2 ? "[" : "{";
    const auto length = random_() % 3;
    for (unsigned i = 0; i < length; ++i) {
      if (i > 0) text += "," + space();
      if (kind == 3) text += member_name() + space() + ":" + space();
      text += value(depth - 1);
    }
    return text + space() + (kind == 2 ? "]" : "}");
  }
  std::string member_name() {
    return pick({R"("a")", R"("data")", R"("routing ")", R"("m\u0065ta ")"});
  }
  std::string pick(std::vector<std::string> from) { return from[random_() % from.size()]; }
  bool coin() { return random_() % 2 == 0; }

 private:
  std::mt19937 random_;
};

TEST(WithRouting, ChangesNothingOutsideMetaRoutingWhateverIsAround) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    RandomJson make(seed);
    std::string before = make.space() + "{" + make.space();
    if (make.coin()) before += make.member_name() + ":" + make.value(3) + "," + make.space();
    before += make.pick({R"("meta")", R"("met\u0061")"}) + make.space() + ":" + make.space() + "{" +
              make.space();
    std::string after = make.space() + "}" + make.space();
    if (make.coin()) after += "," + make.member_name() + ":" + make.value(3);
    after += make.space() + "}" + make.space();

    const std::string tags = make.coin() ? R"("tags")" + make.space() + ":" + make.value(2) : "";
    const std::string old = make.coin() ? R"("kept":7)" : "";
    const std::string json =
        before + tags + (tags.empty() ? "" : ",") + R"("routing":{)" + old + "}" + after;
    EXPECT_EQ(with_routing(json, Entries{{"new", 3}}).value(),
              before + tags + (tags.empty() ? "" : ",") + R"("routing":{)" + old +
                  (old.empty() ? "" : ",") + R"("new":3})" + after)
        << "seed " << seed;
    // Without a routing the object goes behind the last member, before the white space's end.
    const std::string bare = before + tags + after;
    const std::size_t brace = before.size() + tags.size() + after.find('}');
    EXPECT_EQ(with_routing(bare, Entries{{"new", 3}}).value(),
              bare.substr(0, brace) + (tags.empty() ? "" : ",") + R"("routing":{"new":3})" +
                  bare.substr(brace))
        << "seed " << seed;
  }
}

TEST(JoinArray, CopiesTheBodiesAsTheyStand) {
  const std::vector<Payload> bodies = {Payload::json(R"({"a": 1.0})"), Payload::json("[2]\n"),
                                       Payload::json("not json")};
  EXPECT_EQ(join_array(bodies).value(), "[{\"a\": 1.0},[2]\n,not json]");
  EXPECT_EQ(join_array({}).value(), "[]");
}

TEST(JoinMessages, MakesASeldonMessageList) {
  const std::vector<Payload> bodies = {Payload::json(R"({"a": 1.0})"), Payload::json("[2]\n")};
  EXPECT_EQ(join_messages(bodies).value(), "{\"seldonMessages\":[{\"a\": 1.0},[2]\n]}");
  EXPECT_EQ(join_messages(std::vector{Payload::json("")}).error().message(),
            "the answer of child 0 is empty");
}

TEST(JoinArray, NamesTheChildWhoseAnswerIsEmpty) {
  const std::vector<Payload> bodies = {Payload::json("{}"), Payload::json(" \r\n")};
  const auto result = join_array(bodies);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kInvalidCombination);
  EXPECT_EQ(result.error().message(), "the answer of child 1 is empty");
}

TEST(WriteStatus, HasTheShapeOfSeldonsErrors) {
  EXPECT_EQ(write_status(503, "can't connect to <node> \"a\" at h:1\n\xff", "UNAVAILABLE"),
            "{\"status\":{\"code\":503,\"info\":\"can't connect to <node> \\\"a\\\" at "
            "h:1\\n\xEF\xBF\xBD\",\"reason\":\"UNAVAILABLE\",\"status\":\"FAILURE\"}}");
}

}  // namespace
}  // namespace infergraph::protocol
