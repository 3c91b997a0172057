#pragma once

#include <string_view>

#include <boost/beast/core/string.hpp>

namespace infergraph::engine {

/// Compares header names, whose case does not count.
inline bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         boost::beast::iequals(boost::beast::string_view(a.data(), a.size()),
                               boost::beast::string_view(b.data(), b.size()));
}

}  // namespace infergraph::engine
