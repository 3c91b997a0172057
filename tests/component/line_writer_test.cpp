#include "engine/observe/line_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infergraph::engine {
namespace {

constexpr auto kLong = std::chrono::seconds(30);
constexpr int kLongMs = 30'000;
constexpr std::size_t kMostQueued = 4096;

constexpr std::string_view kMissing = "missing ";
std::string tell(std::uint64_t count) { return std::string(kMissing) + std::to_string(count); }

class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(::pipe2(pipe_.data(), O_CLOEXEC), 0);
  }
  ~LineWriterTest() override { close_reader(); }

  int writing_end() const { return pipe_[1]; }
  void close_reader() {
    if (pipe_[0] != -1) ::close(pipe_[0]);
    pipe_[0] = -1;
  }
  // So that nothing more fits; gives the one line that it takes.
  std::string fill() {
    EXPECT_GE(::fcntl(writing_end(), F_SETPIPE_SZ, 4096), 4096);
    std::string filling(static_cast<std::size_t>(::fcntl(writing_end(), F_GETPIPE_SZ)) - 1, 'f');
    EXPECT_TRUE(write_all(writing_end(), filling + "\n"));
    return filling;
  }
  // The next line; empty with a failure when none comes.
  std::string read_line() {
    std::string line;
    pollfd ready{pipe_[0], POLLIN, 0};
    for (char c = 0;;) {
      if (::poll(&ready, 1, kLongMs) != 1 || ::read(pipe_[0], &c, 1) != 1) {
        ADD_FAILURE() << "no line but \"" << line << "\"";
        return "";
      }
      if (c == '\n') return line;
      line += c;
    }
  }
  // All that comes until the line `last`.
  std::vector<std::string> read_to(const std::string& last) {
    std::vector<std::string> lines;
    while ((lines.empty() || lines.back() != last) && !HasFailure()) lines.push_back(read_line());
    return lines;
  }

 private:
  std::array<int, 2> pipe_{};
};

TEST_F(LineWriterTest, WritesLinesInOrder) {
  LineWriter writer(writing_end(), tell);
  for (const char* line : {"one", "", "three"}) writer.write(line);
  EXPECT_TRUE(writer.flush(kLong));
  EXPECT_EQ(read_to("three"), (std::vector<std::string>{"one", "", "three"}));
  EXPECT_EQ(writer.dropped(), 0U);
}

TEST_F(LineWriterTest, WritesWhatIsQueuedInTheEnd) {
  { LineWriter(writing_end(), tell).write("last"); }
  EXPECT_EQ(read_to("last"), std::vector<std::string>{"last"});
}

TEST_F(LineWriterTest, WaitsForNoReaderAndTellsWhatIsMissing) {
  const std::string filling = fill();
  LineWriter writer(writing_end(), tell, kMostQueued);
  const std::string line(100, 'x');
  std::uint64_t written = 0;
  while (writer.dropped() < 1000) {
    writer.write(line);
    ++written;
  }
  EXPECT_FALSE(writer.flush(std::chrono::milliseconds(1)));
  EXPECT_EQ(read_line(), filling);
  // What was dropped before the writer's thread came to the first lines is told of by itself.
  std::uint64_t came = 0;
  std::uint64_t missing = 0;
  while (missing < writer.dropped() && !HasFailure()) {
    const std::string read = read_line();
    if (read.starts_with(kMissing)) {
      missing += std::stoull(read.substr(kMissing.size()));
    } else {
      ++came;
    }
  }
  EXPECT_EQ(missing, writer.dropped());
  EXPECT_EQ(came + missing, written) << "none is lost unsaid";
  writer.write("again");
  EXPECT_EQ(read_to("again"), std::vector<std::string>{"again"});
}

TEST_F(LineWriterTest, DropsWhatNobodyReads) {
  LineWriter writer(writing_end(), tell);
  writer.write("one");
  EXPECT_TRUE(writer.flush(kLong));
  EXPECT_EQ(read_to("one").size(), 1U);
  close_reader();
  for (int i = 0; i < 10; ++i) writer.write("more");
  EXPECT_TRUE(writer.flush(kLong));
  EXPECT_EQ(writer.dropped(), 10U);
}

TEST_F(LineWriterTest, CountsWhatTheDiskHasNoRoomFor) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_NE(full, -1);
  {
    LineWriter writer(full, tell);
    for (int i = 0; i < 3; ++i) writer.write("line");
    EXPECT_TRUE(writer.flush(kLong));
    EXPECT_EQ(writer.dropped(), 3U);
  }
  ::close(full);
}

TEST_F(LineWriterTest, EndsThoughTheReaderStalls) {
  fill();
  auto writer = std::make_unique<LineWriter>(writing_end(), tell, kMostQueued);
  while (writer->dropped() == 0) writer->write(std::string(1000, 'x'));
  const auto began = std::chrono::steady_clock::now();
  writer.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, kLong);
}

TEST_F(LineWriterTest, WaitsForADescriptorThatIsNonBlocking) {
  ASSERT_EQ(::fcntl(writing_end(), F_SETFL, O_NONBLOCK), 0);
  LineWriter writer(writing_end(), tell);
  const std::string line(200'000, 'x');  // more than a pipe holds
  writer.write(line);
  EXPECT_EQ(read_to(line).front().size(), line.size());
  EXPECT_TRUE(writer.flush(kLong));
  EXPECT_EQ(writer.dropped(), 0U);
}

}  // namespace
}  // namespace infergraph::engine
