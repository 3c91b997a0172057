#include "protocol/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace infergraph::protocol {
namespace {

constexpr int kGzip = MAX_WBITS + 16;
constexpr int kZlib = MAX_WBITS;
constexpr int kBare = -MAX_WBITS;

std::string packed(std::string text, int wrapping) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, wrapping, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Gunzip, UnpacksOneMemberAndSeveral) {
  EXPECT_EQ(gunzip(packed("hello", kGzip), 100).value().text(), "hello");
  EXPECT_EQ(gunzip(packed("hello", kGzip) + packed("", kGzip) + packed(" world", kGzip), 100)
                .value()
                .text(),
            "hello world");
  EXPECT_EQ(gunzip(packed("", kGzip), 0).value().text(), "");
}

TEST(Gunzip, GrowsAsFarAsTheTextIsLong) {
  const std::string text(3'000'000, 'a');
  EXPECT_EQ(gunzip(packed(text, kGzip), 10'000'000).value().text(), text);
}

TEST(Gunzip, TakesExactlyTheLimitAndNoByteMore) {
  const std::string text(1000, 'x');
  EXPECT_EQ(gunzip(packed(text, kGzip), 1000).value().text(), text);
  EXPECT_EQ(gunzip(packed(text, kGzip), 999).error().code(), Code::kTooLarge);
  EXPECT_EQ(gunzip(packed(text, kGzip) + packed(text, kGzip), 1999).error().code(),
            Code::kTooLarge);
  EXPECT_EQ(gunzip(packed("x", kGzip), 0).error().code(), Code::kTooLarge);
}

TEST(Gunzip, RefusesEveryTruncationAndGarbage) {
  const std::string whole = packed("some text, some text, some text", kGzip);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto result = gunzip(whole.substr(0, length), 1000);
    ASSERT_FALSE(result) << length;
    EXPECT_EQ(result.error().code(), Code::kBadUpstream);
  }
  EXPECT_EQ(gunzip("plain text", 1000).error().code(), Code::kBadUpstream);
  EXPECT_EQ(gunzip(whole + "trailing", 1000).error().code(), Code::kBadUpstream);
  std::string bad_sum = whole;
  bad_sum[whole.size() - 6] ^= 1;
  EXPECT_EQ(gunzip(bad_sum, 1000).error().code(), Code::kBadUpstream);
}

TEST(InflateDeflate, TakesZlibAndBareDeflate) {
  EXPECT_EQ(inflate_deflate(packed("hello", kZlib), 100).value().text(), "hello");
  EXPECT_EQ(inflate_deflate(packed("hello", kBare), 100).value().text(), "hello");
  EXPECT_EQ(inflate_deflate("", 100).error().code(), Code::kBadUpstream);
}

/// A payload all of whose text lies in one owner, as an HTTP buffer would have it.
struct Buffer {
  std::string body;
  std::string type = "application/x-special";
  std::string name = "X-Trace";
  std::vector<HeaderField> headers;
};

Payload received(std::string body, std::string_view encoding) {
  auto buffer = std::make_shared<Buffer>();
  buffer->body = std::move(body);
  buffer->headers = {{buffer->name, buffer->type}};
  Payload payload(buffer, buffer->body);
  payload.set_content_type(buffer->type);
  payload.set_content_encoding(encoding);
  payload.set_headers(buffer->headers);
  payload.set_status(203);
  payload.set_protocol(Protocol::kV2);
  return payload;
}

TEST(Decoded, KeepsEverythingButTheEncodingAlive) {
  Payload plain;
  {
    const Payload original = received(packed("hello", kGzip), "GZip");
    plain = decoded(original, 100).value();
  }
  EXPECT_EQ(plain.bytes(), "hello");
  EXPECT_EQ(plain.content_encoding(), "");
  EXPECT_EQ(plain.content_type(), "application/x-special");
  ASSERT_EQ(plain.headers().size(), 1U);
  EXPECT_EQ(plain.headers()[0].name, "X-Trace");
  EXPECT_EQ(plain.status(), 203);
  EXPECT_EQ(plain.protocol(), Protocol::kV2);
}

TEST(Decoded, LeavesIdentityAloneAndRefusesTheUnknown) {
  for (const std::string_view encoding : {"", "identity", "Identity"}) {
    const Payload original = received("hello", encoding);
    EXPECT_EQ(decoded(original, 1).value().bytes().data(), original.bytes().data());
  }
  EXPECT_EQ(decoded(received(packed("hi", kGzip), "x-gzip"), 10).value().bytes(), "hi");
  EXPECT_EQ(decoded(received(packed("hi", kZlib), "deflate"), 10).value().bytes(), "hi");
  const auto brotli = decoded(received("hello", "br"), 100);
  ASSERT_FALSE(brotli);
  EXPECT_EQ(brotli.error().code(), Code::kBadUpstream);
  EXPECT_EQ(brotli.error().message(), "the content encoding \"br\" is not supported");
}

}  // namespace
}  // namespace infergraph::protocol
