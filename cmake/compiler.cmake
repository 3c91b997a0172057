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

# infergraph_unity(TARGET [ALONE sources...]): where INFERGRAPH_UNITY is on, what a target has in one
# folder is compiled as one source, so that what all of it includes is parsed and instantiated once:
# most of what compiling takes. Sources that give a name of a neighbour's to something of their own are
# found and left out; ALONE are those where that isn't to be seen, such as names that hide an outer one.
function(infergraph_unity target)
  if(NOT INFERGRAPH_UNITY)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "ALONE" ${ARGN})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # GCC takes an unnamed namespace to be a header's when the file isn't the one that it was given.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    get_filename_component(source ${source} ABSOLUTE)
    get_filename_component(name ${source} NAME)
    get_filename_component(folder ${source} DIRECTORY)
    file(RELATIVE_PATH folder ${CMAKE_CURRENT_SOURCE_DIR} ${folder})
    string(MAKE_C_IDENTIFIER "in_${folder}" group)
    # Functions, types and constants outside of classes: what is declared at the left margin.
    file(READ ${source} text)
    string(REPLACE " final " " " text "${text}")
    string(REGEX MATCHALL "\n[a-zA-Z][^\n();={]*[ &*>][a-zA-Z_0-9]+ ?[({=]" found "${text}")
    list(TRANSFORM found REPLACE "^.*[ &*>]([a-zA-Z_0-9]+) ?[({=]$" "\\1")
    list(REMOVE_ITEM found infergraph)
    set(clashes)
    foreach(one ${found})
      if(one IN_LIST ${group}_names)
        list(APPEND clashes ${one})
      endif()
    endforeach()
    if(NOT clashes AND NOT name IN_LIST ARG_ALONE)
      list(APPEND ${group}_names ${found})
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP "${group}")
    endif()
  endforeach()
endfunction()

# infergraph_library(NAME [FOLDERS folders...] USES rooms... LIBS libraries... [EXCLUDE regex]
#                    [ALONE sources...] PRECOMPILES headers... | PRECOMPILED room):
# infergraph_NAME, a static library of the sources in this very folder (and FOLDERS), which links only
# the rooms that it may include. It makes precompiled headers for other rooms (PRECOMPILES), or uses
# those of one. ALONE is infergraph_unity's.
function(infergraph_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "FOLDERS;USES;LIBS;EXCLUDE;ALONE;PRECOMPILES" ${ARGN})
  list(TRANSFORM ARG_FOLDERS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE globs)
  list(TRANSFORM globs APPEND /*.cpp)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${globs})
  if(ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX ${ARG_EXCLUDE})
  endif()
  list(TRANSFORM ARG_USES PREPEND infergraph_)
  add_library(infergraph_${name} STATIC ${sources})
  infergraph_unity(infergraph_${name} ALONE ${ARG_ALONE})
  target_include_directories(infergraph_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(infergraph_${name} PUBLIC ${ARG_USES} ${ARG_LIBS} Threads::Threads)
  if(ARG_PRECOMPILED)
    target_precompile_headers(infergraph_${name} REUSE_FROM infergraph_${ARG_PRECOMPILED})
  else()
    target_precompile_headers(infergraph_${name} PRIVATE ${precompiled_std} ${ARG_PRECOMPILES})
  endif()
endfunction()
