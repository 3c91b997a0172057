#include "engine/net/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include <boost/asio/ip/address.hpp>

#include "engine/observe/log.hpp"

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

constexpr auto kLong = seconds(60);
constexpr milliseconds kSoon{1};

TcpEndpoint at(const char* address, std::uint16_t port) {
  return {boost::asio::ip::make_address(address), port};
}

// Waits for what other threads bring about.
template <typename Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

// A name server: what it knows, and whom it lets hang. Shared with look-ups that outlive a test.
class Names {
 public:
  void set(const std::string& host, std::vector<TcpEndpoint> addresses) {
    const std::lock_guard lock(mutex_);
    known_[host] = std::move(addresses);
  }
  void fail(const std::string& host) { set(host, {}); }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  int asked(const std::string& host) {
    const std::lock_guard lock(mutex_);
    return asked_[host];
  }
  std::vector<TcpEndpoint> look_up(const std::string& host, std::string& error) {
    std::unique_lock lock(mutex_);
    ++asked_[host];
    if (host.starts_with("slow")) changed_.wait(lock, [this] { return released_; });
    auto found = known_[host];
    if (found.empty() && host != "silent") error = "no such name";
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<TcpEndpoint>> known_;
  std::map<std::string, int> asked_;
  bool released_ = false;
};

class ResolverTest : public testing::Test {
 protected:
  ~ResolverTest() override { names_->release(); }

  std::unique_ptr<Resolver> resolver(milliseconds refresh = kSoon) {
    return std::make_unique<Resolver>(
        refresh, [names = names_](const std::string& host, std::string& error) {
          return names->look_up(host, error);
        });
  }

  std::shared_ptr<Names> names_ = std::make_shared<Names>();
};

TEST_F(ResolverTest, KnowsALiteralAtOnce) {
  const auto made = resolver();
  const auto book = made->book("127.0.0.1", 80);
  EXPECT_EQ(book->addresses(), std::vector{at("127.0.0.1", 80)});
  EXPECT_EQ(book->error(), "");
  EXPECT_EQ(names_->asked("127.0.0.1"), 0);
}

TEST_F(ResolverTest, LooksAHostUpOnceForAllItsPorts) {
  names_->set("host", {at("10.0.0.1", 0)});
  const auto made = resolver(std::chrono::hours(1));
  const auto first = made->book("host", 80);
  EXPECT_EQ(made->book("host", 80), first);
  const auto second = made->book("host", 81);
  made->wait_for_first_round(kLong);
  const auto third = made->book("host", 82);
  EXPECT_EQ(first->addresses(), std::vector{at("10.0.0.1", 80)});
  EXPECT_EQ(second->addresses(), std::vector{at("10.0.0.1", 81)});
  EXPECT_EQ(third->addresses(), std::vector{at("10.0.0.1", 82)}) << "known already";
  EXPECT_EQ(names_->asked("host"), 1);
}

TEST_F(ResolverTest, FollowsANameThatMoves) {
  names_->set("host", {at("10.0.0.1", 0)});
  const auto made = resolver();
  const auto book = made->book("host", 80);
  ASSERT_TRUE(comes_true([&] { return book->version() == 1; }));
  names_->set("host", {at("10.0.0.2", 0)});
  ASSERT_TRUE(comes_true([&] { return book->version() == 2; }));
  EXPECT_EQ(book->addresses(), std::vector{at("10.0.0.2", 80)});
}

TEST_F(ResolverTest, ANameThatHangsDelaysNoOther) {
  const auto made = resolver();
  std::vector<std::shared_ptr<AddressBook>> slow;
  for (std::size_t i = 0; i + 1 < Resolver::kMostThreads; ++i) {
    slow.push_back(made->book("slow-" + std::to_string(i), 80));
    ASSERT_TRUE(comes_true([&] { return names_->asked(slow.back()->host()) == 1; }));
  }
  names_->set("fast", {at("10.0.0.1", 0)});
  const auto fast = made->book("fast", 80);
  ASSERT_TRUE(comes_true([&] { return fast->version() == 1; }));
  names_->set("fast", {at("10.0.0.2", 0)});
  ASSERT_TRUE(comes_true([&] { return fast->version() == 2; })) << "again and again";
  for (const auto& book : slow) EXPECT_EQ(book->version(), 0U);
}

TEST_F(ResolverTest, HasABoundOfThreads) {
  const auto made = resolver();
  std::vector<std::shared_ptr<AddressBook>> books;
  for (std::size_t i = 0; i < Resolver::kMostThreads + 3; ++i) {
    names_->set("slow-" + std::to_string(i), {at("10.0.0.1", 0)});
    books.push_back(made->book("slow-" + std::to_string(i), 80));
  }
  const auto hanging = [&] {
    std::size_t count = 0;
    for (const auto& book : books) count += static_cast<std::size_t>(names_->asked(book->host()));
    return count;
  };
  ASSERT_TRUE(comes_true([&] { return hanging() == Resolver::kMostThreads; }));
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(hanging(), Resolver::kMostThreads);
  names_->release();
  for (const auto& book : books) {
    EXPECT_TRUE(comes_true([&] { return book->version() == 1; })) << book->host();
  }
}

TEST_F(ResolverTest, EndsThoughALookUpHangs) {
  auto made = resolver();
  const auto book = made->book("slow", 80);
  ASSERT_TRUE(comes_true([&] { return names_->asked("slow") == 1; }));
  const auto began = std::chrono::steady_clock::now();
  made.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, kLong);
  names_->set("slow", {at("10.0.0.1", 0)});
  names_->release();  // an answer that nobody waits for
}

TEST_F(ResolverTest, AlwaysHasAReason) {
  const auto made = resolver();
  EXPECT_EQ(AddressBook("host", 80).error(), "not looked up yet");
  const auto unknown = made->book("unknown", 80);
  ASSERT_TRUE(comes_true([&] { return unknown->error() == "no such name"; }));
  const auto silent = made->book("silent", 80);
  ASSERT_TRUE(comes_true([&] { return silent->error() == "it has no addresses"; }));
  const auto slow = made->book("slow", 80);
  ASSERT_TRUE(comes_true([&] { return names_->asked("slow") == 1; }));
  EXPECT_NE(slow->error(), "");
  EXPECT_THAT(slow->error(AddressBook::Clock::now() + seconds(100)),
              HasSubstr("the name server has not answered for 10"));
}

TEST_F(ResolverTest, KeepsAndTellsOnceThatANameIsGone) {
  testing::internal::CaptureStderr();
  names_->set("host", {at("10.0.0.1", 0)});
  {
    const auto made = resolver();
    const auto book = made->book("host", 80);
    ASSERT_TRUE(comes_true([&] { return book->version() == 1; }));
    names_->fail("host");
    const int before = names_->asked("host");
    ASSERT_TRUE(comes_true([&] { return names_->asked("host") > before + 10; }));
    EXPECT_EQ(book->addresses(), std::vector{at("10.0.0.1", 80)});
    EXPECT_EQ(book->error(), "");
  }
  EXPECT_TRUE(log::flush(std::chrono::seconds(10)));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, AllOf(HasSubstr("can't be resolved any more"), HasSubstr("host"),
                         HasSubstr("no such name")));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
}

}  // namespace
}  // namespace infergraph::engine
