# Flags common to every target of ours.
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns of overlaps and overflows in "text" + std::string that are none (its bug 105329).
  add_compile_options(-fcoroutines -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()

# Debian's hardening. The sanitizers see more than these checks, and FORTIFY hides reads from them.
if(NOT INFERGRAPH_SANITIZE)
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -Wformat
                      -Werror=format-security)
  add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection)
  endif()
endif()
# Every library of ours is static and goes into programs: PIE, where CMake's own switch would be the
# dearer PIC.
add_compile_options(-fPIE)
add_link_options(-pie LINKER:-z,relro LINKER:-z,now)

if(INFERGRAPH_SANITIZE)
  add_compile_options(-fsanitize=${INFERGRAPH_SANITIZE} -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${INFERGRAPH_SANITIZE})
  if(INFERGRAPH_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      # Clang 14 can't compile coroutines with the check of function types.
      add_compile_options(-fno-sanitize=function
                          -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/sanitizer_ignore.txt)
    endif()
  endif()
endif()

# Of the frames that a request's coroutines have, as many as one thread gets back to use again: Asio
# keeps two, and the others would go through malloc each time. The same everywhere, for all of them
# are kept in one place.
add_compile_definitions(BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8
                        INFERGRAPH_VERSION="${PROJECT_VERSION}")

# libFuzzer sees only into what is instrumented for it.
if(INFERGRAPH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# What most sources include is parsed once; each source still includes what it uses, and scripts/tidy
# compiles it alone.
set(precompiled_std <algorithm> <array> <charconv> <chrono> <cstdint> <cstring> <deque> <functional>
                    <map> <memory> <mutex> <optional> <sstream> <string> <string_view> <unordered_map>
                    <utility> <variant> <vector>)

# infergraph_library(NAME [FOLDERS ...] USES rooms... LIBS libraries... PRECOMPILES headers... |
# PRECOMPILED room): a static library of the sources in this very folder (and FOLDERS), which links only the rooms that it may include:
# infergraph_NAME. It makes precompiled headers for other rooms (PRECOMPILES), or uses those of one.
function(infergraph_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "FOLDERS;USES;LIBS;EXCLUDE;PRECOMPILES" ${ARGN})
  list(TRANSFORM ARG_FOLDERS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE globs)
  list(TRANSFORM globs APPEND /*.cpp)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${globs})
  if(ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX ${ARG_EXCLUDE})
  endif()
  list(TRANSFORM ARG_USES PREPEND infergraph_)
  add_library(infergraph_${name} STATIC ${sources})
  target_include_directories(infergraph_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(infergraph_${name} PUBLIC ${ARG_USES} ${ARG_LIBS} Threads::Threads)
  if(ARG_PRECOMPILED)
    target_precompile_headers(infergraph_${name} REUSE_FROM infergraph_${ARG_PRECOMPILED})
  else()
    target_precompile_headers(infergraph_${name} PRIVATE ${precompiled_std} ${ARG_PRECOMPILES})
  endif()
endfunction()
