#include "graph/spec/text/problems.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.hpp"
#include "protocol/json/json.hpp"

namespace infergraph::graph {

namespace {

constexpr std::size_t kMostQuoted = 64;

bool is_word(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

std::string member_path(std::string_view path, std::string_view key) {
  std::string made(path);
  if (is_word(key)) {
    if (!made.empty()) made += '.';
    made += key;
  } else {
    made += '[';
    made += quoted(key);
    made += ']';
  }
  return made;
}

std::string element_path(std::string_view path, std::size_t index) {
  return std::string(path) + '[' + std::to_string(index) + ']';
}

std::string quoted(std::string_view text) {
  std::string made;
  if (text.size() <= kMostQuoted) {
    protocol::json::append_string(made, text);
    return made;
  }
  std::size_t cut = kMostQuoted;
  while (cut > 0 && continues_character(text[cut])) --cut;
  protocol::json::append_string(made, text.substr(0, cut));
  made.pop_back();
  return made + "…\"";
}

std::string grouped(std::size_t number) {
  std::string made = std::to_string(number);
  for (std::size_t at = made.size(); at > 3; at -= 3) made.insert(at - 3, 1, ',');
  return made;
}

std::string Place::text() const {
  if (parent_ == nullptr) return std::string(key_);
  return index_ ? element_path(parent_->text(), *index_) : member_path(parent_->text(), key_);
}

void Problems::add(const Place& place, std::string message) {
  // Long paths a million times over would take seconds to write.
  if (found_.size() == kMost) {
    ++left_out_;
  } else {
    add(place.text(), std::move(message));
  }
}

void Problems::add(std::string path, std::string message) {
  add(Problem{std::move(path), std::move(message)});
}

void Problems::add(Problem problem) {
  if (!problem.path.empty() && paths_.contains(problem.path)) return;
  if (found_.size() == kMost) {
    ++left_out_;
    return;
  }
  if (!problem.path.empty()) paths_.insert(problem.path);
  found_.push_back(std::move(problem));
}

bool Problems::any_in(std::string_view path) const {
  if (paths_.contains(path)) return true;
  const std::string inside(path);
  return std::ranges::any_of(std::array{inside + '.', inside + '['}, [this](const auto& prefix) {
    const auto next = paths_.lower_bound(prefix);
    return next != paths_.end() && next->starts_with(prefix);
  });
}

std::vector<Problem> Problems::take() {
  if (left_out_ > 0) found_.push_back({"", "and " + grouped(left_out_) + " more"});
  paths_.clear();
  left_out_ = 0;
  return std::exchange(found_, {});
}

}  // namespace infergraph::graph
