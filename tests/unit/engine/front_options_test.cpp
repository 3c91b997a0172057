#include "engine/front_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <climits>
#include <optional>

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

TEST(FrontOptions, TheListenersAreThoseOfTheFlags) {
  Options options;
  options.http_port = 8123;
  options.max_header_bytes = 1;
  options.max_body_bytes = 2;
  options.read_timeout = milliseconds(3);
  options.progress_timeout = milliseconds(4);
  options.idle_timeout = milliseconds(5);
  options.max_connections = 6;
  options.bind = {"127.0.0.1"};
  const ListenerOptions made = listener_options(options);
  EXPECT_EQ(made.port, 8123);
  EXPECT_EQ(made.limits.header, 1U);
  EXPECT_EQ(made.limits.body, 2U);
  EXPECT_EQ(made.timeouts.head, milliseconds(3));
  EXPECT_EQ(made.timeouts.progress, milliseconds(4));
  EXPECT_EQ(made.timeouts.idle, milliseconds(5));
  EXPECT_EQ(made.max_connections, 6);
  EXPECT_THAT(made.addresses, ElementsAre("127.0.0.1"));
  EXPECT_FALSE(made.take_http2);
}

TEST(FrontOptions, GrpcHasNoPortOfItsOwnOnASharedOne) {
  Options options;
  options.grpc_port = 5005;
  EXPECT_EQ(grpc_front_options(options, {}).port, 5005);
  options.one_port = true;
  EXPECT_EQ(grpc_front_options(options, {}).port, std::nullopt);
}

TEST(FrontOptions, GrpcListensEverywhereUnlessToldWhere) {
  Options options;
  EXPECT_THAT(grpc_front_options(options, {}).addresses, ElementsAre("::"));
  options.bind = {"127.0.0.1", "::1"};
  EXPECT_THAT(grpc_front_options(options, {}).addresses, ElementsAre("127.0.0.1", "::1"));
}

TEST(FrontOptions, AMessagesLimitIsTheFlagsBeforeTheAnnotations) {
  Options options;
  graph::Annotated annotations;
  EXPECT_EQ(grpc_front_options(options, annotations).max_message, INT_MAX);
  annotations.grpc_max_message_size = 1000;
  EXPECT_EQ(grpc_front_options(options, annotations).max_message, 1000);
  options.grpc_max_message_size = 2000;
  options.grpc_max_message_size_given = true;
  EXPECT_EQ(grpc_front_options(options, annotations).max_message, 2000);
  options.grpc_max_message_size = std::size_t{1} << 40;
  EXPECT_EQ(grpc_front_options(options, annotations).max_message, INT_MAX);
}

TEST(FrontOptions, MetricsNameThePredictorOfTheFileBeforeTheFlags) {
  Options options;
  options.sdep = "deployment";
  options.predictor = "flag";
  graph::PredictorSpec predictor;
  predictor.annotations["version"] = "v7";
  EXPECT_EQ(family_options(options, predictor, 3).predictor_name, "flag");
  predictor.name = "file";
  const metrics::FamilyOptions made = family_options(options, predictor, 3);
  EXPECT_EQ(made.predictor_name, "file");
  EXPECT_EQ(made.deployment_name, "deployment");
  EXPECT_EQ(made.predictor_version, "v7");
  EXPECT_EQ(made.shards, 3);
}

}  // namespace
}  // namespace infergraph::engine
