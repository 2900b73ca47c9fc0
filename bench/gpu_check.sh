#!/usr/bin/env bash
# Checks training and inference on a CUDA device in one call, and measures both. Prints
#   - the tests that need a GPU: the kernels against plain operations, a recorded step against the step to the bit,
#   - whether two GPU runs of one seed give the same bits, with and without images kept on the device,
#   - the largest difference of probabilities between CPU and GPU inference of one model (must stay below 1e-3: TF32
#     rounds products to 10 bits of mantissa),
#   - training DenseNet-121 at 224 pixels in bfloat16: images a second, and how that compares with the same network and step in
#     Python's PyTorch, eager and compiled, in turns on the same device; inference likewise,
#   - what a batch that does not fit is answered,
#   - epochs over a prepared data set with the images on the device: images a second, how busy the device was (nvidia-smi),
#     the share of time spent waiting, and what 10 epochs over 86,524 images would take.
# The PyTorch of $PYTHON (python3) is built against, unless $BUILD names a folder with bin/chestmap, bin/chestmap-torch and
# tests/ that was built elsewhere. $WORK (build/gpu-check) is worked in.
#
#     PYTHON=torch/bin/python ./run bench gpu_check [BATCH...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-python3}
work=${WORK:-build/gpu-check}
build=${BUILD:-$work/build}
batches=("${@:-64}")
rm -rf "$work/runs"
mkdir -p "$work"

"$python" -c 'import torch; assert torch.cuda.is_available(), "no CUDA device"; print(torch.__version__, torch.cuda.get_device_name())'
if [ -z "${BUILD:-}" ]; then
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$("$python" -c 'import torch; print(torch.utils.cmake_prefix_path)')" >"$work/cmake.log"
  ninja -C "$build" --quiet chestmap chestmap-torch nn_tests train_tests
fi
chestmap=$build/bin/chestmap
for tests in nn_tests train_tests; do
  "$build/tests/$tests" --gtest_filter='Gpu*' --gtest_brief=1
done

# 8,000 training images and as many others, prepared.
images=${IMAGES:-12000}
[ -d "$work/phantoms" ] || "$chestmap" data phantom "$work/phantoms" --images "$images" --size 256 --seed 1 --conspicuity 2
[ -d "$work/prepared" ] || "$chestmap" data prepare "$work/phantoms" --out "$work/prepared" --size 224 --bits 8

# train NAME EPOCHS SETTINGS...: prints training images a second, validation and fitting included.
train() {
  local name=$1 epochs=$2 start end
  start=$(date +%s.%N)
  "$chestmap" train --data "$work/prepared" --out "$work/runs/$name" --set "train.epochs=$epochs" data.threads=8 \
    "${@:3}" 2>"$work/$name.log"
  end=$(date +%s.%N)
  awk -v n="$(wc -l <"$work/runs/$name/split/train.txt")" -v e="$epochs" -v t="$(awk "BEGIN { print $end - $start }")" -v name="$name" \
    'BEGIN { printf "%-18s %8.0f training images/s, start, validation and box fitting included: 10 epochs over 86,524 in %.1f minutes\n",
             name, n * e / t, 10 * 86524 * t / (n * e) / 60 }'
  grep -o '[0-9]* % of the training time.*' "$work/$name.log" | tail -1
}

fast=(--device cuda --set train.precision=bfloat16 train.batch=64)
train cuda-1 2 "${fast[@]}"
train cuda-2 2 "${fast[@]}"
cmp "$work/runs/cuda-1/model.safetensors" "$work/runs/cuda-2/model.safetensors" &&
  echo "two GPU runs of one seed: the same bits"
train cuda-from-host 2 "${fast[@]}" data.device_cache=off
train cuda-unrecorded 2 "${fast[@]}" train.record_steps=false
cmp "$work/runs/cuda-1/model.safetensors" "$work/runs/cuda-unrecorded/model.safetensors" &&
  echo "recorded and not: the same bits"
for device in cpu cuda; do
  "$chestmap" evaluate "$work/runs/cuda-1" --data "$work/prepared" --device "$device" --resamples 2 \
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

for batch in "${batches[@]}"; do
  "$python" - "$chestmap" "$batch" <<'PYTHON'
import json, statistics, subprocess, sys
chestmap, batch = sys.argv[1:]
peer = [sys.executable, "bench/training_peer.py", "--batch", batch]
sides = {
    "chestmap": [chestmap, "bench", "densenet121", "--training", "--device", "cuda", "--precision", "bfloat16",
                 "--batch", batch, "--json"],
    "chestmap, not recorded": [chestmap, "bench", "densenet121", "--training", "--device", "cuda", "--precision",
                               "bfloat16", "--no-recording", "--batch", batch, "--json"],
    "PyTorch eager": peer,
    "PyTorch compiled": [*peer, "--compile"],
    "inference: chestmap": [chestmap, "bench", "densenet121", "--engine", "torch", "--device", "cuda", "--batch", batch,
                            "--json"],
    "inference: PyTorch eager": [*peer, "--inference", "--stages", "4"],
}
seconds = {name: [] for name in sides}
memory = {}
for turn in range(3):
    for name, line in sides.items():
        try:
            out = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
        except subprocess.CalledProcessError as error:
            print(f"{name}: {error.stderr.strip().splitlines()[-1]}")
            continue
        one = out[0] if isinstance(out, list) else out["batches"][0] if "batches" in out else out
        seconds[name].append(one["seconds"])
        memory[name] = one.get("device_bytes", 0)
print(f"DenseNet-121 at 224 pixels, {batch} images, medians of 3 turns")
for name, taken in seconds.items():
    if not taken:
        continue
    middle = statistics.median(taken)
    first = "inference: chestmap" if name.startswith("inference") else "chestmap"
    print(f"  {name:26} {1e3 * middle:8.2f} ms  {int(batch) / middle:8.0f} images/s  "
          f"{middle / statistics.median(seconds[first]):5.2f} times chestmap's time  {1e-9 * memory[name]:5.1f} GB")
PYTHON
done

# A batch that does not fit: the error must name one that does.
"$chestmap" train --data "$work/prepared" --out "$work/runs/too-large" "${fast[@]}" train.batch=8000 model.size=512 \
  2>"$work/too-large.log" && exit 1
tail -2 "$work/too-large.log"
grep -q "the largest batch that fits now is" "$work/too-large.log"

# How busy the device is in epochs whose images lie on it.
nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits -lms 200 >"$work/busy.txt" &
watcher=$!
train epochs 6 "${fast[@]}"
kill "$watcher"
awk '$1 > 0 { sum += $1; n++ } END { printf "device busy %.0f %% while it was used at all (nvidia-smi, 5 a second)\n", n ? sum / n : 0 }' \
  "$work/busy.txt"
