#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/payload.hpp"

namespace infergraph::protocol {

/// Payloads one behind the other as one body: none is copied, unless somebody looks into the whole.
/// Threads: any.
class PieceList final : public Pieces {
 public:
  explicit PieceList(std::vector<Payload> parts) : parts_(std::move(parts)) {
    for (const Payload& part : parts_) size_ += part.size();
  }

  const std::vector<Payload>& parts() const { return parts_; }

  std::string_view joined() const override {
    std::call_once(once_, [this] {
      joined_.reserve(size_);
      for (const Payload& part : parts_) joined_ += part.bytes();
    });
    return joined_;
  }
  std::string_view front() const override {
    if (parts_.empty()) return {};
    const Payload& first = parts_.front();
    return first.pieces() == nullptr ? first.bytes() : first.pieces()->front();
  }
  std::size_t size() const override { return size_; }

 private:
  std::vector<Payload> parts_;
  std::size_t size_ = 0;
  mutable std::once_flag once_;
  mutable std::string joined_;
};

}  // namespace infergraph::protocol
