#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "graph/units/ab_test.hpp"
#include "graph/units/average_combiner.hpp"
#include "graph/units/registry.hpp"
#include "graph/units/simple_model.hpp"
#include "graph/units/simple_router.hpp"

namespace infergraph::graph {
namespace {

using protocol::Code;
using protocol::Method;
using protocol::Payload;
using protocol::Result;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kLimit = 1000;

const std::string kMeta =
    R"("meta":{"metrics":[{"key":"mymetric_counter","type":"COUNTER","value":1},)"
    R"({"key":"mymetric_gauge","type":"GAUGE","value":100},)"
    R"({"key":"mymetric_timer","type":"TIMER","value":22.1}]})";
const std::string kClasses =
    "{" + kMeta +
    R"(,"data":{"names":["class0","class1","class2"],"tensor":{"shape":[1,3],"values":[0.1,0.9,0.5]}}})";

/// Runs a unit's coroutine to its end.
template <typename T>
T finish(Awaitable<T> work) {
  boost::asio::io_context loop;
  std::optional<T> result;
  boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr thrown, T value) {
    if (thrown) std::rethrow_exception(thrown);
    result = std::move(value);
  });
  loop.run();
  return std::move(result).value();
}

Result<Payload> call(Unit& unit, Method method, Payload message) {
  CallContext context;
  return finish(unit.call(method, std::move(message), context));
}

int route(Unit& unit) {
  CallContext context;
  return finish(unit.route(Payload::json("{}"), context)).value();
}

Result<Payload> aggregate(Unit& unit, const std::vector<std::string>& bodies) {
  CallContext context;
  std::vector<Payload> answers;
  for (const std::string& body : bodies) answers.push_back(Payload::json(body));
  return finish(unit.aggregate(std::move(answers), context));
}

