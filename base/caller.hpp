#pragma once

#include <cstdint>

namespace infergraph {

/// Who sent a request, as far as others are to have their turn too: one connection.
class Caller {
 public:
  /// The same for all requests of one connection, and hardly for those of two.
  virtual std::uint64_t key() const = 0;

 protected:
  ~Caller() = default;
};

}  // namespace infergraph
