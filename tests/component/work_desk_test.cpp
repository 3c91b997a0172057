#include <gtest/gtest.h>

#include <future>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "engine/work/desk.hpp"
#include "protocol/gzip.hpp"
#include "protocol/gzip_writer.hpp"
#include "protocol/work.hpp"

namespace infergraph::engine {
namespace {

using graph::CallContext;
using protocol::Code;
using protocol::Payload;
using protocol::Result;

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::optional<Code> code_of(const Result<Payload>& answer) {
  if (answer) return std::nullopt;
  return answer.error().code();
}

// One loop, which the test runs itself, and the pool beside it.
class Desk : public testing::Test {
 protected:
  Desk() { context_of(context); }

  void context_of(CallContext& made, const Caller* caller = nullptr) {
    made.cancel = &cancel;
    made.times = &times;
    made.work = &desk;
    made.caller = caller;
  }

  // Begins it; the answer is there once the loop has ended, or its parts have.
  template <typename Make>
  std::shared_ptr<std::optional<Result<Payload>>> begin(std::size_t bytes, Make make,
                                                        CallContext& with) {
    auto answer = std::make_shared<std::optional<Result<Payload>>>();
    ++work_left;
    boost::asio::co_spawn(loop, work(bytes, std::move(make), with),
                          [answer, this](const std::exception_ptr& thrown, Result<Payload> made) {
                            EXPECT_FALSE(thrown);
                            answer->emplace(std::move(made));
                            --work_left;
                          });
    return answer;
  }
  template <typename Make>
  Result<Payload> done(std::size_t bytes, Make make) {
    const auto answer = begin(bytes, std::move(make), context);
    run();
    return **answer;
  }
  // Until everything that was begun has ended.
  void run() {
    while (work_left > 0) loop.run_one();
    loop.restart();
  }

  template <typename Make>
  Awaitable<Result<Payload>> work(std::size_t bytes, Make make, CallContext& with) {
    auto made = graph::try_here(with, bytes, make);
    if (!made) made = co_await graph::elsewhere(with, bytes, make);
    co_return *std::move(made);
  }

  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
      loop.get_executor()};
  int work_left = 0;
  std::shared_ptr<WorkBudget> budget = std::make_shared<WorkBudget>(8 * kMiB, "--max_work_bytes");
  WorkPool pool{1, 2};
  WorkDesk desk{pool, budget,
                [this](std::function<void()> call) { boost::asio::post(loop, std::move(call)); },
                nullptr, 0};
  CancelScope cancel;
  graph::CallTimes times;
  CallContext context;
};

// Keeps the pool's thread busy until the test lets go of it.
struct Busy {
  std::promise<void> began;
  std::promise<void> let_go;
  Result<Payload> operator()() {
    began.set_value();
    let_go.get_future().wait();
    return Payload::json("busy");
  }
};

TEST_F(Desk, DoesWhatIsSmallAtOnce) {
  const auto self = std::this_thread::get_id();
  const auto answer = done(graph::kInlineBytes, [self]() -> Result<Payload> {
    return Payload::json(std::this_thread::get_id() == self ? "here" : "elsewhere");
  });
  EXPECT_EQ(answer->bytes(), "here");
  EXPECT_EQ(budget->taken(), 0U);
}

TEST_F(Desk, DoesWhatIsLargeElsewhereAndComesBack) {
  const auto self = std::this_thread::get_id();
  const auto answer = done(graph::kInlineBytes + 1, [self]() -> Result<Payload> {
    return Payload::json(std::this_thread::get_id() == self ? "here" : "elsewhere");
  });
  EXPECT_EQ(answer->bytes(), "elsewhere");
}

TEST_F(Desk, MovesSmallMessagesThatBecomeLarge) {
  const auto self = std::this_thread::get_id();
  int times_begun = 0;
  const auto answer = done(21, [&]() -> Result<Payload> {
    ++times_begun;
    if (auto paid = protocol::afford(kMiB); !paid) return paid.error();
    return Payload::json(std::this_thread::get_id() == self ? "here" : "elsewhere");
  });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->bytes(), "elsewhere");
  EXPECT_EQ(times_begun, 2);
}

