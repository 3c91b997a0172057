// What it costs to cross between JSON and proto: a message of about 100 bytes, and a tensor and an
// ndarray of many numbers of 15 digits.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/json/json.hpp"
#include "protocol/json/proto_json.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph {
namespace {

const google::protobuf::Descriptor& type() { return *seldon::protos::SeldonMessage::descriptor(); }

/// Calls `append` with as many numbers as wanted.
template <typename Append>
void for_numbers(std::int64_t count, Append append) {
  double value = 0.1234567890123;
  for (std::int64_t i = 0; i < count; ++i) {
    append(i, value);
    value = value < 1000 ? value * 1.37 : value - 999.9;
  }
}

std::string small_message() {
  return R"({"meta":{"puid":"0123456789abcdefghijklmno"},"data":{"names":["a","b"],)"
         R"("ndarray":[[1.5,2.25],[3,4]]}})";
}

std::string tensor(std::int64_t count) {
  std::string text =
      R"({"meta":{},"data":{"tensor":{"shape":[1,)" + std::to_string(count) + R"(],"values":[)";
  for_numbers(count, [&text](std::int64_t i, double value) {
    if (i > 0) text += ',';
    protocol::json::append_double(text, value);
  });
  return text + "]}}}";
}

std::string ndarray(std::int64_t count) {
  constexpr std::int64_t kColumns = 4;
  std::string text = R"({"meta":{},"data":{"ndarray":[)";
  for_numbers(count, [&text](std::int64_t i, double value) {
    text += i % kColumns > 0 ? "," : (i > 0 ? "],[" : "[");
    protocol::json::append_double(text, value);
  });
  return text + "]]}}";
}

void to_proto(benchmark::State& state, const std::string& json) {
  for (auto _ : state) benchmark::DoNotOptimize(protocol::json_to_proto(json, type()));
  state.SetBytesProcessed(static_cast<std::int64_t>(json.size()) * state.iterations());
}

void to_json(benchmark::State& state, const std::string& json) {
  const std::string wire = *protocol::json_to_proto(json, type());
  for (auto _ : state) benchmark::DoNotOptimize(protocol::proto_to_json(wire, type()));
  state.SetBytesProcessed(static_cast<std::int64_t>(json.size()) * state.iterations());
}

void small_to_proto(benchmark::State& state) { to_proto(state, small_message()); }
void small_to_json(benchmark::State& state) { to_json(state, small_message()); }
void tensor_to_proto(benchmark::State& state) { to_proto(state, tensor(state.range(0))); }
void tensor_to_json(benchmark::State& state) { to_json(state, tensor(state.range(0))); }
void ndarray_to_proto(benchmark::State& state) { to_proto(state, ndarray(state.range(0))); }
void ndarray_to_json(benchmark::State& state) { to_json(state, ndarray(state.range(0))); }

BENCHMARK(small_to_proto);
BENCHMARK(small_to_json);
BENCHMARK(tensor_to_proto)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(tensor_to_json)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(ndarray_to_proto)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(ndarray_to_json)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace infergraph
