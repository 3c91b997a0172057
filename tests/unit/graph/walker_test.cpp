#include "graph/walker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "graph/trail.hpp"
#include "tests/support/fake_unit.hpp"

namespace infergraph::graph {
namespace {

using protocol::Code;
using protocol::Payload;
using protocol::Result;
using protocol::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using Answer = Result<Payload>;

// A graph of fake units, walked on a loop that the test turns.
class Graph {
 public:
  // The first node is the root; a child names its parent.
  NodeSpec& add(const std::string& name, NodeType type, const std::string& parent = "") {
    NodeSpec node;
    node.name = name;
    node.type = type;
    for (NodeSpec& other : spec_.nodes) {
      if (other.name == parent) other.children.push_back(spec_.nodes.size());
    }
    spec_.nodes.push_back(node);
    return spec_.nodes.back();
  }

  testing::FakeUnit& unit(const std::string& name) {
    make();
    return *units_.at(name);
  }

  void begin_predict(const std::string& body = "x") {
    make();
    begin(walker_->predict(Payload::json(body), context_));
  }
  void begin_feedback(const std::string& body) {
    make();
    begin(walker_->feedback(Payload::json(body), context_));
  }
  void turn() {
    loop_.restart();
    loop_.poll();
  }

  std::string predict(const std::string& body = "x") {
    begin_predict(body);
    return text();
  }
  std::string feedback(const std::string& body) {
    begin_feedback(body);
    return text();
  }
  std::string ask(protocol::Method method, const std::string& node) {
    make();
    begin(walker_->ask(method, node, {}, context_));
    return text();
  }
  std::string metadata() {
    make();
    begin(walker_->graph_metadata(context_));
    return text();
  }

  bool done() const { return answer_.has_value(); }
  Status error() const { return answer_->error(); }
  CancelScope& scope() { return scope_; }
  Trail trail;
  testing::FakeUnit::Log log;

 private:
  void make() {
    if (plan_) return;
    spec_.name = "p";
    plan_ = Plan::make(spec_, [this](const NodeSpec& node) {
      auto unit = std::make_unique<testing::FakeUnit>(node.name, log);
      units_[node.name] = unit.get();
      return unit;
    });
    walker_.emplace(*plan_, 1 << 20);
    context_.cancel = &scope_;
    context_.times = &times_;
    context_.trail = &trail;
  }

  void begin(Awaitable<Answer> walk) {
    answer_.reset();
    boost::asio::co_spawn(loop_, std::move(walk),
                          [this](const std::exception_ptr&, Answer answer) { answer_ = answer; });
    turn();
  }

  std::string text() const {
    if (!answer_) return "still walking";
    if (*answer_) return std::string((*answer_)->bytes());
    return "error at " + answer_->error().node() + ": " + answer_->error().message();
  }

