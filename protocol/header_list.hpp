#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "protocol/payload.hpp"

namespace infergraph::protocol {

/// The headers of an answer, in order, whatever writes them out. A few of them take no memory, nor
/// do more when it is cleared and used again.
/// Owns/borrows: what is given to add() lives until the answer has been written; add_made() keeps a
/// copy. Neither moved nor copied: views point into it.
class HeaderList {
 public:
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  void add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }

  /// Gives the copy, which lives until clear().
  std::string_view add_made(std::string_view name, std::string_view value) {
    const std::string_view kept = keep(value);
    fields_.push_back({name, kept});
    return kept;
  }

  void clear() noexcept {
    fields_.clear();
    used_ = 0;
    large_.clear();
  }
  /// Leaves the first `count`. What others were made of stays till clear().
  void truncate(std::size_t count) noexcept {
    if (count < fields_.size()) fields_.resize(count);
  }

  std::span<const HeaderField> fields() const { return {fields_.data(), fields_.size()}; }
  /// The first of exactly that name, or "".
  std::string_view value(std::string_view name) const {
    for (const HeaderField& field : fields_) {
      if (field.name == name) return field.value;
    }
    return {};
  }

 private:
  std::string_view keep(std::string_view value) {
    if (room_.size() - used_ < value.size()) {
      return *large_.emplace_back(std::make_unique<const std::string>(value));
    }
    char* const at = room_.data() + used_;
    used_ += value.copy(at, value.size());
    return {at, value.size()};
  }

  boost::container::small_vector<HeaderField, 4> fields_;
  std::size_t used_ = 0;         // of room_
  std::array<char, 40> room_{};  // for a puid, which nearly every answer has
  std::vector<std::unique_ptr<const std::string>> large_;
};

}  // namespace infergraph::protocol
