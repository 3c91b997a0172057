#include "engine/observe/failure_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "engine/command_line/options.hpp"
#include "engine/observe/log.hpp"
#include "engine/observe/rate_limit.hpp"

namespace infergraph::engine {
namespace {

using protocol::Code;
using protocol::GrpcCode;
using protocol::Payload;
using protocol::Status;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

template <typename Write>
std::string logged(Write write, const std::string& level = "INFO") {
  testing::internal::CaptureStderr();
  Options options;
  options.log_level = level;
  configure_logging(options.log_level, options.debug);
  write();
  return testing::internal::GetCapturedStderr();
}

std::string rest(const Status& why, const std::string& level = "INFO") {
  return logged(
      [&] {
        log_rest_failure({"p-1", "predictions", "POST", "/a", 1500us}, why);
      },
      level);
}

Status unavailable() {
  Status made(Code::kUnavailable, "can't connect: refused (host:9000)", "m");
  made.set_peer("10.0.0.7:9000");
  return made;
}

Status answered(int status, std::string body) {
  Payload answer = Payload::json(std::move(body));
  answer.set_status(status);
  return Status::from_upstream("m", std::move(answer));
}

TEST(FailureLog, TellsWhoWhatWhereAndWhy) {
  EXPECT_THAT(rest(unavailable()),
              AllOf(HasSubstr(R"({"level":"error",)"),
                    HasSubstr(R"("msg":"request failed","puid":"p-1","service":"predictions",)"
                              R"("verb":"POST","path":"/a","node":"m","address":"10.0.0.7:9000",)"
                              R"("status":503,"reason":"UNAVAILABLE",)"
                              R"x("error":"can't connect: refused (host:9000)","ms":1.5})x")));
  EXPECT_THAT(logged([] {
                log_grpc_failure({"p-2", "/s/M", {}, {}, 2ms}, unavailable());
              }),
              AllOf(HasSubstr(R"("puid":"p-2","service":"/s/M","node":"m")"),
                    HasSubstr(R"("code":"UNAVAILABLE")"), HasSubstr(R"("ms":2})"),
                    Not(HasSubstr("\"path\""))));
}

TEST(FailureLog, HasNoFieldForWhatIsNotKnown) {
  EXPECT_THAT(logged([] {
                log_rest_failure({"p", {}, {}, {}, {}}, Status(Code::kTooSlow, "slow"));
              }),
              EndsWith("\"msg\":\"request failed\",\"puid\":\"p\",\"status\":408,"
                       "\"reason\":\"RESOURCE_EXHAUSTED\",\"error\":\"slow\"}\n"));
}

TEST(FailureLog, SaysWhatANodeSaid) {
  EXPECT_THAT(rest(answered(500, R"({"status":{"info":"no such column"}})")),
              AllOf(HasSubstr(R"("status":500,"error":"no such column")"), HasSubstr("error")));
  EXPECT_THAT(rest(Status::from_upstream("m", {GrpcCode::kNotFound, "no row", ""})),
              AllOf(HasSubstr(R"("status":404,"reason":"NOT_FOUND")"), HasSubstr("no row")));
  EXPECT_LT(rest(answered(500, std::string(100'000, 'x'))).size(), 1000U);
}

TEST(FailureLog, HasALevelForWhoIsToBlame) {
  const std::pair<Status, std::string_view> cases[] = {
      {unavailable(), "error"},
      {Status(Code::kInternal, ""), "error"},
      {Status(Code::kOverloaded, ""), "error"},
      {Status(Code::kDeadlineExceeded, ""), "error"},
      {Status(Code::kBadUpstream, ""), "error"},
      {answered(503, ""), "error"},
      {answered(404, ""), "warn"},
      {Status::from_upstream("m", {GrpcCode::kInvalidArgument, "", ""}), "warn"},
      {Status::from_upstream("m", {GrpcCode::kUnknown, "", ""}), "error"},
      {Status(Code::kInvalidArgument, ""), "warn"},
      {Status(Code::kNotFound, ""), "warn"},
      {Status(Code::kMethodNotAllowed, ""), "warn"},
      {Status(Code::kTooLarge, ""), "warn"},
      {Status(Code::kTooSlow, ""), "warn"},
      {Status(Code::kCancelled, ""), "info"},
  };
  for (const auto& [why, level] : cases) {
    EXPECT_THAT(rest(why), HasSubstr("{\"level\":\"" + std::string(level) + "\"")) << why.message();
  }
  EXPECT_EQ(rest(Status(Code::kNotFound, ""), "ERROR"), "");
  EXPECT_EQ(rest(Status(Code::kCancelled, ""), "WARNING"), "");
}

TEST(RateLimit, CountsWhatItHoldsBack) {
  RateLimit limit(3);
  const RateLimit::Clock::time_point start{1'000'000ms};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.admit(start + 1ms * i), 0);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.admit(start + 999ms));
  EXPECT_EQ(limit.admit(start + 1000ms), 5);
  EXPECT_EQ(limit.admit(start + 1001ms), 0);
  EXPECT_EQ(limit.admit(start + 1999ms), 0);
  EXPECT_FALSE(limit.admit(start + 1999ms));
  EXPECT_EQ(limit.admit(start + 100'000ms), 1);
}

}  // namespace
}  // namespace infergraph::engine