std::string gzipped(std::string text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(SimpleModel, AnswersWithThreeClasses) {
  SimpleModel unit(kLimit);
  for (const std::string body : {"", "{}", "[1]", R"({"data":{"ndarray":[[1,2],[3,4]]}})",
                                 R"({"jsonData":{"strData":"a"}})", R"({"strData":null})"}) {
    for (const Method method : {Method::kPredict, Method::kTransformInput}) {
      const auto answer = call(unit, method, Payload::json(body));
      ASSERT_TRUE(answer) << body;
      EXPECT_EQ(answer->bytes(), kClasses) << body;
      EXPECT_EQ(answer->content_type(), "application/json");
      EXPECT_EQ(answer->status(), 200);
    }
  }
}

TEST(SimpleModel, EchoesStringsAndBytesAsTheyAreWritten) {
  SimpleModel unit(kLimit);
  EXPECT_EQ(call(unit, Method::kPredict,
                 Payload::json(R"( {"meta":{"puid":"p"},"strData" : "\u00e9<\/b>"} )"))
                .value()
                .bytes(),
            "{" + kMeta + R"(,"strData":"\u00e9<\/b>"})");
  EXPECT_EQ(call(unit, Method::kPredict, Payload::json(R"({"binData":"YWJj"})")).value().bytes(),
            "{" + kMeta + R"(,"binData":"YWJj"})");
}

TEST(SimpleModel, RefusesWhatIsNoJson) {
  SimpleModel unit(kLimit);
  const auto answer = call(unit, Method::kPredict, Payload::json(R"({"strData":)"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(answer.error().message(), StartsWith("SIMPLE_MODEL: malformed JSON at byte"));
}

TEST(SimpleModel, UnpacksACompressedBody) {
  SimpleModel unit(kLimit);
  Payload message = Payload::json(gzipped(R"({"strData":"a"})"));
  message.set_content_encoding("gzip");
  EXPECT_EQ(call(unit, Method::kPredict, message).value().bytes(),
            "{" + kMeta + R"(,"strData":"a"})");
  message = Payload::json("not gzip");
  message.set_content_encoding("gzip");
  EXPECT_EQ(call(unit, Method::kPredict, message).error().code(), Code::kInvalidArgument);
  message = Payload::json(gzipped(std::string(kLimit + 1, ' ')));
  message.set_content_encoding("gzip");
  EXPECT_EQ(call(unit, Method::kPredict, message).error().code(), Code::kTooLarge);
}

TEST(BuiltInUnits, DoNothingElse) {
  std::vector<std::unique_ptr<Unit>> units;
  units.push_back(std::make_unique<SimpleModel>(kLimit));
  units.push_back(std::make_unique<SimpleRouter>());
  units.push_back(std::make_unique<AbTest>(0.5));
  units.push_back(std::make_unique<AverageCombiner>(kLimit));
  for (std::size_t i = 0; i < units.size(); ++i) {
    Unit& unit = *units[i];
    EXPECT_EQ(call(unit, Method::kTransformOutput, Payload::json("as it is")).value().bytes(),
              "as it is");
    EXPECT_EQ(call(unit, Method::kSendFeedback, Payload::json("x")).value().bytes(), "{}");
    EXPECT_EQ(call(unit, Method::kMetadata, Payload()).value().bytes(), "{}");
    const Payload status = call(unit, Method::kStatus, Payload()).value();
    EXPECT_EQ(status.status(), 200);
    EXPECT_TRUE(status.empty());
    if (i > 0) {
      EXPECT_EQ(call(unit, Method::kPredict, Payload::json("as it is")).value().bytes(),
                "as it is");
      EXPECT_EQ(call(unit, Method::kTransformInput, Payload::json("as it is")).value().bytes(),
                "as it is");
    }
    if (i == 0 || i == 3) {
      EXPECT_EQ(route(unit), -1);
    }
    if (i < 3) {
      EXPECT_EQ(aggregate(unit, {"first", "second"}).value().bytes(), "first");
    }
  }
}

TEST(SimpleRouter, TakesTheFirstChild) {
  SimpleRouter unit;
  EXPECT_EQ(route(unit), 0);
}

TEST(AbTest, TakesTheFirstChildBelowTheRatio) {
  const std::tuple<double, double, int> cases[] = {{0.5, 0.0, 0},  {0.5, 0.49, 0}, {0.5, 0.5, 1},
                                                   {0.5, 0.99, 1}, {0.0, 0.0, 1},  {1.0, 0.999, 0}};
  for (const auto& [ratio, drawn, expected] : cases) {
    AbTest unit(ratio, [drawn = drawn] { return drawn; });
    EXPECT_EQ(route(unit), expected) << ratio << " " << drawn;
  }
}

TEST(AbTest, DrawsFromTheWholeRangeByDefault) {
  const RandomSource random = thread_random();
  int low = 0;
  for (int i = 0; i < 1000; ++i) {
    const double drawn = random();
    ASSERT_GE(drawn, 0.0);
    ASSERT_LT(drawn, 1.0);
    low += drawn < 0.3 ? 1 : 0;
  }
  EXPECT_GT(low, 200);  // 300 ± 14.5; seven deviations off is no accident
  EXPECT_LT(low, 400);
}

TEST(AbTest, ReadsTheRatioOfAnyNumericTypeAtAnyPosition) {
  const Parameter other{"other", "7", "INT"};
  const std::pair<std::vector<Parameter>, double> cases[] = {
      {{}, 0.5},
      {{other}, 0.5},
      {{{"ratioA", "0.25", "FLOAT"}}, 0.25},
      {{{"ratioA", "0.75", "DOUBLE"}}, 0.75},
      {{{"ratioA", "1", "INT"}}, 1},
      {{other, {"ratioA", "0.1", "FLOAT"}, other}, 0.1},
      {{{"ratioA", "0.1", "STRING"}}, 0.1},
      {{{"ratioA", " 0.3 ", ""}}, 0.3},
      {{{"ratioA", "much", "FLOAT"}}, 0.5},
      {{{"ratioA", "nan", "FLOAT"}}, 0.5},
      {{{"ratioa", "0.1", "FLOAT"}}, 0.5},
  };
  for (const auto& [parameters, expected] : cases) EXPECT_EQ(ratio_a(parameters), expected);
}

TEST(AverageCombiner, AveragesTensorsAndArraysInTheShapeOfTheFirst) {
  AverageCombiner unit(kLimit);
  EXPECT_EQ(
      aggregate(unit, {R"({"data":{"names":["a", "b"],"tensor":{"shape":[1,2],"values":[1,2]}}})",
                       R"({"data":{"names":["x"],"ndarray":[[2,4]]},"meta":{"tags":{}}})"})
          .value()
          .bytes(),
      R"({"data":{"names":["a", "b"],"tensor":{"shape":[1,2],"values":[1.5,3]}}})");
  EXPECT_EQ(
      aggregate(unit, {R"({"meta":{"puid":"p","x":1.0},"data":{"ndarray":[[1],[0.1]]},)"
                       R"("status":{"code":200}})",
                       R"({"data":{"tensor":{"shape":[2,1],"values":[2,"0.2"]}}})",
                       R"({"data":{"ndarray":[[3],[0.3]]}})"})
          .value()
          .bytes(),
      R"({"status":{"code":200},"meta":{"puid":"p","x":1.0},"data":{"ndarray":[[2],[0.20000000000000004]]}})");
}

TEST(AverageCombiner, GivesTheMeanOfOne) {
  AverageCombiner unit(kLimit);
  const auto answer = aggregate(unit, {R"({"data":{"names":[],"ndarray":[[1.50,2]]}})"});
  EXPECT_EQ(answer.value().bytes(), R"({"data":{"names":[],"ndarray":[[1.5,2]]}})");
  EXPECT_EQ(answer->content_type(), "application/json");
}

TEST(AverageCombiner, SaysWhatCannotBeCombined) {
  struct Case {
    std::vector<std::string> bodies;
    Code code;
    std::string what;
  };
  const std::string good = R"({"data":{"ndarray":[[1,2],[3,4]]}})";
  const Case cases[] = {
      {{}, Code::kInvalidCombination, "Combiner received no inputs"},
      {{good, R"({"strData":"a"})"},
       Code::kInvalidCombination,
       "Combiner cannot extract data shape (child 1)"},
      {{R"([1])", good}, Code::kInvalidCombination, "Combiner cannot extract data shape (child 0)"},
      {{good, R"({"data":{"tftensor":{"dtype":"DT_INT32","intVal":[1]}}})"},
       Code::kInvalidCombination,
       "Combiner cannot extract data shape (child 1)"},
      {{R"({"data":{"tensor":{"values":[1,2]}}})"},
       Code::kInvalidCombination,
       "Combiner cannot extract data shape (child 0)"},
      {{R"({"data":{"ndarray":[1,2]}})"},
       Code::kInvalidCombination,
       "Combiner received data that is not 2 dimensional (child 0)"},
      {{good, R"({"data":{"tensor":{"shape":[1,1,1],"values":[1]}}})"},
       Code::kInvalidCombination,
       "Combiner received data that is not 2 dimensional (child 1)"},
      {{good, R"({"data":{"ndarray":[[1,2]]}})"},
       Code::kInvalidCombination,
       "Expected batch length 2 but found 1 (child 1)"},
      {{good, good, R"({"data":{"ndarray":[[1,2,3],[4,5,6]]}})"},
       Code::kInvalidCombination,
       "Expected batch length 2 but found 3 (child 2)"},
      {{good, R"({"data":{"ndarray":[[1,2],[3]]}})"},
       Code::kInvalidCombination,
       "the answer of child 1: data.ndarray[1]: expected 2 values but found 1"},
      {{good, "{"}, Code::kBadUpstream, "the answer of child 1: malformed JSON at byte 1"},
      {{good, ""}, Code::kBadUpstream, "the answer of child 1: malformed JSON"},
  };
  AverageCombiner unit(kLimit);
  for (const Case& c : cases) {
    const auto answer = aggregate(unit, c.bodies);
    ASSERT_FALSE(answer) << c.what;
    EXPECT_EQ(answer.error().code(), c.code) << c.what;
    EXPECT_THAT(answer.error().message(), HasSubstr(c.what));
  }
}

TEST(AverageCombiner, UnpacksCompressedAnswers) {
  AverageCombiner unit(kLimit);
  CallContext context;
  std::vector<Payload> answers(2, Payload::json(gzipped(R"({"data":{"ndarray":[[1,2]]}})")));
  for (Payload& answer : answers) answer.set_content_encoding("gzip");
  EXPECT_EQ(finish(unit.aggregate(answers, context)).value().bytes(),
            R"({"data":{"ndarray":[[1,2]]}})");
  answers[1] = Payload::json(gzipped(std::string(kLimit + 1, ' ')));
  answers[1].set_content_encoding("gzip");
  const auto too_large = finish(unit.aggregate(answers, context));
  EXPECT_EQ(too_large.error().code(), Code::kTooLarge);
  EXPECT_THAT(too_large.error().message(), HasSubstr("child 1"));
}

TEST(UnitRegistry, FollowsTheImplementationAlone) {
  NodeSpec node;
  node.type = NodeType::kCombiner;  // says nothing beside an implementation
  node.parameters = {{"ratioA", "0.25", "FLOAT"}};
  node.implementation = Implementation::kSimpleModel;
  EXPECT_NE(dynamic_cast<SimpleModel*>(make_built_in(node).get()), nullptr);
  node.implementation = Implementation::kSimpleRouter;
  EXPECT_NE(dynamic_cast<SimpleRouter*>(make_built_in(node).get()), nullptr);
  node.implementation = Implementation::kAverageCombiner;
  EXPECT_NE(dynamic_cast<AverageCombiner*>(make_built_in(node).get()), nullptr);
  node.implementation = Implementation::kRandomAbTest;
  const auto unit = make_built_in(node);
  const auto* const ab_test = dynamic_cast<AbTest*>(unit.get());
  ASSERT_NE(ab_test, nullptr);
  EXPECT_EQ(ab_test->ratio(), 0.25);
  for (const auto other : {Implementation::kUnknown, Implementation::kPrepackaged}) {
    node.implementation = other;
    EXPECT_EQ(make_built_in(node), nullptr);
  }
}

}  // namespace
}  // namespace infergraph::graph
