#pragma once

#include <google/protobuf/arena.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.hpp"
#include "protocol/json/json.hpp"
#include "protocol/json/number.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// What the readers of Classify and Regress have in common: they keep the first problem.
class ExamplesVisitor : public json::Visitor {
 public:
  using Kind = json::Kind;
  using Path = json::Path;

  std::optional<std::string> problem_;

 protected:
  void refuse(const Path& path, std::string_view why) {
    if (problem_) return;
    constexpr std::size_t kMost = 200;  // bytes that tell the caller enough
    problem_ = json::excerpt(path.text(), kMost);
    if (!problem_->empty()) *problem_ += ": ";
    *problem_ += why;
  }

  void expected(const Path& path, std::string_view what, Kind found) {
    refuse(path,
           "expected " + std::string(what) + " but found " + std::string(json::name_of(found)));
  }

  std::optional<float> number(const Path& path, Kind kind, std::string_view text) {
    float value = 0;
    if (kind != Kind::kNumber) {
      expected(path, "a number", kind);
      return std::nullopt;
    }
    if (read_number(kind, text, value) != NumberFault::kNone) {
      refuse(path, json::excerpt(text) + " is out of range for a float");
      return std::nullopt;
    }
    return value;
  }

  /// What a string of text says; "" when it isn't UTF-8, which is refused.
  std::string string(const Path& path, std::string_view text) {
    std::string value = json::read_string(text);
    if (is_utf8(value)) return value;
    refuse(path, "the text is not UTF-8");
    return {};
  }

  /// True for the member `error`, which is then what is wrong.
  bool take_error(const Path& path, Kind kind, std::string_view text) {
    if (path.depth() != 1 || !path.is(0, "error")) return false;
    constexpr std::size_t kMost = 1000;
    error_ =
        json::excerpt(kind == Kind::kString ? json::read_string(text) : std::string(text), kMost);
    return true;
  }

  std::optional<std::string> error_;
};

/// Reads `body` into a Message of `arena`, by a visitor of it. Errors: kInvalidArgument.
template <typename MessageReader, typename Message>
Result<Message*> read_into(std::string_view body, google::protobuf::Arena& arena) {
  auto* const message = google::protobuf::Arena::CreateMessage<Message>(&arena);
  MessageReader reader(*message);
  if (auto problem = json::visit(body, reader)) {
    return Status(Code::kInvalidArgument, *std::move(problem));
  }
  if (reader.problem_) return Status(Code::kInvalidArgument, *std::move(reader.problem_));
  return message;
}

}  // namespace infergraph::protocol
