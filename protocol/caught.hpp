#pragma once

#include "protocol/status.hpp"

namespace infergraph::protocol {

/// What is thrown on the data path, as a failure of ours (kInternal): to be called in a catch
/// block. Takes no memory, since lack of it is the likeliest cause.
Status caught() noexcept;

}  // namespace infergraph::protocol
