#!/usr/bin/env bash
# kernels.sh [ARGS...]: builds bench_kernels and runs it; what it takes and prints is said in bench/kernels.cpp.
set -euo pipefail
./run build bench_kernels
exec build/release/bin/bench_kernels "$@"
