#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/net/address_book.hpp"
#include "engine/net/address_choice.hpp"

namespace infergraph::engine {

/// The addresses of one name as one thread calls them: follows the book, and keeps what a transport
/// has of an address, which has an `endpoint`, for as long as the name has it.
/// Threads: one.
template <typename Address>
class AddressList {
 public:
  using Handle = std::shared_ptr<Address>;

  explicit AddressList(std::shared_ptr<AddressBook> book) : book_(std::move(book)) {}

  /// Takes over what the book has now. `make` gives the handle of an endpoint that is new; `drop`
  /// is told of each address that the name no longer has. What they throw passes, and all of it is
  /// done again the next time.
  template <typename Make, typename Drop>
  void follow(const Make& make, const Drop& drop) {
    const std::uint64_t version = book_->version();  // before the addresses, which may be newer
    if (version != seen_version_) take_over(version, make, drop);
  }

  /// The one for the next call; there must be one. `rank_of` gives an address's AddressRank.
  template <typename RankOf>
  const Handle& choose(const RankOf& rank_of) {
    return all_[choice.next(all_.size(), [&](std::size_t at) { return rank_of(*all_[at]); })];
  }

  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }
  const AddressBook& book() const { return *book_; }

  AddressChoice choice;

 private:
  template <typename Make, typename Drop>
  void take_over(std::uint64_t version, const Make& make, const Drop& drop) {
    std::vector<Handle> listed;
    for (const TcpEndpoint& endpoint : book_->addresses()) {
      const auto known = std::find_if(all_.begin(), all_.end(), [&](const Handle& address) {
        return address->endpoint == endpoint;
      });
      listed.push_back(known != all_.end() ? *known : make(endpoint));
    }
    for (const Handle& address : all_) {
      if (std::find(listed.begin(), listed.end(), address) == listed.end()) drop(*address);
    }
    all_ = std::move(listed);
    seen_version_ = version;  // last, so that what throws on the way here is done again
  }

  std::shared_ptr<AddressBook> book_;
  std::uint64_t seen_version_ = 0;
  std::vector<Handle> all_;
};

}  // namespace infergraph::engine
