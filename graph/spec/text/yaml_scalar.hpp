#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/json/json.hpp"

namespace infergraph::graph {

/// What a plain scalar is to Kubernetes, and to the reference: null, a boolean, a number, else a
/// string. Their reader (sigs.k8s.io/yaml on go-yaml v2) goes by YAML 1.1: `yes`, `on` and `y` are
/// true, 010 is eight, 0b11 three and 1_000 a thousand.
protocol::json::Kind resolve_plain(std::string_view text);

/// The text that a number or a boolean becomes where text is wanted, as there: 0x10 is "16", 1.10
/// is "1.1", yes is "true". Nothing for what JSON can't hold, such as .inf.
std::optional<std::string> text_of_scalar(protocol::json::Kind kind, std::string_view text);

/// The whole number that the text of a number stands for, of any of these forms, or nothing.
std::optional<std::int64_t> to_whole_number(std::string_view text);

}  // namespace infergraph::graph
