#pragma once

#include <iosfwd>

#include "engine/tools/json_text.hpp"
#include "engine/tools/text_style.hpp"
#include "graph/spec/spec.hpp"

namespace infergraph::engine {

/// A list of what is set for the nodes, and of which of their parameters are left to their
/// components: a line each, with where it comes from. Nothing for a predictor without settings.
void print_settings(std::ostream& out, const graph::PredictorSpec& predictor,
                    const TextStyle& style);

/// Writes `"settings":[{"name":…,"value":…,"from":…,"taken":…}]` into a node's object; nothing for
/// a node without settings.
void write_settings(JsonWriter& writer, const graph::NodeSpec& node);

}  // namespace infergraph::engine
