#include "graph/units/model_lookup.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace infergraph::graph {
namespace {

using protocol::Method;
using protocol::Payload;
using protocol::Result;
using protocol::Transport;
using std::chrono::seconds;

constexpr const char* kMetadata =
    R"({"name":"m","inputs":[{"name":"x","datatype":"INT32","shape":[-1]}],"outputs":[]})";

// A server that answers when the test says so.
class HeldClient final : public NodeClient {
 public:
  Awaitable<Result<Payload>> call(Method, Payload, CallContext& context) override {
    deadlines.push_back(context.deadline);
    co_await event_.wait();
    if (std::exchange(throws, false)) throw std::bad_alloc();
    if (context.cancel->cancelled()) co_return protocol::Status(protocol::Code::kCancelled, "");
    co_return answer;
  }
  void release() { event_.notify(); }

  bool throws = false;              // once
  std::vector<Deadline> deadlines;  // of the calls so far
  Result<Payload> answer = Payload::json(kMetadata);

 private:
  Event event_;
};

// One request that looks the model up.
struct Request {
  CancelScope cancel;
  CallTimes times;
  CallContext context;
  std::optional<ModelLookup::Profile> found;

  Request() {
    context.cancel = &cancel;
    context.times = &times;
  }
};

class ModelLookupTest : public ::testing::Test {
 protected:
  Request& find() { return find(Deadline()); }
  Request& find(Deadline deadline) {
    Request& request = *requests_.emplace_back(std::make_unique<Request>());
    request.context.deadline = deadline;
    boost::asio::co_spawn(io_, lookup_.find(client_, Transport::kRest, request.context),
                          [&request](const std::exception_ptr& thrown, ModelLookup::Profile found) {
                            if (!thrown) request.found = std::move(found);
                          });
    run();
    return request;
  }
  void run() {
    io_.restart();
    io_.poll();
  }
  void release() {
    client_.release();
    run();
  }
  static bool knows(const Request& request) {
    return request.found && !(*request.found)->signature.inputs.empty();
  }

  boost::asio::io_context io_;
  std::vector<std::unique_ptr<Request>> requests_;
  ModelLookup lookup_{protocol::Protocol::kV2, {.name = "m"}};
  HeldClient client_;
};

TEST_F(ModelLookupTest, AsksOnceForAllWhoCome) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(find().found);
  EXPECT_EQ(client_.deadlines.size(), 1);
  release();
  for (const auto& request : requests_) EXPECT_TRUE(knows(*request));
  EXPECT_TRUE(knows(find()));
  EXPECT_EQ(client_.deadlines.size(), 1);
}

TEST_F(ModelLookupTest, AsksForABoundedTime) {
  find();
  EXPECT_LE(client_.deadlines.at(0), Deadline(Clock::now() + seconds(2)));
}

TEST_F(ModelLookupTest, OthersGoWithoutWhereTheServerTellsNothing) {
  client_.answer = protocol::Status(protocol::Code::kDeadlineExceeded, "no answer in time");
  for (int i = 0; i < 3; ++i) find();
  release();
  for (const auto& request : requests_) {
    EXPECT_TRUE(request->found);
    EXPECT_FALSE(knows(*request));
  }
  EXPECT_TRUE(find().found) << "nobody asks again so soon";
  EXPECT_EQ(client_.deadlines.size(), 1);
}

TEST_F(ModelLookupTest, TheNextAsksWhenTheFirstIsCancelled) {
  Request& first = find();
  Request& second = find();
  Request& third = find();
  first.cancel.cancel();
  release();
  EXPECT_TRUE(first.found);
  EXPECT_FALSE(second.found);
  EXPECT_FALSE(third.found);
  EXPECT_EQ(client_.deadlines.size(), 2);
  release();
  EXPECT_TRUE(knows(second));
  EXPECT_TRUE(knows(third));
  EXPECT_EQ(client_.deadlines.size(), 2);
}

TEST_F(ModelLookupTest, TheNextAsksWhenTheFirstHasNoMemory) {
  Request& first = find();
  Request& second = find();
  client_.throws = true;
  release();
  EXPECT_FALSE(first.found);
  EXPECT_EQ(client_.deadlines.size(), 2);
  release();
  EXPECT_TRUE(knows(second));
}

TEST_F(ModelLookupTest, WhoIsCancelledWhileWaitingAsksNobody) {
  find();
  Request& second = find();
  second.cancel.cancel();
  requests_.front()->cancel.cancel();
  release();
  EXPECT_TRUE(second.found);
  EXPECT_EQ(client_.deadlines.size(), 1);
}

TEST_F(ModelLookupTest, NobodyWaitsBeyondHisDeadline) {
  find();
  EXPECT_TRUE(find(Deadline(client_.deadlines.at(0).at() - seconds(2))).found);
  EXPECT_FALSE(find(Deadline(Clock::now() + seconds(60))).found);
  release();
}

TEST_F(ModelLookupTest, ARefusalIsLookedUpOnceToo) {
  Request& first = find();
  release();
  ASSERT_TRUE(knows(first));
  client_.answer = Payload::json(
      R"({"name":"m","inputs":[{"name":"x","datatype":"FP32","shape":[-1]}],"outputs":[]})");
  std::vector<std::unique_ptr<Request>> refused;
  int changed = 0;
  for (int i = 0; i < 3; ++i) {
    Request& request = *refused.emplace_back(std::make_unique<Request>());
    boost::asio::co_spawn(
        io_, lookup_.has_changed(*first.found, client_, Transport::kRest, request.context),
        [&changed](const std::exception_ptr& thrown, bool it) {
          changed += !thrown && it ? 1 : 0;
        });
  }
  run();
  EXPECT_EQ(client_.deadlines.size(), 2);
  EXPECT_TRUE(knows(find())) << "what is known does meanwhile";
  release();
  EXPECT_EQ(changed, 3);
}

TEST_F(ModelLookupTest, EndsInTheMiddle) {
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(find().found);
  // Whoever waits goes with what he waits for.
}

}  // namespace
}  // namespace infergraph::graph
