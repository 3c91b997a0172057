#include "engine/net/http1/message_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace infergraph::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kHead = "POST / HTTP/1.1\r\nHost: h\r\n";

std::vector<std::string> names(const Block& block) {
  std::vector<std::string> found;
  for (const auto& field : block.fields) {
    found.push_back(std::string(field.name) + "=" + std::string(field.value));
  }
  return found;
}

// Feeds `text` in pieces of `step` bytes, as a socket would.
template <typename Reader>
typename Reader::Progress feed(Reader& reader, std::string_view text, std::size_t step,
                               bool ended = false) {
  reader.start(Block::make());
  auto progress = reader.advance();
  while (progress == Reader::Progress::kNeedMore && !text.empty()) {
    Block& block = *reader.block();
    const std::size_t count = std::min({step, text.size(), block.room()});
    EXPECT_GT(count, 0U) << "a reader that needs more must leave room";
    if (count == 0) break;
    text.substr(0, count).copy(block.data() + block.size, count);
    block.size += count;
    text.remove_prefix(count);
    progress = reader.advance(ended && text.empty());
  }
  return progress;
}

class EveryStep : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(MessageReader, EveryStep, ::testing::Values(1, 2, 3, 7, 100, 100000));

TEST_P(EveryStep, ReadsHeadAndBody) {
  RequestReader reader{MessageLimits{}};
  ASSERT_EQ(feed(reader,
                 "POST /predict?x=1 HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                 "X-Foo: a b\r\nContent-Length: 7\r\n\r\n{\"a\":1}GET /next",
                 GetParam()),
            RequestReader::Progress::kDone);
  EXPECT_EQ(reader.head().verb, "POST");
  EXPECT_EQ(reader.head().target, "/predict?x=1");
  EXPECT_EQ(reader.body().bytes(), "{\"a\":1}");
  EXPECT_EQ(reader.body().content_type(), "application/json");
  EXPECT_THAT(names(*reader.block()), ElementsAre("X-Foo=a b"));
  EXPECT_TRUE(std::string_view("GET /next").starts_with(reader.rest()));
  EXPECT_FALSE(reader.head().closes);
}

TEST_P(EveryStep, JoinsChunksAndDropsTrailers) {
  RequestReader reader{MessageLimits{}};
  ASSERT_EQ(feed(reader,
                 "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n10;ext=1\r\n0123456789abcdef\r\n0\r\nX-Trailer: t\r\n\r\n",
                 GetParam()),
            RequestReader::Progress::kDone);
  EXPECT_EQ(reader.body().bytes(), "abc0123456789abcdef");
  EXPECT_THAT(reader.rest(), IsEmpty());
  EXPECT_THAT(names(*reader.block()), IsEmpty());
}

TEST_P(EveryStep, TakesNoBytesOfAChunkForItsLines) {
  RequestReader reader{MessageLimits{}};
  ASSERT_EQ(feed(reader,
                 kHead + "Transfer-Encoding: chunked\r\n\r\n"
                         "7\r\n0\n0\r0\n\n\r\n"
                         "a\r\n0\r\n\r\n0\r\nX\n\r\n"
                         "0\r\n\r\n",
                 GetParam()),
            RequestReader::Progress::kDone)
      << reader.fault_text();
  EXPECT_EQ(reader.body().bytes(), "0\n0\r0\n\n0\r\n\r\n0\r\nX\n");
}

TEST_P(EveryStep, GrowsForALongBodyAndKeepsItsViews) {
  RequestReader reader{MessageLimits{}};
  const std::string body(300000, 'b');
  const std::string head =
      "POST /long HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nX-Folded: one\r\n two\r\n";
  ASSERT_EQ(feed(reader, head + "Content-Length: 300000\r\n\r\n" + body, GetParam()),
            RequestReader::Progress::kDone);
  EXPECT_EQ(reader.body().bytes(), body);
  EXPECT_EQ(reader.body().content_type(), "text/plain");
  EXPECT_EQ(reader.head().target, "/long");
  EXPECT_THAT(names(*reader.block()), ElementsAre("X-Folded=one two"));
}

TEST_P(EveryStep, GrowsForManyChunks) {
  RequestReader reader{MessageLimits{}};
  std::string text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string body;
  for (int i = 0; i < 2000; ++i) {
    text += "5\r\nabcde\r\n";
    body += "abcde";
  }
  ASSERT_EQ(feed(reader, text + "0\r\n\r\n", GetParam()), RequestReader::Progress::kDone);
  EXPECT_EQ(reader.body().bytes(), body);
}

TEST_P(EveryStep, ReadsUntilTheEnd) {
  ResponseReader reader{MessageLimits{}};
  ASSERT_EQ(feed(reader, "HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nall of it", GetParam(), true),
            ResponseReader::Progress::kDone);
  EXPECT_EQ(reader.body().bytes(), "all of it");
  EXPECT_TRUE(reader.head().closes);
}

TEST_P(EveryStep, IgnoresEmptyLinesBeforeARequest) {
  RequestReader reader{MessageLimits{}};
  ASSERT_EQ(feed(reader, "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", GetParam()),
            RequestReader::Progress::kDone);
  EXPECT_EQ(reader.head().target, "/");
}

TEST(MessageReader, FoldedContentTypeSurvivesGrowth) {
  RequestReader reader{MessageLimits{}};
  ASSERT_EQ(feed(reader,
                 "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data;\r\n"
                 " boundary=x\r\nContent-Length: 9000\r\n\r\n" +
                     std::string(9000, 'b'),
                 500),
            RequestReader::Progress::kDone);
  EXPECT_EQ(reader.body().content_type(), "multipart/form-data; boundary=x");
}

TEST(MessageReader, LeavesOutWhatIsHopByHop) {
  RequestReader reader{MessageLimits{}};
  ASSERT_EQ(
      feed(reader,
           "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, X-Private\r\nTE: trailers\r\n"
           "Keep-Alive: timeout=5\r\nX-Private: 1\r\nUpgrade: h2c\r\nAuthorization: b\r\n\r\n",
           1000),
      RequestReader::Progress::kDone);
  EXPECT_THAT(names(*reader.block()), ElementsAre("Authorization=b"));
}

struct Fault {
  const char* name;
  std::string text;
  HttpFault fault;
};

class Refuses : public ::testing::TestWithParam<Fault> {};

TEST_P(Refuses, Request) {
  for (const std::size_t step : {1UL, 2UL, 5UL, 16UL, 100000UL}) {
    MessageLimits limits;
    limits.header = 2000;
    limits.body = 1000;
    RequestReader reader(limits);
    EXPECT_EQ(feed(reader, GetParam().text, step), RequestReader::Progress::kFault);
    EXPECT_EQ(reader.fault(), GetParam().fault);
  }
}

std::string many_names(int count) {
  std::string names = "close";
  for (int i = 0; i < count; ++i) names += ",a";
  return names;
}

INSTANTIATE_TEST_SUITE_P(
    MessageReader, Refuses,
    ::testing::Values(
        Fault{"Garbage", "GARBAGE\r\n\r\n", HttpFault::kMalformed},
        Fault{"BadLength", kHead + "Content-Length: abc\r\n\r\n", HttpFault::kMalformed},
        Fault{"NegativeLength", kHead + "Content-Length: -1\r\n\r\n", HttpFault::kMalformed},
        Fault{"TwoLengths", kHead + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
              HttpFault::kMalformed},
        Fault{"LengthAndChunks",
              kHead + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
              HttpFault::kMalformed},
        Fault{"ChunksAndLength",
              kHead + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
              HttpFault::kMalformed},
        Fault{"OtherCoding", kHead + "Transfer-Encoding: gzip\r\n\r\n", HttpFault::kMalformed},
        Fault{"SeveralCodings", kHead + "Transfer-Encoding: gzip, chunked\r\n\r\n",
              HttpFault::kMalformed},
        Fault{"TwoHosts", kHead + "Host: other\r\n\r\n", HttpFault::kMalformed},
        Fault{"BadChunk", kHead + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
              HttpFault::kMalformed},
        Fault{"HugeChunkSize", kHead + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
              HttpFault::kMalformed},
        Fault{"EndlessChunkExtension",
              kHead + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(9000, 'e'),
              HttpFault::kMalformed},
        Fault{"FoldedLength", kHead + "Content-Length: 1\r\n 2\r\n\r\nb", HttpFault::kMalformed},
        Fault{"LengthOnAFoldedLine", kHead + "Content-Length:\r\n 1\r\n\r\nb",
              HttpFault::kMalformed},
        Fault{"LengthThenAnEmptyFold", kHead + "Content-Length: 1\r\n \r\n\r\nb",
              HttpFault::kMalformed},
        Fault{"CodingOnAFoldedLine", kHead + "Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n",
              HttpFault::kMalformed},
        Fault{"CodingThenAnEmptyFold", kHead + "Transfer-Encoding: chunked\r\n \r\n\r\n0\r\n\r\n",
              HttpFault::kMalformed},
        Fault{"FoldedHost", "GET / HTTP/1.1\r\nHost:\r\n h\r\n\r\n", HttpFault::kMalformed},
        Fault{"FoldedConnection", kHead + "Connection: keep-alive,\r\n x\r\n\r\n",
              HttpFault::kMalformed},
        Fault{"ManyNamesInConnection", kHead + "Connection: " + many_names(33) + "\r\n\r\n",
              HttpFault::kMalformed},
        Fault{"ManyNamesInConnections",
              kHead + "Connection: " + many_names(20) + "\r\nConnection: " + many_names(20) +
                  "\r\n\r\n",
              HttpFault::kMalformed},
        // These never come to the empty line that the parser waits for.
        Fault{"LinesOfLf", "GET / HTTP/1.1\nHost: h\n\n", HttpFault::kMalformed},
        Fault{"LinesOfCr", "GET / HTTP/1.1\rHost: h\r\r", HttpFault::kMalformed},
        Fault{"FieldsOfLf", kHead + "A: b\n\n", HttpFault::kMalformed},
        Fault{"FieldsOfCr", kHead + "A: b\rC: d", HttpFault::kMalformed},
        Fault{"LfCr", kHead + "A: b\n\r", HttpFault::kMalformed},
        Fault{"ChunkOfLf", kHead + "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
              HttpFault::kMalformed},
        Fault{"SecondChunkOfLf", kHead + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\nd",
              HttpFault::kMalformed},
        Fault{"TrailerOfLf", kHead + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\n\n",
              HttpFault::kMalformed},
        Fault{"TrailerOfCr", kHead + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\rC",
              HttpFault::kMalformed},
        Fault{"LongHead", kHead + "X: " + std::string(3000, 'x') + "\r\n\r\n",
              HttpFault::kHeaderTooLarge},
        Fault{"EndlessHead", kHead + "X: " + std::string(9000, 'x'), HttpFault::kHeaderTooLarge},
        Fault{"LongBody", kHead + "Content-Length: 1001\r\n\r\n", HttpFault::kBodyTooLarge},
        Fault{"LongChunks",
              kHead + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1100, 'b'),
              HttpFault::kBodyTooLarge}),
    [](const auto& row) { return row.param.name; });

