#include "engine/net/spare_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace infergraph::engine {

SpareDescriptors::~SpareDescriptors() {
  while (give_up_one()) {
  }
}

void SpareDescriptors::refill() {
  while (left() < count_) {
    const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    held_.push_back(descriptor);
  }
}

bool SpareDescriptors::give_up_one() {
  if (held_.empty()) return false;
  ::close(held_.back());
  held_.pop_back();
  return true;
}

}  // namespace infergraph::engine
