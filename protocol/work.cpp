#include "protocol/work.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "protocol/limits.hpp"

namespace infergraph::protocol {

namespace {

constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

// What this thread may still make, and who may call it off.
constinit thread_local std::size_t left = kNoBound;
constinit thread_local std::size_t on_top = kWorkExtra;
constinit thread_local bool is_over = false;
constinit thread_local const std::atomic<bool>* stop_flag = nullptr;
constinit thread_local WorkMeter* meter_in_force = nullptr;
constinit thread_local bool is_refused = false;  // by the meter in force

constexpr const char* kTooMuch = "it would become more than ";

Status too_much() {
  return {Code::kInvalidArgument, kTooMuch + std::to_string(kWorkFactor) +
                                      " times the bytes that came, and " +
                                      std::to_string(on_top >> 20U) + " MiB"};
}

bool take(std::size_t bytes) {
  // Outside of a scope no single step may make more.
  if (left == kNoBound) return bytes <= kMaxBody;
  is_over = is_over || bytes > left;
  if (!is_over) left -= bytes;
  return !is_over;
}

}  // namespace

WorkScope::WorkScope(std::size_t came, std::size_t extra) : is_outer_(left == kNoBound) {
  if (!is_outer_) return;
  on_top = extra;
  std::size_t most = 0;
  const bool overflow = __builtin_mul_overflow(came, kWorkFactor, &most) ||
                        __builtin_add_overflow(most, extra, &most);
  left = overflow ? kNoBound - 1 : most;
}

WorkScope::WorkScope(std::span<const Payload> messages)
    : WorkScope(
          std::accumulate(
              messages.begin(), messages.end(), std::size_t{0},
              [](std::size_t sum, const Payload& message) { return sum + message.size(); }),
          std::any_of(messages.begin(), messages.end(),
                      [](const Payload& message) { return !message.content_encoding().empty(); })
              ? kUnpackedExtra
              : kWorkExtra) {}

WorkScope::~WorkScope() {
  if (!is_outer_) return;
  left = kNoBound;
  is_over = false;
}

StopScope::StopScope(const std::atomic<bool>& stop) : outer_(stop_flag) { stop_flag = &stop; }

StopScope::~StopScope() { stop_flag = outer_; }

MeterScope::MeterScope(WorkMeter& meter) : outer_(meter_in_force), outer_is_refused_(is_refused) {
  meter_in_force = &meter;
  is_refused = false;
}

MeterScope::~MeterScope() {
  meter_in_force = outer_;
  is_refused = outer_is_refused_;
}

bool is_stopped() { return stop_flag != nullptr && stop_flag->load(std::memory_order_relaxed); }

bool is_cut() { return is_over || is_refused || is_stopped(); }

Status why_ended(Status status) {
  if (is_stopped()) return stopped();
  const bool says_so = status.message().find(kTooMuch) != std::string::npos;
  return is_over && !says_so ? too_much() : status;
}

Status stopped() { return {Code::kCancelled, "the request was cancelled"}; }

void count_work(std::size_t bytes) { (void)take(bytes); }

Result<void> afford(std::size_t bytes) {
  if (is_stopped()) return stopped();
  if (!take(bytes)) return too_much();
  if (meter_in_force == nullptr) return {};
  auto paid = meter_in_force->pay(bytes);
  if (!paid) is_refused = true;
  return paid;
}

Result<void> could_afford(std::size_t bytes) {
  if (is_stopped()) return stopped();
  if (!is_over && bytes <= (left == kNoBound ? kMaxBody : left)) return {};
  return too_much();
}

Result<void> Slices::pay(std::size_t size) {
  const std::size_t made = size - paid_;
  paid_ = size;
  next_ = size + kWorkSlice;
  return afford(made);
}

}  // namespace infergraph::protocol
