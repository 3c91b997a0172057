#pragma once

#include <iosfwd>
#include <mutex>
#include <string_view>

#include "engine/tools/stub/fleet.hpp"
#include "engine/tools/text_style.hpp"

namespace infergraph::engine {

/// Writes what the stand-ins do: text for a terminal, or one JSON object a line.
/// Threads: any; what is printed by two at once comes one after the other.
class StubReport {
 public:
  StubReport(std::ostream& out, TextStyle style, bool json)
      : out_(out), style_(style), json_(json) {}

  /// Where each stand-in listens.
  void print_listening(const StubFleet& fleet);
  /// One request with its bodies.
  void print_event(const StubEvent& event);
  /// What each was asked, by method.
  void print_counts(const StubFleet& fleet);

 private:
  void print_body(std::string_view arrow, std::string_view body);

  std::mutex mutex_;
  std::ostream& out_;
  TextStyle style_;
  bool json_;
};

}  // namespace infergraph::engine
