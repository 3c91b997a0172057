#pragma once

#include <iosfwd>
#include <string>

#include "engine/tools/text_style.hpp"
#include "engine/tools/try/recorder.hpp"
#include "graph/call_context.hpp"
#include "graph/spec/spec.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// What one walk did and how it ended. Borrows everything.
struct TryOutcome {
  const graph::PredictorSpec& predictor;
  const TryRecorder& recorder;
  const protocol::Result<protocol::Payload>& answer;
  Clock::duration took;
};

/// The tree with the nodes that were visited, each with its steps, times and messages; then the
/// answer, or the failure. Messages are shortened to `columns` of the screen; 0 leaves them whole.
void print_try(std::ostream& out, const TryOutcome& outcome, const TextStyle& style,
               std::size_t columns);

/// {"ok","predictor","seconds","status","answer","error","nodes":[{"name","parent","visited",
/// "seconds","branch","steps":[{"method","seconds","in","out","error"}]}]}
void print_try_json(std::ostream& out, const TryOutcome& outcome);

}  // namespace infergraph::engine
