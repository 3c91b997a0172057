#include "engine/work/queue.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace infergraph::engine {
namespace {

struct Named : WorkQueue::Item {
  explicit Named(std::string its_name) : name(std::move(its_name)) {}
  std::string name;
};

// Items by name, and what comes out in which order.
class Queue : public testing::Test {
 protected:
  Named& make(const std::string& name) { return items_.emplace_back(name); }
  WorkQueue::Item* push(const std::string& name, WorkQueue::Key caller) {
    return queue.push(make(name), caller);
  }
  std::string drained() {
    std::string order;
    while (auto* item = queue.pop()) order += static_cast<Named*>(item)->name + ' ';
    return order;
  }
  Named& item(std::size_t index) { return items_[index]; }

 private:
  std::deque<Named> items_;

 protected:
  WorkQueue queue{4};  // goes before what may still wait in it
};

TEST_F(Queue, GivesEachCallerItsTurn) {
  for (const char* name : {"a1", "a2", "a3"}) EXPECT_EQ(push(name, 1), nullptr);
  EXPECT_EQ(push("b1", 2), nullptr);
  EXPECT_EQ(queue.size(), 4U);
  EXPECT_EQ(drained(), "a1 b1 a2 a3 ");
  EXPECT_EQ(queue.size(), 0U);
}

TEST_F(Queue, PutsWhoComesAgainBehindTheOthers) {
  push("a1", 1);
  push("a2", 1);
  EXPECT_EQ(queue.pop(), &item(0));
  push("b1", 2);
  push("a3", 1);
  EXPECT_EQ(drained(), "a2 b1 a3 ");
}

TEST_F(Queue, RefusesWhoFilledIt) {
  for (const char* name : {"a1", "a2", "a3", "a4"}) EXPECT_EQ(push(name, 1), nullptr);
  auto* const refused = push("a5", 1);
  EXPECT_EQ(refused, &item(4));
  EXPECT_FALSE(refused->waits());
  EXPECT_EQ(drained(), "a1 a2 a3 a4 ");
}

TEST_F(Queue, MakesRoomForOthersWhereOneCallerHasMost) {
  for (const char* name : {"a1", "a2", "a3"}) push(name, 1);
  push("b1", 2);
  EXPECT_EQ(push("c1", 3), &item(2)) << "the newest of whoever has most gives way";
  EXPECT_EQ(drained(), "a1 b1 c1 a2 ");
}

TEST_F(Queue, TakesNothingFromEquals) {
  for (WorkQueue::Key caller = 1; caller <= 4; ++caller) push("x", caller);
  EXPECT_EQ(push("late", 5), &item(4));
  EXPECT_EQ(queue.size(), 4U);
}

TEST_F(Queue, LosesOnlyWhatIsTakenOut) {
  push("a1", 1);
  push("a2", 1);
  push("b1", 2);
  EXPECT_TRUE(queue.remove(item(0)));
  EXPECT_FALSE(queue.remove(item(0))) << "it doesn't wait any more";
  EXPECT_TRUE(queue.remove(item(2)));
  EXPECT_EQ(drained(), "a2 ");
  EXPECT_EQ(push("b2", 2), nullptr) << "a caller who had nothing left comes again";
  EXPECT_EQ(drained(), "b2 ");
}

TEST_F(Queue, WithoutRoomTakesNothing) {
  WorkQueue none(0);
  Named& only = make("only");
  EXPECT_EQ(none.push(only, 1), &only);
  EXPECT_EQ(none.pop(), nullptr);
}

TEST_F(Queue, LetsGoOfWhatStillWaits) {
  Named& left = make("left");
  {
    WorkQueue ends(4);
    ends.push(left, 1);
  }
  EXPECT_FALSE(left.waits());
}

}  // namespace
}  // namespace infergraph::engine
