#!/usr/bin/env bash
# Checks training and inference on a CUDA device in one call: builds against the PyTorch of $PYTHON (python3), trains on
# phantoms on the CPU and on the GPU, and prints
#   - whether two GPU runs of one seed give the same bits,
#   - the largest difference of probabilities between CPU and GPU inference of one model (must stay below 1e-3: TF32
#     rounds products to 10 bits of mantissa),
#   - images per second of training on both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-python3}
work=build/gpu-check
rm -rf "$work/runs"
mkdir -p "$work"

"$python" -c 'import torch; assert torch.cuda.is_available(), "no CUDA device"; print(torch.__version__, torch.cuda.get_device_name())'
cmake -S . -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCHESTMAP_TESTS=OFF \
  -DCMAKE_PREFIX_PATH="$("$python" -c 'import torch; print(torch.utils.cmake_prefix_path)')" >"$work/cmake.log"
ninja -C "$work/build" --quiet
chestmap=$work/build/bin/chestmap
[ -d "$work/phantoms" ] || "$chestmap" data phantom "$work/phantoms" --images 1000 --size 256 --seed 1 --conspicuity 2

# train NAME DEVICE BACKBONE
train() {
  local start end
  start=$(date +%s.%N)
  "$chestmap" train --data "$work/phantoms" --out "$work/runs/$1" --device "$2" \
    --set "model.backbone=$3" --set train.epochs=3 --set data.threads=8 2>"$work/$1.log"
  end=$(date +%s.%N)
  awk -v n="$(wc -l <"$work/runs/$1/split/train.txt")" -v s="$start" -v e="$end" -v name="$1" \
    'BEGIN { printf "%-24s %8.0f training images/s, start and box fitting included\n", name, 3 * n / (e - s) }'
}

train cuda-1 cuda densenet121
train cuda-2 cuda densenet121
train cpu cpu densenet-compact
cmp "$work/runs/cuda-1/model.safetensors" "$work/runs/cuda-2/model.safetensors" &&
  echo "two GPU runs of one seed: the same bits"
for device in cpu cuda; do
  "$chestmap" evaluate "$work/runs/cuda-1" --data "$work/phantoms" --device "$device" --resamples 2 \
    --out "$work/evaluation-$device" >/dev/null 2>&1
done
"$python" - "$work" <<'PYTHON'
import csv, sys
def read(device):
    with open(f"{sys.argv[1]}/evaluation-{device}/predictions.csv") as f:
        return [[float(v) for v in row[2:]] for row in list(csv.reader(f))[1:]]
largest = max(abs(a - b) for x, y in zip(read("cpu"), read("cuda")) for a, b in zip(x, y))
print(f"largest difference of probabilities, CPU against GPU: {largest:.2e}")
sys.exit(largest > 1e-3)
PYTHON
