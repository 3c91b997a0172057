#include "engine/work/queue.hpp"

#include <algorithm>

namespace infergraph::engine {

WorkQueue::~WorkQueue() {
  while (pop() != nullptr) {
  }
}

WorkQueue::Item* WorkQueue::push(Item& item, Key key) {
  Item* displaced = nullptr;
  if (size_ >= most_) {
    const auto own = lanes_.find(key);
    const std::size_t has = own == lanes_.end() ? 0 : own->second.items.size();
    if (lanes_.empty()) return &item;
    // Only a scan that is as long as the queue, and only when that is full.
    Lane& greedy = longest();
    // Equals keep what they have: the newcomer would otherwise push out who has waited longer.
    if (greedy.items.size() <= has + 1) return &item;
    displaced = &greedy.items.back();
  }
  Lane& lane = lanes_[key];
  if (displaced != nullptr) take_out(lanes_.at(displaced->key_), *displaced);
  item.key_ = lane.key = key;
  lane.items.push_back(item);
  if (!lane.is_linked()) turns_.push_back(lane);
  ++size_;
  return displaced;
}

WorkQueue::Item* WorkQueue::pop() {
  if (turns_.empty()) return nullptr;
  Lane& lane = turns_.front();
  Item& item = lane.items.front();
  turns_.pop_front();
  turns_.push_back(lane);
  take_out(lane, item);
  return &item;
}

bool WorkQueue::remove(Item& item) {
  if (!item.waits()) return false;
  take_out(lanes_.at(item.key_), item);
  return true;
}

WorkQueue::Lane& WorkQueue::longest() {
  return *std::max_element(turns_.begin(), turns_.end(), [](const Lane& a, const Lane& b) {
    return a.items.size() < b.items.size();
  });
}

void WorkQueue::take_out(Lane& lane, Item& item) {
  lane.items.erase(lane.items.iterator_to(item));
  --size_;
  if (!lane.items.empty()) return;
  turns_.erase(turns_.iterator_to(lane));
  lanes_.erase(lane.key);
}

}  // namespace infergraph::engine
