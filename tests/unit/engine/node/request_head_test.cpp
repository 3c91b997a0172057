#include "engine/node/request_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infergraph::engine {
namespace {

using protocol::Method;
using protocol::Payload;
using enum protocol::Protocol;

TEST(RequestHead, AsksForTheModelThatTheCallerNames) {
  const AddressBook book("node", 9000);
  const RequestHead head(kTensorflow, "its own", "", book);
  graph::CallContext context;
  context.protocol = kTensorflow;
  EXPECT_EQ(head.path(Method::kPredict, context), "/v1/models/its%20own:predict");
  context.model = "m%2Fx";
  context.model_version = "/versions/3";
  EXPECT_EQ(head.path(Method::kPredict, context), "/v1/models/m%2Fx/versions/3:predict");
  EXPECT_EQ(head.path(Method::kMetadata, context), "/v1/models/m%2Fx/versions/3/metadata");
  // A caller of another protocol can't name it.
  context.protocol = kV2;
  EXPECT_EQ(head.path(Method::kPredict, context), "/v1/models/its%20own:predict");
}

// A name is never a step to another path, whoever gives it.
TEST(RequestHead, LetsNoStepsThrough) {
  const AddressBook book("node", 9000);
  graph::CallContext context;
  context.protocol = kV2;
  const RequestHead head(kV2, "..", "", book);
  EXPECT_EQ(head.path(Method::kPredict, context), "/v2/models/%2E%2E/infer");
  context.model = ".";
  EXPECT_EQ(head.path(Method::kStatus, context), "/v2/models/%2E/ready");
  context.model = "..";
  context.model_version = "/versions/..";
  EXPECT_EQ(head.path(Method::kPredict, context), "/v2/models/%2E%2E/versions/%2E%2E/infer");
  context.model = "...";
  context.model_version = "/versions/.x";
  EXPECT_EQ(head.path(Method::kPredict, context), "/v2/models/.../versions/.x/infer");
}

TEST(RequestHead, WritesWhatANodeIsSent) {
  const AddressBook book("::1", 9000);
  const RequestHead head(kSeldon, "", "/other/status", book);
  graph::CallContext context;
  context.puid = "p";
  std::string text = "what was there before";
  const std::string nothing;
  Payload body = Payload::json("{}");
  head.write(text, Method::kPredict, body, context, nothing);
  EXPECT_EQ(text,
            "POST /predict HTTP/1.1\r\nHost: [::1]:9000\r\nSeldon-Puid: p\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n");
  head.write(text, Method::kPredict, body, context, std::string("/there?a"));
  EXPECT_TRUE(text.starts_with("POST /there?a HTTP/1.1\r\nHost: [::1]:9000\r\n"));
  head.write(text, Method::kStatus, body, context, nothing);
  EXPECT_EQ(text, "GET /other/status HTTP/1.1\r\nHost: [::1]:9000\r\nSeldon-Puid: p\r\n\r\n");
}

}  // namespace
}  // namespace infergraph::engine