  PredictorSpec spec_;
  std::map<std::string, testing::FakeUnit*> units_;
  std::shared_ptr<const Plan> plan_;
  std::optional<Walker> walker_;
  CancelScope scope_;
  CallTimes times_;
  CallContext context_;
  std::optional<Answer> answer_;
  boost::asio::io_context loop_;
};

TEST(Walker, ChainsInputChildrenOutput) {
  Graph graph;
  graph.add("out", NodeType::kOutputTransformer);
  graph.add("in", NodeType::kTransformer, "out");
  graph.add("model", NodeType::kModel, "in");
  EXPECT_EQ(graph.predict(), "out(model(in(x)))");
  EXPECT_THAT(graph.log, ElementsAre("in.transform-input x", "model.predict in(x)",
                                     "out.transform-output model(in(x))"));
}

TEST(Walker, TypeAndMethodsAreAUnion) {
  Graph graph;
  graph.add("both", NodeType::kModel).methods.transform_output = true;
  EXPECT_EQ(graph.predict(), "both(both(x))");
  EXPECT_THAT(graph.log, ElementsAre("both.predict x", "both.transform-output both(x)"));
}

TEST(Walker, TransformInputStandsBeforePredict) {
  Graph graph;
  graph.add("both", NodeType::kModel).methods.transform_input = true;
  graph.predict();
  EXPECT_THAT(graph.log, ElementsAre("both.transform-input x"));
}

TEST(Walker, WithoutTypeOrMethodsPassesTheMessage) {
  Graph graph;
  graph.add("plain", NodeType::kUnknown);
  EXPECT_EQ(graph.predict(), "x");
  EXPECT_THAT(graph.log, IsEmpty());
}

TEST(Walker, RoutesToOneChild) {
  Graph graph;
  graph.add("router", NodeType::kRouter);
  graph.add("a", NodeType::kModel, "router");
  graph.add("b", NodeType::kModel, "router");
  graph.unit("router").branch = 1;
  EXPECT_EQ(graph.predict(), "b(x)");
  EXPECT_THAT(graph.trail.routing(), ElementsAre(Pair("b", -1), Pair("router", 1)));
}

TEST(Walker, RouteMinusOneTakesTheFirstOfAll) {
  Graph graph;
  graph.add("router", NodeType::kRouter);
  graph.add("a", NodeType::kModel, "router");
  graph.add("b", NodeType::kModel, "router");
  EXPECT_EQ(graph.predict(), "a(x)");
  EXPECT_THAT(graph.log, ElementsAre("router.route x", "a.predict x", "b.predict x"));
}

TEST(Walker, RouteMinusTwoTakesNoneAndStillTransformsTheOutput) {
  Graph graph;
  auto& router = graph.add("router", NodeType::kRouter);
  router.methods.aggregate = router.methods.transform_output = true;
  graph.add("a", NodeType::kModel, "router");
  graph.unit("router").branch = -2;
  EXPECT_EQ(graph.predict(), "router(x)");
  EXPECT_THAT(graph.log, ElementsAre("router.route x", "router.transform-output x"));
}

TEST(Walker, AnythingElseIsAnInvalidRoute) {
  for (const int branch : {2, -3, 1000000}) {
    Graph graph;
    graph.add("router", NodeType::kRouter);
    graph.add("a", NodeType::kModel, "router");
    graph.add("b", NodeType::kModel, "router");
    graph.unit("router").branch = branch;
    EXPECT_THAT(graph.predict(), HasSubstr("error at router: "));
    EXPECT_EQ(graph.error().code(), Code::kInvalidRouting);
    EXPECT_THAT(graph.error().message(), HasSubstr(std::to_string(branch)));
    EXPECT_THAT(graph.log, ElementsAre("router.route x"));
  }
}

TEST(Walker, CombinesAllChildren) {
  Graph graph;
  graph.add("combiner", NodeType::kCombiner);
  graph.add("a", NodeType::kModel, "combiner");
  graph.add("b", NodeType::kModel, "combiner");
  EXPECT_EQ(graph.predict(), "combiner(a(x)+b(x))");
}

TEST(Walker, ARouterThatCombinesGetsItsOneChild) {
  Graph graph;
  graph.add("router", NodeType::kRouter).methods.aggregate = true;
  graph.add("a", NodeType::kModel, "router");
  graph.add("b", NodeType::kModel, "router");
  graph.unit("router").branch = 1;
  EXPECT_EQ(graph.predict(), "router(b(x))");
}

TEST(Walker, ChildrenRunAtOnce) {
  Graph graph;
  graph.add("combiner", NodeType::kCombiner);
  graph.add("a", NodeType::kModel, "combiner");
  graph.add("b", NodeType::kModel, "combiner");
  graph.unit("a").held = graph.unit("b").held = true;
  graph.begin_predict();
  EXPECT_EQ(graph.unit("a").running + graph.unit("b").running, 2);
  graph.unit("b").release();
  graph.turn();
  EXPECT_FALSE(graph.done());
  graph.unit("a").release();
  graph.turn();
  EXPECT_TRUE(graph.done());
}

TEST(Walker, AFailingChildCancelsTheOthersAndAwaitsThem) {
  Graph graph;
  graph.add("combiner", NodeType::kCombiner);
  graph.add("a", NodeType::kModel, "combiner");
  graph.add("b", NodeType::kModel, "combiner");
  graph.unit("a").held = true;
  graph.unit("b").answers.emplace_back(Status(Code::kUnavailable, "gone"));
  graph.begin_predict();
  EXPECT_TRUE(graph.unit("a").was_cancelled);
  EXPECT_FALSE(graph.done()) << "the cancelled child must be awaited";
  graph.unit("a").release();
  graph.turn();
  ASSERT_TRUE(graph.done());
  EXPECT_EQ(graph.error().node(), "b") << "a cancellation does not count";
  EXPECT_EQ(graph.error().code(), Code::kUnavailable);
}

TEST(Walker, TheLowestFailingChildIsTheAnswer) {
  Graph graph;
  graph.add("combiner", NodeType::kCombiner);
  for (const char* name : {"a", "b", "c"}) graph.add(name, NodeType::kModel, "combiner");
  graph.unit("a").held = true;
  graph.unit("b").answers.emplace_back(Status(Code::kBadUpstream, "nonsense"));
  graph.unit("c").answers.emplace_back(Status(Code::kUnavailable, "gone"));
  graph.begin_predict();
  graph.unit("a").release();
  graph.turn();
  EXPECT_EQ(graph.error().node(), "b");
}

TEST(Walker, TheCallersEndCancelsEveryChild) {
  Graph graph;
  graph.add("combiner", NodeType::kCombiner);
  graph.add("a", NodeType::kModel, "combiner");
  graph.add("b", NodeType::kModel, "combiner");
  graph.unit("a").held = graph.unit("b").held = true;
  graph.begin_predict();
  graph.scope().cancel();
  EXPECT_TRUE(graph.unit("a").was_cancelled && graph.unit("b").was_cancelled);
  graph.unit("a").release();
  graph.unit("b").release();
  graph.turn();
  ASSERT_TRUE(graph.done());
  EXPECT_EQ(graph.error().code(), Code::kCancelled);
}

TEST(Walker, AThousandLevelsDeep) {
  Graph graph;
  graph.add("n0", NodeType::kTransformer);
  for (int i = 1; i < 1000; ++i) {
    graph.add("n" + std::to_string(i), NodeType::kTransformer, "n" + std::to_string(i - 1));
  }
  EXPECT_THAT(graph.predict(), HasSubstr("n999(n998("));
}

// Feedback.

TEST(Walker, FeedbackGoesAlongTheRecordedRoutingChildrenFirst) {
  Graph graph;
  graph.add("router", NodeType::kRouter);
  graph.add("a", NodeType::kModel, "router");
  graph.add("b", NodeType::kModel, "router");
  const std::string body = R"({"response":{"meta":{"routing":{"router":1}}},"reward":1})";
  EXPECT_EQ(graph.feedback(body), "router(" + body + ")");
  EXPECT_THAT(graph.log, ElementsAre("b.send-feedback " + body, "router.send-feedback " + body));
}

TEST(Walker, FeedbackWithoutRoutingGoesToAll) {
  Graph graph;
  graph.add("transformer", NodeType::kTransformer);
  graph.add("a", NodeType::kModel, "transformer");
  graph.add("b", NodeType::kModel, "transformer");
  EXPECT_EQ(graph.feedback("{}"), "a({})") << "a transformer takes none: the first child's answer";
}

TEST(Walker, FeedbackThatNobodyTakesIsAnEmptyMessage) {
  Graph graph;
  graph.add("transformer", NodeType::kTransformer);
  EXPECT_EQ(graph.feedback("not JSON, and not looked at"), "{}");
}

TEST(Walker, FeedbackOutOfRangeSaysSo) {
  Graph graph;
  graph.add("router", NodeType::kRouter);
  graph.add("a", NodeType::kModel, "router");
  graph.add("b", NodeType::kModel, "router");
  graph.feedback(R"({"response":{"meta":{"routing":{"router":5}}}})");
  EXPECT_EQ(graph.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(graph.error().node(), "router");
  EXPECT_THAT(graph.error().message(), HasSubstr("branch 5"));
  EXPECT_THAT(graph.log, IsEmpty());
}

// Asking one node, and the whole graph.

TEST(Walker, AsksANodeAnywhere) {
  Graph graph;
  graph.add("a", NodeType::kTransformer);
  graph.add("b", NodeType::kModel, "a");
  EXPECT_EQ(graph.ask(protocol::Method::kStatus, "b"), "b()");
  graph.ask(protocol::Method::kMetadata, "c");
  EXPECT_EQ(graph.error().code(), Code::kNotFound);
}

TEST(Walker, GraphMetadataTakesItsSidesByType) {
  struct Row {
    NodeType type;
    const char* inputs;
    const char* outputs;
  };
  const std::vector<Row> rows = {
      {NodeType::kModel, "root", "leaf"},
      {NodeType::kTransformer, "root", "leaf"},
      {NodeType::kOutputTransformer, "leaf", "root"},
      {NodeType::kCombiner, "leaf", "root"},
      {NodeType::kRouter, "leaf", "leaf"},
      {NodeType::kUnknown, "leaf", "leaf"},
  };
  for (const Row& row : rows) {
    Graph graph;
    graph.add("root", row.type);
    graph.add("leaf", NodeType::kModel, "root");
    graph.unit("root").answers.push_back(
        Payload::json(R"({"name":"r","inputs":["root"],"outputs":["root"]})"));
    graph.unit("leaf").answers.push_back(
        Payload::json("{\"name\":\"l\",\"inputs\":[\"leaf\"],\"outputs\":[\"leaf\"]}\n"));
    EXPECT_EQ(graph.metadata(),
              R"({"name":"p","models":{"root":{"name":"r","inputs":["root"],"outputs":["root"]},)"
              R"("leaf":{"name":"l","inputs":["leaf"],"outputs":["leaf"]}},"graphinputs":[")" +
                  std::string(row.inputs) + R"("],"graphoutputs":[")" + row.outputs + R"("]})");
  }
}

