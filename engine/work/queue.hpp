#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include <boost/intrusive/list.hpp>

namespace infergraph::engine {

/// Who is next, of the work that waits: callers in turn, each one's own in the order in which it
/// came. Bounded, and fair there too: once it is full, whoever has most waiting gives way.
///
/// Threads: whoever holds the lock around it. Borrows the items, none of which it destroys.
class WorkQueue {
 public:
  /// Which caller: Caller::key().
  using Key = std::uint64_t;

  /// Something that waits, or doesn't.
  class Item : public boost::intrusive::list_base_hook<> {
   public:
    bool waits() const { return is_linked(); }

   private:
    friend class WorkQueue;
    Key key_ = 0;
  };

  explicit WorkQueue(std::size_t most) : most_(most) {}
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;
  ~WorkQueue();

  /// Puts `item` last of its caller's. Gives what there is no room for: null, `item`, or the newest
  /// of a caller who has more waiting than this one.
  Item* push(Item& item, Key key);
  /// The next one; null when nothing waits.
  Item* pop();
  /// Takes `item` out if it waits.
  bool remove(Item& item);

  std::size_t size() const { return size_; }

 private:
  // What one caller has waiting: never empty.
  struct Lane : boost::intrusive::list_base_hook<> {
    boost::intrusive::list<Item> items;
    Key key = 0;
  };

  Lane& longest();
  void take_out(Lane& lane, Item& item);

  std::size_t most_;
  std::size_t size_ = 0;
  std::unordered_map<Key, Lane> lanes_;
  boost::intrusive::list<Lane> turns_;  // the front one is next
};

}  // namespace infergraph::engine
