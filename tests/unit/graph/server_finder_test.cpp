#include "graph/server_finder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infergraph::graph {
namespace {

constexpr int kProxy = ServerFinder::kProxy;

// "s." is a look: the first name serves, the second is something else; "?" is silent.
std::vector<ServerLook> looks(const std::string& text) {
  std::vector<ServerLook> made;
  for (const char c : text) {
    made.push_back(c == 's'   ? ServerLook::kServes
                   : c == '?' ? ServerLook::kSilent
                              : ServerLook::kOther);
  }
  return made;
}

struct Story {
  const char* what;
  std::vector<std::string> looks;
  std::vector<int> found;
};

TEST(ServerFinder, Decides) {
  const std::vector<Story> stories{
      {"is found at its first word", {"..", "s.", "s."}, {kProxy, 0, 0}},
      {"is found by its other name", {".s", ".s"}, {1, 1}},
      {"the first of two names is taken", {"ss"}, {0}},
      {"stays with the name that it was found by", {".s", ".s", "ss"}, {1, 1, 1}},
      {"goes over to another name", {"s.", ".s"}, {0, 1}},
      {"is left at its first word that it isn't there", {"s.", "..", "s."}, {0, kProxy, 0}},
      {"may miss a look or two", {"s", "?", "?", "s", "?", "?", "s"}, {0, 0, 0, 0, 0, 0, 0}},
      {"may not miss three", {"s", "?", "?", "?", "?", "s"}, {0, 0, 0, kProxy, kProxy, 0}},
      {"is not found by silence", {"?", "?", "?", "?"}, {kProxy, kProxy, kProxy, kProxy}},
      {"is lost in silence, and found by its other name", {".s", ".?", ".?", "s?"}, {1, 1, 1, 0}},
      {"has no names", {"", ""}, {kProxy, kProxy}},
  };
  for (const auto& [what, given, found] : stories) {
    ServerFinder finder;
    for (std::size_t i = 0; i < given.size(); ++i) {
      EXPECT_EQ(finder.take(looks(given[i])), found[i]) << what << ", look " << i;
      EXPECT_EQ(finder.found(), found[i]);
    }
  }
}

TEST(FoundServer, IsOfEachTransport) {
  FoundServer found;
  EXPECT_FALSE(found.any());
  found.set(protocol::Transport::kGrpc, 1);
  EXPECT_TRUE(found.any());
  EXPECT_EQ(found.name(protocol::Transport::kRest), kProxy);
  EXPECT_EQ(found.name(protocol::Transport::kGrpc), 1);
  found.set(protocol::Transport::kGrpc, kProxy);
  EXPECT_FALSE(found.any());
}

}  // namespace
}  // namespace infergraph::graph
