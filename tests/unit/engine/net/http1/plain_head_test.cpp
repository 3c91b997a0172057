#include "engine/net/http1/plain_head.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "engine/net/http1/message_reader.hpp"

namespace infergraph::engine {
namespace {

struct Taken {
  std::size_t size = 0;
  MessageHead head;
  Block::Fields fields;
  std::optional<std::uint64_t> length;
};

template <bool kRequest>
Taken take(std::string_view text) {
  Taken taken;
  taken.size = read_plain_head<kRequest>(text, taken.head, taken.fields, taken.length);
  return taken;
}

// All that a reader says of a message: of one that comes at once, or one whose first byte comes
// alone, which no plain head does.
template <bool kRequest>
std::string read(std::string_view text, bool at_once) {
  MessageReader<kRequest> reader{MessageLimits{}};
  reader.start(Block::make());
  const std::size_t first = at_once ? text.size() : 1;
  for (const std::string_view piece : {text.substr(0, first), text.substr(first)}) {
    Block& block = *reader.block();
    piece.copy(block.data() + block.size, piece.size());
    block.size += piece.size();
    reader.advance();
  }
  const auto progress = reader.advance();
  std::string said = std::to_string(static_cast<int>(progress)) + " ";
  if (progress != MessageReader<kRequest>::Progress::kDone) return said;
  const MessageHead& head = reader.head();
  said.append(head.verb).append(" ").append(head.target).append(" ");
  said += std::to_string(head.status) + (head.has_host ? " host " : " ") + std::string(head.host);
  said += head.closes ? " closes" : " stays";
  for (const auto& field : reader.block()->fields) {
    said.append("\n").append(field.name).append("=").append(field.value);
  }
  said.append("\n").append(head.content_type).append("|").append(head.content_encoding);
  return said.append("|").append(reader.body().bytes()).append("|").append(reader.rest());
}

TEST(PlainHead, TakesWhatACommonCallerSends) {
  const std::string text =
      "POST /api/v1.0/predictions?x=1 HTTP/1.1\r\nHost: localhost:9000\r\n"
      "User-Agent: python-requests/2.31.0\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n"
      "Connection: keep-alive\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n";
  const std::string sent = text + "{}";
  const Taken taken = take<true>(sent);
  EXPECT_EQ(taken.size, text.size());
  EXPECT_EQ(taken.head.verb, "POST");
  EXPECT_EQ(taken.head.target, "/api/v1.0/predictions?x=1");
  EXPECT_EQ(taken.head.host, "localhost:9000");
  EXPECT_EQ(taken.head.content_type, "application/json");
  EXPECT_FALSE(taken.head.closes);
  EXPECT_EQ(taken.length, 2U);
  ASSERT_EQ(taken.fields.size(), 3U);
  EXPECT_EQ(taken.fields[1].name, "Accept-Encoding");
  EXPECT_EQ(taken.fields[1].value, "gzip, deflate");
}

TEST(PlainHead, TakesWhatACommonNodeAnswers) {
  const std::string text =
      "HTTP/1.1 200 OK\r\ndate: Mon, 01 Jan 2024 00:00:00 GMT\r\nserver: uvicorn\r\n"
      "content-length: 2\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
  const Taken taken = take<false>(text);
  EXPECT_EQ(taken.size, text.size());
  EXPECT_EQ(taken.head.status, 200);
  EXPECT_EQ(taken.head.content_type, "application/json");
  EXPECT_TRUE(taken.head.closes);
  EXPECT_EQ(taken.length, 2U);
  EXPECT_EQ(taken.fields.size(), 2U);
}

TEST(PlainHead, ARequestMayHaveNoBody) {
  EXPECT_EQ(take<true>("GET / HTTP/1.1\r\nHost: h\r\n\r\n").length, 0U);
}

// What follows the request's first line, or the answer's with a length.
const char* const kOtherFields[] = {
    "",
    "\r",
    "X: folded\r\n too\r\n\r\n",
    "X:\r\n\tfolded\r\n\r\n",
    "X: last\r\n ",
    "X: last\r\n",
    " X: y\r\n\r\n",
    ": y\r\n\r\n",
    "X : y\r\n\r\n",
    "X\r\n\r\n",
    "X: a\x01\r\n\r\n",
    "X: a\x7f\r\n\r\n",
    "X: y\n\r\n",
    "X: y\r\r\n\r\n",
    "Content-Length: +2\r\n\r\n",
    "Content-Length: 2, 2\r\n\r\n",
    "Content-Length:\r\n\r\n",
    "Content-Length: 2\r\nContent-Length: 2\r\n\r\n",
    "Content-Length: 1111111111111111111\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding: gzip\r\n\r\n",
    "Expect: 100-continue\r\n\r\n",
    "Connection: keep-alive, X\r\nX: y\r\n\r\n",
    "Connection: close\r\nConnection: X\r\nX: y\r\n\r\n",
    "Proxy-Connection: close\r\n\r\n",
    "Proxy-Authenticate: x\r\n\r\n",
    "Proxy-Authorization: x\r\n\r\n",
    "TE: trailers\r\n\r\n",
    "Trailer: X\r\n\r\n",
    "Upgrade: h2c\r\n\r\n",
    "Host: a\r\nHost: b\r\n\r\n",
};

TEST(PlainHead, LeavesToTheParserWhatIsNotPlain) {
  for (const std::string rest : kOtherFields) {
    EXPECT_EQ(take<true>("POST / HTTP/1.1\r\n" + rest).size, 0U) << rest;
    EXPECT_EQ(take<false>("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + rest).size, 0U) << rest;
  }
  for (const char* line :
       {"GET / HTTP/1.0\r\n", "GET / HTTP/2.0\r\n", "GET  / HTTP/1.1\r\n", "GET / HTTP/1.1\n",
        " / HTTP/1.1\r\n", "G(T / HTTP/1.1\r\n", "GET /\x7f HTTP/1.1\r\n", "GET /\r\n"}) {
    EXPECT_EQ(take<true>(std::string(line) + "\r\n").size, 0U) << line;
  }
  for (const char* line :
       {"HTTP/1.0 200 OK\r\n", "HTTP/1.1 100 Continue\r\n", "HTTP/1.1 204 No Content\r\n",
        "HTTP/1.1 304 Not Modified\r\n", "HTTP/1.1 200\r\n", "HTTP/1.1 2x0 OK\r\n",
        "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 200 a\x01\r\n"}) {
    EXPECT_EQ(take<false>(std::string(line) + "Content-Length: 0\r\n\r\n").size, 0U) << line;
  }
  EXPECT_EQ(take<false>("HTTP/1.1 200 OK\r\n\r\n").size, 0U) << "it has no end";
}

TEST(PlainHead, IsReadAsTheParserReadsIt) {
  for (const char* fields :
       {"Host: h\r\n", "hOST:h\r\n", "Host:\r\n", "Host: \t h \t\r\n", "X:\r\nY: \r\n",
        "X: a\tb\xc3\xa4\r\n", "Content-Type: a\r\nContent-Type: b\r\n",
        "Content-Type:\r\nContent-Type: b\r\n", "content-encoding: gzip\r\n",
        "Connection: CLOSE\r\nConnection: Keep-Alive\r\n", "Keep-Alive: timeout=5\r\n",
        "X-Fourteen-Six: 1\r\nX-Ten-Char: 2\r\nX-Is-Twelve-: 3\r\nSeven-7: 4\r\nXX: 5\r\n"}) {
    for (const char* length : {"3", "003", "0"}) {
      const std::string rest = std::string(fields) + "Content-Length: " + length + "\r\n\r\nabcdef";
      const std::string request = "POST /\xc3\xa4?q HTTP/1.1\r\n" + rest;
      EXPECT_GT(take<true>(request).size, 0U) << request;
      EXPECT_EQ(read<true>(request, true), read<true>(request, false)) << request;
      const std::string answer = "HTTP/1.1 503 Not  now\t\r\n" + rest;
      EXPECT_GT(take<false>(answer).size, 0U) << answer;
      EXPECT_EQ(read<false>(answer, true), read<false>(answer, false)) << answer;
    }
  }
}

TEST(PlainHead, LeavesNothingBehindWhenItIsNotPlain) {
  const std::string text =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: a\r\nX: y\r\nContent-Length: 1\r\nTE: "
      "x\r\n\r\nb";
  EXPECT_EQ(read<true>(text, true), read<true>(text, false));
  EXPECT_THAT(read<true>(text, true), ::testing::HasSubstr("X=y\na|"));
}

}  // namespace
}  // namespace infergraph::engine
