// A message from one protocol to another, beside what it can't do without: reading every number
// exactly and writing it once.
#include <benchmark/benchmark.h>

#include <charconv>
#include <random>
#include <string>
#include <vector>

#include "protocol/convert/convert.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"

namespace {

using namespace infergraph::protocol;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kMost = std::size_t{128} << 20U;

std::string row_of(std::int64_t count) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> numbers(0, 1);
  std::string row = "[";
  for (std::int64_t i = 0; i < count; ++i) {
    if (i > 0) row += ',';
    json::append_double(row, numbers(random));
  }
  return row + ']';
}

Payload message_of(std::int64_t count) {
  return Payload::json(R"({"data":{"ndarray":[)" + row_of(count) + "]}}");
}

void convert_to(benchmark::State& state, Protocol protocol, Encoding encoding) {
  const Payload message = message_of(state.range(0));
  Target target;
  target.protocol = protocol;
  target.encoding = encoding;
  target.max_decoded = kMost;
  for (auto _ : state) benchmark::DoNotOptimize(convert(message, target));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void parse_and_write(benchmark::State& state) {
  const std::string row = row_of(state.range(0));
  for (auto _ : state) {
    std::string out;
    out.reserve(row.size());
    Tokens tokens(row);
    for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
      double value = 0;
      std::from_chars(token.data(), token.data() + token.size(), value);
      json::append_double(out, value);
      out += ',';
    }
    benchmark::DoNotOptimize(out);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void parse_and_check(benchmark::State& state) {
  const std::string row = row_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(json::check(row));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace

BENCHMARK_CAPTURE(convert_to, tensorflow_rest, Protocol::kTensorflow, Encoding::kJson)
    ->Arg(784)
    ->Arg(100'000);
BENCHMARK_CAPTURE(convert_to, tensorflow_grpc, Protocol::kTensorflow, Encoding::kProto)
    ->Arg(784)
    ->Arg(100'000);
BENCHMARK_CAPTURE(convert_to, v2_rest, Protocol::kV2, Encoding::kJson)->Arg(784)->Arg(100'000);
BENCHMARK_CAPTURE(convert_to, v2_grpc, Protocol::kV2, Encoding::kProto)->Arg(784)->Arg(100'000);
BENCHMARK(parse_and_write)->Arg(784)->Arg(100'000);
BENCHMARK(parse_and_check)->Arg(784)->Arg(100'000);
