#include "protocol/seldon/proto.hpp"

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/json/proto_json.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph::protocol {
namespace {

using seldon::protos::Feedback;
using seldon::protos::SeldonMessage;
using testing::ElementsAre;
using testing::Pair;

template <typename Message = SeldonMessage>
std::string wire_of(std::string_view json) {
  return *json_to_proto(json, *Message::descriptor());
}

std::string route_of(std::string_view json) {
  const auto route = read_route_proto(wire_of(json));
  return route ? std::to_string(*route) : route.error().message();
}

constexpr std::string_view kMalformed("\x12\x05", 2);

TEST(RouteProto, IsTheFirstElementOfAnyArray) {
  for (const std::string_view json :
       {R"({"data":{"ndarray":[[2]]}})", R"({"data":{"ndarray":[2]}})",
        R"({"data":{"ndarray":[2,"x"]}})", R"({"data":{"tensor":{"shape":[1,1],"values":[2]}}})",
        R"({"data":{"tftensor":{"dtype":"DT_INT32","intVal":[2]}}})",
        R"({"data":{"tftensor":{"dtype":"DT_INT64","int64Val":[2]}}})",
        R"({"data":{"tftensor":{"dtype":"DT_FLOAT","floatVal":[2]}}})",
        R"({"data":{"tftensor":{"dtype":"DT_DOUBLE","doubleVal":[2]}}})",
        R"({"data":{"tftensor":{"dtype":"DT_UINT32","uint32Val":[2]}}})",
        R"({"data":{"tftensor":{"dtype":"DT_UINT64","uint64Val":[2]}}})",
        R"({"data":{"tftensor":{"dtype":"DT_INT32","tensorContent":"AgAAAA=="}}})",
        R"({"data":{"tftensor":{"dtype":"DT_DOUBLE","tensorContent":"AAAAAAAAAEA="}}})"}) {
    EXPECT_EQ(route_of(json), "2") << json;
    EXPECT_EQ(*read_route(json), 2) << json;
  }
  EXPECT_EQ(route_of(R"({"data":{"ndarray":[[-1]]}})"), "-1");
}

TEST(RouteProto, TakesFractionsAndDataWithoutAnArray) {
  using enum RouteOddity;
  struct Case {
    std::string_view json;
    int route;
    RouteOddity oddity;
  };
  const Case cases[] = {
      {R"({"data":{"ndarray":[[1.9]]}})", 1, kFraction},
      {R"({"data":{"ndarray":[-0.5]}})", 0, kFraction},
      {R"({"data":{"tensor":{"values":[2.5]}}})", 2, kFraction},
      {R"({"data":{"tftensor":{"dtype":"DT_DOUBLE","doubleVal":[1.25]}}})", 1, kFraction},
      {R"({"data":{}})", -1, kNoData},
      {R"({"data":{"ndarray":[[1]]}})", 1, kNone},
  };
  for (const Case& each : cases) {
    auto oddity = kNone;
    const auto route = read_route_proto(wire_of(each.json), &oddity);
    ASSERT_TRUE(route) << each.json;
    EXPECT_EQ(*route, each.route) << each.json;
    EXPECT_EQ(oddity, each.oddity) << each.json;
  }
}

TEST(RouteProto, SaysWhyThereIsNone) {
  for (const std::string_view json :
       {"{}", R"({"strData":"1"})", R"({"data":{"names":["a"]}})", R"({"data":{"ndarray":[]}})",
        R"({"data":{"ndarray":[["1"]]}})", R"({"data":{"ndarray":[[[1]]]}})",
        R"({"data":{"ndarray":[null]}})", R"({"data":{"tensor":{}}})",
        R"({"data":{"tensor":{"values":["NaN"]}}})", R"({"data":{"tensor":{"values":[1e10]}}})",
        R"({"data":{"tftensor":{"dtype":"DT_STRING","stringVal":["MQ=="]}}})",
        R"({"data":{"tftensor":{"dtype":"DT_INT32","tensorContent":"AgAA"}}})"}) {
    const auto route = read_route_proto(wire_of(json));
    ASSERT_FALSE(route.has_value()) << json;
    EXPECT_EQ(route.error().code(), Code::kInvalidRouting) << json;
    EXPECT_EQ(read_route(json).error().code(), Code::kInvalidRouting) << json;
  }
  EXPECT_EQ(read_route_proto(kMalformed).error().code(), Code::kBadUpstream);
}

TEST(FeedbackRoutingProto, IsReadFromTheResponse) {
  EXPECT_THAT(*read_feedback_routing_proto(""), ElementsAre());
  const std::string wire =
      wire_of<Feedback>(R"({"request":{"meta":{"routing":{"no":1}}},)"
                        R"("response":{"meta":{"routing":{"a":1,"b":-1}}},"reward":1,)"
                        R"("truth":{"meta":{"routing":{"no":1}}}})");
  EXPECT_THAT(*read_feedback_routing_proto(wire), ElementsAre(Pair("a", 1), Pair("b", -1)));
  // Messages behind one another are one.
  EXPECT_THAT(*read_feedback_routing_proto(
                  wire + wire_of<Feedback>(R"({"response":{"meta":{"routing":{"b":2}}}})")),
              ElementsAre(Pair("a", 1), Pair("b", 2)));
}

TEST(FeedbackRoutingProto, MustBeWellFormed) {
  for (const std::string_view wire :
       {kMalformed, std::string_view("\x12\x02\x12\x05", 4),
        std::string_view("\x12\x04\x12\x02\x1a\x01", 6),
        std::string_view("\x12\x05\x12\x03\x1a\x01\x0a", 7), std::string_view("\x0c", 1)}) {
    const auto routing = read_feedback_routing_proto(wire);
    ASSERT_FALSE(routing.has_value());
    EXPECT_EQ(routing.error().code(), Code::kInvalidArgument);
  }
}

TEST(WithRoutingProto, JoinsTheRoutingThatIsThere) {
  const std::vector<std::pair<std::string_view, int>> routing = {{"a", 1}, {"b", -1}};
  const std::string before =
      wire_of(R"({"meta":{"puid":"p","routing":{"b":2,"c":3}},"strData":"s"})");
  SeldonMessage after;
  ASSERT_TRUE(after.ParseFromString(with_routing_proto(before, routing)));
  EXPECT_EQ(after.meta().puid(), "p");
  EXPECT_EQ(after.strdata(), "s");
  EXPECT_EQ(after.meta().routing_size(), 3);
  EXPECT_EQ(after.meta().routing().at("a"), 1);
  EXPECT_EQ(after.meta().routing().at("b"), -1);
  EXPECT_EQ(after.meta().routing().at("c"), 3);
  ASSERT_TRUE(after.ParseFromString(with_routing_proto(wire_of(R"({"meta":{}})"), routing)));
  EXPECT_EQ(after.meta().routing_size(), 2);

  const std::string unknown = before + std::string("\x98\x06\x01", 3);
  EXPECT_TRUE(with_routing_proto(unknown, routing).starts_with(unknown));
  EXPECT_EQ(with_routing_proto(before, {}), before);
  for (const std::string& same :
       {std::string(), wire_of(R"({"strData":"s"})"), before + std::string(kMalformed)}) {
    EXPECT_EQ(with_routing_proto(same, routing), same);
  }
}

TEST(JoinListProto, PutsTheMessagesAsTheyAre) {
  const std::string message =
      wire_of(R"({"strData":")" + std::string(300, 'x') + R"("})") + std::string("\x98\x06\x01", 3);
  const std::vector<Payload> children = {Payload::proto(message), Payload(),
                                         Payload::proto(wire_of(R"({"binData":"AQ=="})"))};
  seldon::protos::SeldonMessageList list;
  ASSERT_TRUE(list.ParseFromString(std::string(join_list_proto(children)->bytes())));
  ASSERT_EQ(list.seldonmessages_size(), 3);
  EXPECT_EQ(list.seldonmessages(0).SerializeAsString(), message);
  EXPECT_EQ(list.seldonmessages(1).ByteSizeLong(), 0U);
  EXPECT_EQ(list.seldonmessages(2).bindata(), "\x01");
  EXPECT_EQ(join_list_proto({})->bytes(), "");
}

TEST(MetadataName, IsRead) {
  EXPECT_EQ(*read_metadata_name(""), "");
  EXPECT_EQ(*read_metadata_name("\x0a\x01m"), "m");
  EXPECT_EQ(read_metadata_name(kMalformed).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace infergraph::protocol
