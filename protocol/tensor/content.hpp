#pragma once

#include <cstdint>

namespace infergraph::protocol {

/// Which member of SeldonMessage's data_oneof there is. Source: docs/wire/seldon.md §1.
enum class Content : std::uint8_t { kNone, kData, kStrData, kBinData, kJsonData, kCustomData };

/// Which member of DefaultData's data_oneof there is.
enum class DataKind : std::uint8_t { kNone, kTensor, kNdarray, kTftensor };

}  // namespace infergraph::protocol
