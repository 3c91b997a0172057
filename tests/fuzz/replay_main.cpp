// Runs every file of the given folders through the fuzz target that comes first, so that the corpus
// is a regression test.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

// INFERGRAPH_FUZZ_TARGETS is TARGET(x) for each.
// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define TARGET(name) extern "C" int name(const std::uint8_t* data, std::size_t size);
INFERGRAPH_FUZZ_TARGETS
#undef TARGET

namespace {

using Target = int (*)(const std::uint8_t* data, std::size_t size);

Target target_called(std::string_view asked) {
#define TARGET(name) \
  if (asked == #name) return &(name);
  INFERGRAPH_FUZZ_TARGETS
#undef TARGET
  return nullptr;
}
// NOLINTEND(cppcoreguidelines-macro-usage)

}  // namespace

int main(int argc, char** argv) {
  const Target target = argc > 1 ? target_called(argv[1]) : nullptr;
  if (target == nullptr) {
    std::fputs("fuzz_replay TARGET FOLDER...\n", stderr);
    return 2;
  }
  std::size_t ran = 0;
  for (int i = 2; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
      target(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++ran;
    }
  }
  std::printf("%zu inputs replayed\n", ran);
  return ran == 0 ? 1 : 0;  // an empty corpus tests nothing
}