TEST(MessageReader, AFewNamesInConnectionAreTaken) {
  RequestReader reader{MessageLimits{}};
  ASSERT_EQ(feed(reader,
                 kHead + "A: 1\r\nConnection: " + many_names(32) +
                     ",close,keep-alive\r\nB: 2\r\na: 3\r\n\r\n",
                 1000),
            RequestReader::Progress::kDone);
  EXPECT_THAT(names(*reader.block()), ElementsAre("B=2"));
}

// A chunk's line is looked at again whenever more comes, so it must be short however it comes.
TEST(MessageReader, ALongChunkLineIsRefusedBeforeItsEnd) {
  for (const char* line : {"1;", "0;"}) {
    RequestReader reader{MessageLimits{}};
    const std::string text = kHead + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n" + line;
    EXPECT_EQ(feed(reader, text + std::string(5000, 'e'), 100), RequestReader::Progress::kFault);
    EXPECT_EQ(feed(reader, text + std::string(1000, 'e') + "\r\n", 100),
              RequestReader::Progress::kNeedMore);
  }
}

TEST(MessageReader, ALimitMayBeAsLargeAsItLikes) {
  for (const std::size_t limit : {std::size_t{1} << 31, std::size_t{1} << 32,
                                  (std::size_t{1} << 32) + 5, std::size_t{1} << 40}) {
    MessageLimits limits;
    limits.header = limits.body = limit;
    RequestReader reader(limits);
    EXPECT_EQ(feed(reader, kHead + "X: " + std::string(100000, 'x') + "\r\n\r\n", 1000),
              RequestReader::Progress::kDone)
        << limit;
  }
}

