# SPDX-License-Identifier: Apache-2.0
# The helpers every folder uses. One library a folder, tests beside the code, explicit lists.
include_guard(GLOBAL)

add_library(lemma_options INTERFACE)
target_include_directories(lemma_options INTERFACE ${PROJECT_SOURCE_DIR}/src
                                                   ${PROJECT_SOURCE_DIR}/include)
target_compile_features(lemma_options INTERFACE cxx_std_20)
target_compile_options(lemma_options INTERFACE -Wall -Wextra -Werror -Wshadow -Wconversion
                       -Wno-sign-conversion -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(lemma_options INTERFACE -Wthread-safety)
else()
  # GCC 12 sees overlaps in std::string that are not there (GCC bug 105651).
  target_compile_options(lemma_options INTERFACE -Wno-restrict)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(lemma_options INTERFACE -march=x86-64-v2)
endif()

# lemma_library(tensor SOURCES a.cc DEPS lemma_base TESTS a_test.cc [TEST_DEPS x])
# Makes lemma_tensor and, per test file, a ctest entry tensor.a_test.
function(lemma_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;TESTS;TEST_DEPS" ${ARGN})
  add_library(lemma_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(lemma_${name} PUBLIC lemma_options ${ARG_DEPS})
  foreach(test ${ARG_TESTS})
    get_filename_component(stem ${test} NAME_WE)
    lemma_test(${name}.${stem} SOURCES ${test} DEPS lemma_${name} ${ARG_TEST_DEPS})
  endforeach()
endfunction()

# lemma_test(name SOURCES ... DEPS ... [ENV "A=b"...] [LABELS ...])
# LEMMA_TEST_FOLDERS, if set, leaves out tests whose name begins with another folder (server_http: server).
function(lemma_test name)
  string(REGEX REPLACE "[._].*" "" folder ${name})
  if(NOT LEMMA_TESTS OR (LEMMA_TEST_FOLDERS AND NOT folder IN_LIST LEMMA_TEST_FOLDERS))
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;ENV;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} lemma_options GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE LEMMA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  if(ARG_ENV)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "${ARG_ENV}")
  endif()
  if(ARG_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
endfunction()

# lemma_bench(name SOURCES ... DEPS ...): a Google Benchmark program, built only with LEMMA_BENCH.
function(lemma_bench name)
  if(NOT LEMMA_BENCH)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} lemma_options benchmark::benchmark)
  target_compile_definitions(${name} PRIVATE LEMMA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endfunction()

# lemma_fuzz(name SOURCES ... DEPS ...): a libFuzzer target, built only with LEMMA_FUZZ (clang).
function(lemma_fuzz name)
  if(NOT LEMMA_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} lemma_options)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)  # all of them
  endif()
  add_dependencies(fuzzers ${name})
endfunction()
