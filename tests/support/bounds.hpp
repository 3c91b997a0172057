#pragma once

#include <cstddef>
#include <cstdint>

namespace infergraph::fuzz {

/// What work on one input may cost: so much for each byte that came, and so much whatever came.
/// The defaults are those of one conversion (docs/architecture.md, «Work has bounds»).
struct Bound {
  struct Line {
    double per_byte = 0;
    double constant = 0;
    double at(std::size_t bytes) const { return constant + per_byte * static_cast<double>(bytes); }
  };
  static constexpr double kMebi = 1 << 20U;

  Line made{40, kMebi};         ///< bytes of one result
  Line peak{40, 2 * kMebi};     ///< bytes on the heap at once, above those at the beginning
  Line total{400, 16 * kMebi};  ///< bytes allocated, whether freed or not
  Line seconds{20e-6, 0.5};     ///< of the thread's processor time, with sanitizers

  /// For a target that does `times` such things with its input, one after the other, and holds
  /// some of their results.
  static constexpr Bound of_all(int times) {
    Bound bound;
    bound.peak.per_byte *= 4;
    bound.total.per_byte *= times;
    bound.total.constant *= times;
    bound.seconds.per_byte *= times;
    bound.seconds.constant += 0.5;
    return bound;
  }
};

/// Aborts with a text that says why, unless what happens while it lives is within the bound. May
/// be nested. Counts what operator new and malloc gave this thread; of time only what no slow
/// machine explains (ten times the bound where the target isn't libFuzzer's, none under valgrind).
/// Borrows: `what`. Threads: one.
class Bounded {
 public:
  Bounded(const char* what, std::size_t came, const Bound& bound = {});
  Bounded(const Bounded&) = delete;
  Bounded& operator=(const Bounded&) = delete;
  ~Bounded();

  /// One result has `bytes` bytes.
  void made(std::size_t bytes) const;

 private:
  [[noreturn]] void exceeded(const char* which, double found, double most) const;

  const char* what_;
  std::size_t came_;
  Bound bound_;
  std::int64_t live_;
  std::int64_t total_;
  std::int64_t outer_peak_;
  double began_;
};

}  // namespace infergraph::fuzz
