// The HTTP path without sockets: a request decoded in place, and an answer.

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "engine/net/http1/message_reader.hpp"

namespace infergraph::engine {
namespace {

std::string message(std::string_view first_line, std::size_t body) {
  return std::string(first_line) +
         "\r\nHost: localhost:8000\r\nUser-Agent: bench\r\nAccept: */*\r\n"
         "Content-Type: application/json\r\nX-Request-Id: 7f3c\r\nContent-Length: " +
         std::to_string(body) + "\r\n\r\n" + std::string(body, 'x');
}

template <typename Reader>
void decode(benchmark::State& state, std::string_view first_line) {
  const std::string text = message(first_line, static_cast<std::size_t>(state.range(0)));
  Reader reader{MessageLimits{}};
  for (auto _ : state) {
    auto block = Block::make();
    std::string_view left = text;
    reader.start(block);
    block.reset();
    do {
      Block& into = *reader.block();
      const std::size_t count = std::min(left.size(), into.room());
      left.substr(0, count).copy(into.data() + into.size, count);
      into.size += count;
      left.remove_prefix(count);
    } while (reader.advance() == Reader::Progress::kNeedMore);
    benchmark::DoNotOptimize(reader.body());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void BM_DecodeRequest(benchmark::State& state) {
  decode<RequestReader>(state, "POST /api/v1.0/predictions HTTP/1.1");
}
void BM_DecodeResponse(benchmark::State& state) {
  decode<ResponseReader>(state, "HTTP/1.1 200 OK");
}
BENCHMARK(BM_DecodeRequest)->Arg(100)->Arg(100'000);
BENCHMARK(BM_DecodeResponse)->Arg(100)->Arg(100'000);

}  // namespace
}  // namespace infergraph::engine