// What a node says when it has none, in either transport.
TEST(Walker, GraphMetadataHasAnEmptyEntryForANodeWithout) {
  const auto rest = [](int status) {
    Payload answer = Payload::json("<h1>Not Found</h1>");
    answer.set_status(status);
    return Status::from_upstream("a", std::move(answer));
  };
  const auto grpc = [](protocol::GrpcCode code) {
    return Status::from_upstream("a", protocol::GrpcStatus{code, "no", ""});
  };
  const Status none[] = {rest(404), rest(405), rest(501), grpc(protocol::GrpcCode::kUnimplemented),
                         grpc(protocol::GrpcCode::kNotFound)};
  for (const Status& failure : none) {
    Graph graph;
    graph.add("a", NodeType::kRouter);
    graph.add("b", NodeType::kModel, "a");
    graph.unit("a").answers.push_back(failure);
    graph.unit("b").answers.push_back(Payload::json(R"({"name":"b","inputs":[1],"outputs":[2]})"));
    EXPECT_EQ(graph.metadata(),
              R"({"name":"p","models":{"a":{},"b":{"name":"b","inputs":[1],"outputs":[2]}},)"
              R"("graphinputs":[1],"graphoutputs":[2]})");
  }
  // Whatever else fails is the error of the whole, as it is; it names the node.
  Status lost(Code::kUnavailable, "can't connect", "a");
  lost.set_peer("127.0.0.1:1");
  const std::pair<Status, Code> others[] = {
      {rest(500), Code::kUpstream},
      {rest(403), Code::kUpstream},
      {grpc(protocol::GrpcCode::kUnavailable), Code::kUpstream},
      {lost, Code::kUnavailable}};
  for (const auto& [failure, code] : others) {
    Graph graph;
    graph.add("a", NodeType::kModel);
    graph.unit("a").answers.push_back(failure);
    graph.metadata();
    EXPECT_EQ(graph.error().code(), code);
    EXPECT_EQ(graph.error().node(), "a");
    EXPECT_EQ(graph.error().peer(), failure.peer());
    EXPECT_EQ(graph.error().message(), failure.message());
  }
}

