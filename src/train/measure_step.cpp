#include "train/measure_step.h"

#include <ATen/ATen.h>
#include <torch/utils.h>

#include <chrono>

#include "nn/device.h"
#include "train/late_value.h"
#include "train/recorded_step.h"

namespace chestmap {

namespace {

/// Random images and labels; every eighth label is positive, as findings are.
StepInput random_batch(const ModelSpec& spec, c10::Device device, std::int64_t batch) {
  StepInput input;
  input.images = at::rand({batch, spec.input_size, spec.input_size}).to(device);
  const auto findings = static_cast<std::int64_t>(spec.findings.size());
  input.labels = (at::rand({batch, findings}) < 0.125).to(at::kFloat).to(device);
  input.counts = count_labels(input.labels);
  return input;
}

}  // namespace

MeasuredSteps measure_steps(const ModelSpec& spec, const TrainOptions& options, c10::Device device,
                            std::int64_t batch, std::size_t repeats, std::size_t steps) {
  using Clock = std::chrono::steady_clock;
  torch::manual_seed(options.seed);
  Model model(spec);
  model.to(device);
  model.train();
  Optimizer optimizer = make_optimizer(model, options);
  WeightAverage average(model, options.average_decay);
  Communicator alone;
  TrainingStep step(model, optimizer, average, BalancedLoss(Balance::batch, {}), alone, nullptr,
                    options);
  RecordedStep recorded([&](const StepInput& input) { return step.run(input); },
                        options.record_steps);
  const StepInput input = random_batch(spec, device, batch);
  constexpr std::size_t kWarmUp = 5;
  const auto run = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) (void)recorded.run(input, [] {});
    recorded.join();
    (void)LateValue(model.parameters().front().flatten()[0]).wait();  // the last update
  };
  run(device.is_cpu() ? 1 : kWarmUp);
  MeasuredSteps measured;
  for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
    const Clock::time_point start = Clock::now();
    run(steps);
    const std::chrono::duration<double> taken = Clock::now() - start;
    measured.seconds.push_back(taken.count() / static_cast<double>(steps));
  }
  for (const at::Tensor& parameter : model.parameters()) measured.parameters += parameter.numel();
  measured.device_bytes = peak_device_bytes(device);
  return measured;
}

}  // namespace chestmap
