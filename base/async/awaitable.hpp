#pragma once

#include <boost/asio/awaitable.hpp>

namespace infergraph {

template <typename T>
using Awaitable = boost::asio::awaitable<T>;

}  // namespace infergraph