TEST(MessageReader, ReadsInPiecesThatTakeNoLongTurn) {
  RequestReader reader{MessageLimits{}};
  feed(reader, kHead + "Transfer-Encoding: chunked\r\n\r\n1\r\n", 100);
  EXPECT_EQ(reader.block()->next_read, Block::kPiece);
  feed(reader, kHead + "Content-Length: 100000000\r\n\r\n", 100);
  EXPECT_EQ(reader.block()->next_read, Block::kStoredPiece);
  feed(reader, kHead + "Content-Length: 1000\r\n\r\n", 100);
  EXPECT_EQ(reader.block()->next_read, Block::kPiece);
}

TEST(MessageReader, ABodyThatEndsEarlyIsMalformed) {
  ResponseReader reader{MessageLimits{}};
  EXPECT_EQ(feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", 100, true),
            ResponseReader::Progress::kFault);
}

TEST(MessageReader, StatusWithoutABodyHasNone) {
  for (const char* status : {"100 Continue", "204 No Content", "304 Not Modified"}) {
    ResponseReader reader{MessageLimits{}};
    EXPECT_EQ(
        feed(reader, std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 9\r\n\r\n", 100),
        ResponseReader::Progress::kDone);
    EXPECT_THAT(reader.body().bytes(), IsEmpty());
  }
}

}  // namespace
}  // namespace infergraph::engine
