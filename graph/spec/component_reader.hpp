#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/fields.hpp"

namespace infergraph::graph {

/// A container of componentSpecs[i].spec.containers[], as far as it tells of its node.
/// Borrows: the tree.
struct Container {
  std::string_view name;
  std::string_view image;
  std::uint16_t http_port = 0;  ///< of its port named `http`
  std::uint16_t grpc_port = 0;  ///< of its port named `grpc`
  std::size_t component = 0;    ///< index of its componentSpec
  std::string path;
};

/// A variable of svcOrchSpec.env. Borrows: the tree.
struct Variable {
  std::string_view name;
  std::string_view value;
  std::string path;
};

/// The containers of a predictor, in their order. A pod's own fields are Kubernetes' to judge: here
/// they are looked at, and no more.
std::vector<Container> read_containers(const Fields& predictor);

std::vector<Variable> read_variables(const Fields& predictor);

}  // namespace infergraph::graph