// What is packed is measured by what comes out.
TEST_F(Desk, MovesAndCountsSmallMessagesThatUnpackToLargeOnes) {
  const auto self = std::this_thread::get_id();
  Payload message = Payload::json(protocol::gzipped(std::string(4 * kMiB, ' ')));
  message.set_content_encoding("gzip");
  ASSERT_LT(message.size(), graph::kInlineBytes);
  std::size_t here = 0;
  std::size_t held = 0;
  const auto unpack = [&]() -> Result<Payload> {
    auto plain = protocol::decoded(message, kMiB << 10);
    if (plain && std::this_thread::get_id() == self) ++here;
    held = budget->taken();
    return plain;
  };
  {
    const auto answer = done(message.size(), unpack);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->size(), 4 * kMiB);
    EXPECT_EQ(here, 0U);
    EXPECT_GE(held, 4 * kMiB);
    EXPECT_EQ(budget->taken(), 4 * kMiB);
    EXPECT_EQ(code_of(done(message.size(), unpack)), Code::kOverloaded) << "no room for two";
  }
  EXPECT_EQ(budget->taken(), 0U);
}

TEST_F(Desk, CountsWhatIsHeldAsLongAsItIs) {
  {
    const auto answer = done(kMiB, []() -> Result<Payload> {
      if (auto paid = protocol::afford(3 * kMiB); !paid) return paid.error();
      Payload made = Payload::json(std::string(2 * kMiB, ' '));
      made.set_status(201);
      made.set_protocol(protocol::Protocol::kV2);
      return made;
    });
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->size(), 2 * kMiB);
    EXPECT_EQ(answer->status(), 201);
    EXPECT_EQ(answer->protocol(), protocol::Protocol::kV2);
    EXPECT_EQ(answer->content_type(), "application/json");
    EXPECT_EQ(budget->taken(), 2 * kMiB) << "what it took besides is given back";
  }
  EXPECT_EQ(budget->taken(), 0U);
}

TEST_F(Desk, RefusesWhatWouldHoldTooMuch) {
  const auto refused = done(9 * kMiB, []() -> Result<Payload> { return Payload(); });
  ASSERT_EQ(code_of(refused), Code::kOverloaded);
  EXPECT_EQ(refused.error().message(), "too much work at a time (--max_work_bytes)");
  const auto grows = []() -> Result<Payload> {
    for (int i = 0; i < 100; ++i) {
      // What the codec makes of the refusal doesn't count.
      if (auto paid = protocol::afford(kMiB); !paid) {
        return protocol::Status(Code::kBadUpstream, "blamed");
      }
    }
    return Payload();
  };
  EXPECT_EQ(code_of(done(kMiB, grows)), Code::kOverloaded);
  EXPECT_EQ(code_of(done(21, grows)), Code::kOverloaded);
  EXPECT_EQ(budget->taken(), 0U);
}

TEST_F(Desk, AHundredSmallMessagesThatGrowStayUnderTheLimit) {
  std::vector<std::shared_ptr<std::optional<Result<Payload>>>> answers;
  std::atomic<std::size_t> most = 0;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(begin(
        21,
        [&]() -> Result<Payload> {
          if (auto paid = protocol::afford(kMiB); !paid) return paid.error();
          most = std::max(most.load(), budget->taken());
          return Payload::json(std::string(kMiB, ' '));
        },
        context));
  }
  run();
  EXPECT_LE(most, budget->limit());
  std::size_t refused = 0;
  for (const auto& answer : answers) refused += code_of(**answer) == Code::kOverloaded ? 1 : 0;
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, answers.size());
  answers.clear();
  EXPECT_EQ(budget->taken(), 0U);
}

