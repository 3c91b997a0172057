#include "protocol/convert/status_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"
#include "google/api/httpbody.pb.h"
#include "google/rpc/status.pb.h"
#include "protocol/json/json.hpp"

namespace infergraph::protocol {
namespace {

using protocol::Code;
using protocol::GrpcCode;
using protocol::GrpcStatus;
using protocol::Payload;
using protocol::Status;

// What callers' libraries take of all metadata by default.
constexpr std::size_t kCallersLimit = 8192;

std::size_t on_the_wire(const GrpcStatus& status) {
  std::size_t size = (status.details.size() + 2) / 3 * 4;
  for (const char c : status.message) size += c >= 0x20 && c <= 0x7e && c != '%' ? 1U : 3U;
  return size;
}

Status rest_error(int status, std::string body, std::string_view type = "application/json") {
  Payload answer = Payload::json(std::move(body));
  answer.set_content_type(type);
  answer.set_status(status);
  return Status::from_upstream("n", std::move(answer));
}

// docs/wire/engine.md §5.
TEST(GrpcCode, OfEveryStatusOfARestNode) {
  for (int status = 300; status < 600; ++status) {
    GrpcCode expected = status / 100 == 4 ? GrpcCode::kInvalidArgument : GrpcCode::kInternal;
    switch (status) {
      case 401:
        expected = GrpcCode::kUnauthenticated;
        break;
      case 403:
        expected = GrpcCode::kPermissionDenied;
        break;
      case 404:
        expected = GrpcCode::kNotFound;
        break;
      case 405:
      case 501:
        expected = GrpcCode::kUnimplemented;
        break;
      case 408:
      case 504:
        expected = GrpcCode::kDeadlineExceeded;
        break;
      case 409:
        expected = GrpcCode::kAborted;
        break;
      case 413:
      case 429:
        expected = GrpcCode::kResourceExhausted;
        break;
      case 499:
        expected = GrpcCode::kCancelled;
        break;
      case 502:
      case 503:
        expected = GrpcCode::kUnavailable;
        break;
      default:
        break;
    }
    EXPECT_EQ(grpc_code(rest_error(status, "")), expected) << status;
  }
}

TEST(GoNames, AreThoseOfGo) {
  std::set<std::string_view> names;
  for (int number = 0; number <= 16; ++number) {
    const GrpcCode code = protocol::to_grpc_code(number);
    // Ours without underscores and in Go's spelling; gRPC has "CANCELLED", Go "Canceled".
    std::string expected;
    bool begins = true;
    for (const char c : protocol::name_of(code)) {
      if (c == '_') {
        begins = true;
      } else {
        expected += begins ? c : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        begins = false;
      }
    }
    if (code == GrpcCode::kOk) expected = "OK";
    if (code == GrpcCode::kCancelled) expected = "Canceled";
    EXPECT_EQ(protocol::go_name_of(code), expected);
    names.insert(protocol::go_name_of(code));
  }
  EXPECT_EQ(names.size(), 17U);
}

std::vector<std::string> hostile_texts() {
  std::vector<std::string> texts = {
      "",       "plain",        "100% \"it\"",  "z\xC3\xB6lf \xE2\x9C\x93",
      "a\xFFz", "\xED\xA0\x80", "cut \xE2\x9C", std::string("\0nul", 4)};
  for (const std::string& unit : {std::string("x"), std::string("%"), std::string("\xC3\xBC"),
                                  std::string("\xF0\x9F\x98\x80"), std::string("\xFF"),
                                  std::string("\x80"), std::string("\0", 1)}) {
    for (const std::size_t size : {511U, 4095U, 4096U, 60'000U}) {
      std::string text;
      while (text.size() < size) text += unit;
      texts.push_back(text);
    }
  }
  return texts;
}

TEST(GrpcStatus, IsBoundedAndUtf8WhateverANodeSays) {
  for (const std::string& text : hostile_texts()) {
    google::rpc::Status own;
    own.set_code(3);
    own.add_details()->set_value(text);
    std::vector<Status> failures = {
        rest_error(500, text),
        rest_error(404, "{\"status\":{\"info\":\"" + text + "\"}}"),
        rest_error(404, "short", text),
        Status::from_upstream("n", {GrpcCode::kAborted, text, ""}),
        Status::from_upstream("n", {GrpcCode::kAborted, text, own.SerializeAsString()}),
        Status::from_upstream("n", {GrpcCode::kAborted, "short", text}),
        Status(Code::kInternal, text),
        Status(Code::kBadUpstream, "bad", "node " + text)};
    for (const Status& failure : failures) {
      const GrpcStatus made = grpc_status(failure);
      EXPECT_TRUE(is_utf8(made.message));
      EXPECT_LT(on_the_wire(made) + failed_node(failure).size(), kCallersLimit);
      for (const auto protocol : {protocol::Protocol::kSeldon, protocol::Protocol::kTensorflow,
                                  protocol::Protocol::kV2}) {
        const Payload body = error_body(failure, protocol);
        if (failure.answer() && protocol == protocol::Protocol::kSeldon) continue;  // its very own
        EXPECT_TRUE(is_utf8(body.bytes()));
        EXPECT_FALSE(protocol::json::check(body.bytes()));
      }
    }
  }
}

TEST(GrpcStatus, KeepsWhatThereIsRoomFor) {
  const GrpcStatus whole =
      grpc_status(Status::from_upstream("n", {GrpcCode::kAborted, std::string(3000, 'x'), ""}));
  EXPECT_EQ(whole.message, std::string(3000, 'x') + " (node \"n\")");
  const GrpcStatus cut =
      grpc_status(Status::from_upstream("n", {GrpcCode::kAborted, std::string(60'000, 'x'), ""}));
  EXPECT_EQ(cut.message, std::string(4096, 'x') + "\xE2\x80\xA6 (node \"n\")");

  const std::string odd = "no google.rpc.Status";
  EXPECT_EQ(grpc_status(Status::from_upstream("n", {GrpcCode::kAborted, "m", odd})).details, odd);

  // Of details that are too long, those that fit; never half of one.
  google::rpc::Status own;
  for (const std::size_t size : {100U, 60'000U, 200U})
    own.add_details()->set_value(std::string(size, 'd'));
  google::rpc::Status kept;
  ASSERT_TRUE(kept.ParseFromString(
      grpc_status(Status::from_upstream("n", {GrpcCode::kAborted, "m", own.SerializeAsString()}))
          .details));
  ASSERT_EQ(kept.details_size(), 2);
  EXPECT_EQ(kept.details(0).value().size(), 100U);
  EXPECT_EQ(kept.details(1).value().size(), 200U);
  EXPECT_EQ(kept.message(), "m (node \"n\")");
}

TEST(GrpcStatus, HasTheBodyOfARestNode) {
  const GrpcStatus made = grpc_status(rest_error(404, std::string(100'000, 'x'), "text/html"));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(made.details));
  EXPECT_EQ(details.message(), made.message);
  google::api::HttpBody body;
  ASSERT_TRUE(details.details(0).UnpackTo(&body));
  EXPECT_EQ(body.content_type(), "text/html");
  EXPECT_EQ(body.data(), std::string(4096, 'x').substr(0, body.data().size()));
  EXPECT_GT(body.data().size(), 3500U);
}

TEST(FailedNode, IsAHeaderValue) {
  EXPECT_EQ(failed_node(Status(Code::kInternal, "x")), "");
  EXPECT_EQ(failed_node(Status(Code::kInternal, "x", "classifier")), "classifier");
  EXPECT_EQ(failed_node(Status(Code::kInternal, "x", "odd \"name\\")), "odd \"name\\");
  EXPECT_EQ(failed_node(Status(Code::kInternal, "x", " 100%\r\nX: y")), "%20100%25%0D%0AX: y");
  EXPECT_EQ(failed_node(Status(Code::kInternal, "x", "\xC3\xBC ")), "%C3%BC%20");
  EXPECT_LT(failed_node(Status(Code::kInternal, "x", std::string(10'000, '\n'))).size(), 200U);
}

}  // namespace
}  // namespace infergraph::protocol
