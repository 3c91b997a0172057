// Threads of the engine's own without memory: nobody is above them to catch what they throw.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <boost/asio/ip/address.hpp>

#include "engine/net/resolver.hpp"
#include "engine/observe/line_writer.hpp"
#include "tests/memory/failing_new.hpp"

namespace infergraph::engine {
namespace {

constexpr auto kLong = std::chrono::seconds(60);

TEST(Threads, TheLogDropsALineWithoutMemory) {
  test::exempt_this_thread();
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ASSERT_NE(nowhere, -1);
  {
    LineWriter writer(nowhere, [](std::uint64_t count) { return std::string(count * 100, 'x'); });
    std::uint64_t failed = 0;
    for (std::uint64_t nth = 1;; ++nth) {
      const std::uint64_t before = writer.dropped();
      test::fail_allocation(nth);
      writer.write(std::string(1000, 'x'));
      ASSERT_TRUE(writer.flush(kLong));
      if (!test::has_failed()) break;
      ++failed;
      // The line itself, or the one that tells of it.
      EXPECT_LE(writer.dropped(), before + 1) << "allocation " << nth;
    }
    EXPECT_GT(failed, 0U) << "nothing was allocated at all";
    EXPECT_GT(writer.dropped(), 0U);
    const std::uint64_t before = writer.dropped();
    writer.write("again");
    EXPECT_TRUE(writer.flush(kLong));
    EXPECT_EQ(writer.dropped(), before);
  }
  ::close(nowhere);
}

TEST(Threads, TheResolverFollowsANameWhateverAllocationFails) {
  test::exempt_this_thread();
  std::atomic<std::uint32_t> where = 1;
  Resolver resolver(std::chrono::milliseconds(1), [&where](const std::string&, std::string&) {
    const boost::asio::ip::address_v4 address(where.load());
    return std::vector<TcpEndpoint>{{address, 0}};
  });
  const auto book = resolver.book("a-name-that-is-too-long-to-be-held-without-memory", 80);
  const auto follows = [&] {
    const auto deadline = AddressBook::Clock::now() + kLong;
    const boost::asio::ip::address_v4 wanted(where.load());
    while (AddressBook::Clock::now() < deadline) {
      const auto known = book->addresses();
      if (known.size() == 1 && known.front().address() == wanted) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  };
  ASSERT_TRUE(follows());
  for (std::uint64_t nth = 1; nth <= 20; ++nth) {
    test::fail_allocation(nth);
    ++where;
    const auto deadline = AddressBook::Clock::now() + kLong;
    while (test::is_to_fail() && AddressBook::Clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // a round or so
    }
    EXPECT_TRUE(test::has_failed());
    ASSERT_TRUE(follows()) << "allocation " << nth;
  }
}

}  // namespace
}  // namespace infergraph::engine