TEST_F(Desk, LeavesTheQueueAtOnceWhenCancelled) {
  Busy busy;
  auto began = busy.began.get_future();
  const auto first = begin(kMiB, std::ref(busy), context);
  loop.run_one();
  began.wait();
  CancelScope other;
  CallContext cancelled = context;
  cancelled.cancel = &other;
  bool ran = false;
  const auto second = begin(
      kMiB,
      [&]() -> Result<Payload> {
        ran = true;
        return Payload();
      },
      cancelled);
  loop.run_one();
  EXPECT_EQ(pool.waiting(), 1U);
  other.cancel();
  EXPECT_EQ(pool.waiting(), 0U);
  EXPECT_FALSE(*second) << "never from within the call";
  while (!*second) loop.run_one();
  EXPECT_EQ(code_of(**second), Code::kCancelled);
  EXPECT_FALSE(ran);
  busy.let_go.set_value();
  run();
  EXPECT_TRUE(**first);
}

TEST_F(Desk, EndsRunningWorkAtItsNextSliceWhenCancelled) {
  std::promise<void> began;
  auto has_begun = began.get_future();
  const auto answer = begin(
      kMiB,
      [&]() -> Result<Payload> {
        began.set_value();
        for (;;) {
          if (auto paid = protocol::afford(0); !paid) return paid.error();
          std::this_thread::yield();
        }
      },
      context);
  loop.run_one();
  has_begun.wait();
  cancel.cancel();
  run();
  EXPECT_EQ(code_of(**answer), Code::kCancelled);
}

TEST_F(Desk, RefusesMoreThanMayWait) {
  Busy busy;
  auto began = busy.began.get_future();
  const auto running = begin(kMiB, std::ref(busy), context);
  loop.run_one();
  began.wait();
  const auto quick = []() -> Result<Payload> { return Payload::json("quick"); };
  std::vector<std::shared_ptr<std::optional<Result<Payload>>>> others;
  for (int i = 0; i < 3; ++i) others.push_back(begin(kMiB, quick, context));
  while (!*others[2]) loop.run_one();
  ASSERT_EQ(code_of(**others[2]), Code::kOverloaded);
  EXPECT_EQ((*others[2])->error().message(), "too many messages wait for a work thread");
  EXPECT_FALSE(*others[0]);
  busy.let_go.set_value();
  run();
  EXPECT_TRUE(**others[0]);
  EXPECT_TRUE(**others[1]);
}

TEST_F(Desk, TellsWhatWasThrown) {
  const auto out_of_memory = done(kMiB, []() -> Result<Payload> { throw std::bad_alloc(); });
  ASSERT_FALSE(out_of_memory);
  EXPECT_EQ(out_of_memory.error().code(), Code::kInternal);
  EXPECT_EQ(out_of_memory.error().message(), "out of memory");
  EXPECT_EQ(budget->taken(), 0U);
  EXPECT_TRUE(done(kMiB, []() -> Result<Payload> { return Payload(); })) << "the thread goes on";
}

TEST_F(Desk, GivesOthersTheirTurn) {
  std::string order;
  const auto loops = [&](char name) -> Awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      order += name;
      co_await desk.give_turn();
    }
  };
  int left = 2;
  for (const char name : {'a', 'b'}) {
    boost::asio::co_spawn(loop, loops(name), [&left](const std::exception_ptr&) { --left; });
  }
  while (left > 0) loop.run_one();
  EXPECT_EQ(order, "ababab");
}

TEST(WorkPool, DropsWhatWaitsWhenItEnds) {
  struct Job final : WorkPool::Job {
    void run() noexcept override {
      if (gate != nullptr) {
        began.set_value();
        gate->get_future().wait();
      }
      ran = true;
    }
    void drop() noexcept override { dropped = true; }
    std::promise<void>* gate = nullptr;
    std::promise<void> began;
    bool ran = false;
    bool dropped = false;
  };
  std::promise<void> gate;
  Job first;
  first.gate = &gate;
  auto began = first.began.get_future();
  Job second;
  std::thread opens;
  {
    WorkPool pool(1, 8);
    ASSERT_TRUE(pool.submit(first, 1));
    began.wait();
    ASSERT_TRUE(pool.submit(second, 1));
    opens = std::thread([&gate] { gate.set_value(); });
  }
  opens.join();
  EXPECT_TRUE(first.ran) << "what runs is awaited";
  EXPECT_TRUE(second.ran != second.dropped) << "exactly one end comes";
}

}  // namespace
}  // namespace infergraph::engine
