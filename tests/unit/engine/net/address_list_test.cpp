#include "engine/net/address_list.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace infergraph::engine {
namespace {

struct Address {
  TcpEndpoint endpoint;
  int calls = 0;
};

TcpEndpoint at(std::uint16_t port) { return {boost::asio::ip::make_address("127.0.0.1"), port}; }

class AddressListTest : public testing::Test {
 protected:
  void list(std::initializer_list<std::uint16_t> ports) {
    std::vector<TcpEndpoint> endpoints;
    for (const std::uint16_t port : ports) endpoints.push_back(at(port));
    book_->set(std::move(endpoints));
  }
  void follow() {
    list_.follow(
        [this](const TcpEndpoint& endpoint) {
          if (fails_) throw std::bad_alloc();
          made_.push_back(endpoint.port());
          return std::make_shared<Address>(Address{endpoint});
        },
        [this](Address& gone) { gone_.push_back(gone.endpoint.port()); });
  }
  using Ports = std::vector<std::uint16_t>;
  Ports ports() const {
    Ports all;
    for (const auto& address : list_) all.push_back(address->endpoint.port());
    return all;
  }
  std::uint16_t choose() {
    const auto& chosen =
        list_.choose([](const Address& address) { return AddressRank{.calls = address.calls}; });
    ++chosen->calls;
    return chosen->endpoint.port();
  }

  std::shared_ptr<AddressBook> book_ = std::make_shared<AddressBook>("name", 80);
  AddressList<Address> list_{book_};
  bool fails_ = false;
  Ports made_;
  Ports gone_;
};

TEST_F(AddressListTest, IsEmptyUntilTheNameIsKnown) {
  follow();
  EXPECT_TRUE(list_.empty());
  list({1});
  EXPECT_TRUE(list_.empty()) << "until it follows";
  follow();
  EXPECT_EQ(ports(), Ports{1});
}

TEST_F(AddressListTest, KeepsWhatIsStillListed) {
  list({1, 2});
  follow();
  EXPECT_EQ(choose(), 1);
  list({3, 1});
  follow();
  EXPECT_EQ(ports(), (Ports{3, 1}));
  EXPECT_EQ(made_, (Ports{1, 2, 3}));
  EXPECT_EQ(gone_, Ports{2});
  EXPECT_EQ((*std::next(list_.begin()))->calls, 1);
  EXPECT_EQ(choose(), 3) << "the other one has a call";
}

TEST_F(AddressListTest, DoesNothingUntilTheNameChanges) {
  list({1});
  follow();
  const auto* const before = &*list_.begin();
  follow();
  EXPECT_EQ(&*list_.begin(), before) << "a new list lies elsewhere";
  list({1});
  follow();
  EXPECT_EQ(&*list_.begin(), before);
}

TEST_F(AddressListTest, WhatFailsIsDoneAgain) {
  list({1});
  follow();
  list({1, 2});
  fails_ = true;
  EXPECT_THROW(follow(), std::bad_alloc);
  EXPECT_EQ(ports(), Ports{1});
  fails_ = false;
  follow();
  EXPECT_EQ(ports(), (Ports{1, 2}));
}

}  // namespace
}  // namespace infergraph::engine