TEST(Walker, GraphMetadataLeavesAnEmptyCustomOut) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"name":"m","custom":{}})", R"({"name":"m"})"},
      {R"({"custom":{ } , "name":"m", "versions":["1"]})", R"({"name":"m","versions":["1"]})"},
      {R"({"custom":null})", "{}"},
      {R"({"c\u0075stom":{},"x":{"custom":{}}})", R"({"x":{"custom":{}}})"},
      {R"({"name":"m","custom":{"a":"b"}})", R"({"name":"m","custom":{"a":"b"}})"},
      {R"({"name":"m","custom":{"a":{}}})", R"({"name":"m","custom":{"a":{}}})"},
      {R"({"name":"m","custom":"text"})", R"({"name":"m","custom":"text"})"},
      {R"({"name" : "m"})", R"({"name" : "m"})"},
  };
  for (const auto& [said, entry] : cases) {
    Graph graph;
    graph.add("m", NodeType::kModel);
    graph.unit("m").answers.push_back(Payload::json(said));
    EXPECT_EQ(graph.metadata(),
              R"({"name":"p","models":{"m":)" + entry + R"(},"graphinputs":[],"graphoutputs":[]})");
  }
}

TEST(Walker, BlamesNoNodeForOverload) {
  Graph graph;
  graph.add("m", NodeType::kModel);
  graph.unit("m").answers.push_back(Status(Code::kOverloaded, "out of descriptors"));
  graph.unit("m").answers.push_back(Status(Code::kUnavailable, "can't connect"));
  graph.predict();
  EXPECT_EQ(graph.error().node(), "");
  graph.predict();
  EXPECT_EQ(graph.error().node(), "m");
}

TEST(Walker, MetadataThatIsNoObjectIsABadUpstream) {
  Graph graph;
  graph.add("model", NodeType::kModel);
  graph.unit("model").answers.push_back(Payload::json("[1]"));
  graph.metadata();
  EXPECT_EQ(graph.error().code(), Code::kBadUpstream);
  EXPECT_EQ(graph.error().node(), "model");
}

}  // namespace
}  // namespace infergraph::graph
