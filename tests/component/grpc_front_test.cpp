// The gRPC server and a relayed stream over real loopback sockets, where handlers throw.

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "engine/grpc/front.hpp"
#include "engine/grpc/stream_call.hpp"
#include "engine/node/grpc_relay.hpp"

namespace infergraph::engine {
namespace {

using protocol::GrpcCode;
using protocol::GrpcStatus;
using protocol::Payload;

constexpr auto kLong = std::chrono::seconds(60);
constexpr std::array<std::string_view, 1> kUnary = {"/test.Test/Unary"};
constexpr const char* kThrows = "/test.Test/Throws";
constexpr const char* kTalks = "/test.Test/Talks";

// Throws while a read is under way.
class Thrower final : public StreamHandler {
 public:
  explicit Thrower(GrpcThread& thread) : thread_(thread) {}
  Awaitable<GrpcStatus> serve(MessageStream& stream) override {
    boost::asio::co_spawn(thread_.context(), stream.read(),
                          [this](const std::exception_ptr&, auto) { ++ended_reads; });
    throw std::runtime_error("thrown");
    co_return GrpcStatus{};
  }

  std::atomic<int> ended_reads = 0;

 private:
  GrpcThread& thread_;
};

// Says a word and listens to the end.
class Talker final : public StreamHandler {
 public:
  Awaitable<GrpcStatus> serve(MessageStream& stream) override {
    bool open = co_await stream.write(Payload::proto("word"));
    while (open) {
      const auto message = co_await stream.read();
      open = message.has_value();
    }
    co_return GrpcStatus{};
  }
};

class Service final : public GrpcService {
 public:
  explicit Service(GrpcThread& thread) : thrower(thread) {}
  std::span<const std::string_view> methods() const override { return kUnary; }
  std::span<const GrpcStream> streams() const override { return streams_; }
  Awaitable<GrpcResponse> handle(GrpcRequest&) override {
    throw std::runtime_error("thrown");
    co_return GrpcResponse{};
  }

  Thrower thrower;
  Talker talker;

 private:
  std::array<GrpcStream, 2> streams_ = {{{kThrows, &thrower}, {kTalks, &talker}}};
};

// A caller of a relay who can't be written to, and says something only when he is told to.
class Caller final : public MessageStream, public infergraph::Caller {
 public:
  Awaitable<std::optional<Payload>> read() override {
    ++reads;
    co_await says.wait();
    co_return Payload::proto("more");
  }
  Awaitable<bool> write(const Payload&) override {
    throw std::runtime_error("thrown");
    co_return true;
  }
  std::vector<protocol::HeaderField> metadata() const override { return {}; }
  Clock::time_point deadline() const override { return Clock::time_point::max(); }
  CancelScope& cancel() override { return scope; }
  void set_failed_node(const std::string& name) override { failed_node = name; }
  const infergraph::Caller& caller() const override { return *this; }
  std::uint64_t key() const override { return 1; }

  int reads = 0;
  Event says;
  CancelScope scope;
  std::string failed_node;
};

class GrpcFrontTest : public testing::Test {
 protected:
  GrpcFrontTest() {
    port = *front.open();
    thread.start();
    const std::string target = "127.0.0.1:" + std::to_string(port);
    stub = std::make_unique<grpc::GenericStub>(
        grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
  }
  ~GrpcFrontTest() override {
    stub.reset();
    EXPECT_TRUE(front.drain(kLong)) << "a call has not ended";
    thread.stop();
  }

  // One operation at a time.
  void wait() {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
  }
  template <typename Function>
  void on_thread(Function function) {
    std::promise<void> done;
    thread.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  GrpcThread thread{0};
  Service service{thread};
  GrpcFront front{thread, service, {.port = 0, .addresses = {"127.0.0.1"}}};
  std::uint16_t port = 0;
  std::unique_ptr<grpc::GenericStub> stub;
  grpc::CompletionQueue queue;
};

TEST_F(GrpcFrontTest, AUnaryCallThatThrowsIsInternal) {
  grpc::ClientContext context;
  grpc::Status status;
  grpc::ByteBuffer answer;
  const grpc::Slice asked("x");
  const auto call =
      stub->PrepareUnaryCall(&context, std::string(kUnary[0]), grpc::ByteBuffer(&asked, 1), &queue);
  call->StartCall();
  call->Finish(&answer, &status, nullptr);
  wait();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "thrown");
}

TEST_F(GrpcFrontTest, AStreamThatThrowsIsInternalAndWaitsForItsRead) {
  grpc::ClientContext context;
  grpc::Status status;
  const auto call = stub->PrepareCall(&context, kThrows, &queue);
  call->StartCall(nullptr);
  wait();
  call->Finish(&status, nullptr);
  wait();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "thrown");
  EXPECT_TRUE(front.drain(kLong));
  EXPECT_EQ(service.thrower.ended_reads, 1);
}

TEST_F(GrpcFrontTest, ARelayThatThrowsEndsBothDirections) {
  const auto book = std::make_shared<AddressBook>("127.0.0.1", port);
  book->set({TcpEndpoint(boost::asio::ip::make_address("127.0.0.1"), port)});
  GrpcTransport transport(thread, {});
  Caller caller;
  {
    GrpcRelay relay("node", kTalks, std::make_unique<GrpcChannels>(transport, book));
    std::promise<GrpcStatus> served;
    thread.post([&] {
      boost::asio::co_spawn(thread.context(), relay.serve(caller),
                            [&](const std::exception_ptr& thrown, GrpcStatus status) {
                              if (thrown) status.message = "serve() threw";
                              served.set_value(std::move(status));
                            });
    });
    auto status = served.get_future();
    ASSERT_EQ(status.wait_for(kLong), std::future_status::ready);
    const GrpcStatus ended = status.get();
    EXPECT_EQ(ended.code, GrpcCode::kInternal);
    EXPECT_THAT(ended.message, testing::HasSubstr("thrown"));
    EXPECT_EQ(caller.failed_node, "node");
  }
  // Who reads for him on finds that it has ended, and touches him no more.
  on_thread([&] { caller.says.notify(); });
  on_thread([&] { EXPECT_EQ(caller.reads, 1); });
}

}  // namespace
}  // namespace infergraph::engine
