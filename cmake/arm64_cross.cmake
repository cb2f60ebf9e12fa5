# SPDX-License-Identifier: Apache-2.0
# Builds for 64-bit ARM on an x86 Debian and runs the tests under qemu-user. The libraries come as
# packages of the other architecture; `tools/setup.sh arm64` installs them.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig)
# "max" has every extension; LEMMA_QEMU_CPU=cortex-a72 is a processor without sdot.
set(LEMMA_QEMU_CPU max CACHE STRING "processor that qemu plays in the tests")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu ${LEMMA_QEMU_CPU})
