#include "engine/precision.h"

#include "base/error.h"
#include "base/log.h"

namespace chestmap {

engine::Precision precision_of(std::string_view word) noexcept {
  if (word == "bf16") return engine::Precision::bfloat16;
  return word == "int8" ? engine::Precision::int8 : engine::Precision::single;
}

engine::Computing computing_for(engine::Precision wanted, const ModelSpec& spec,
                                const std::filesystem::path& file) {
  using engine::Precision;
  if (kernels::best_isa() == kernels::Isa::portable)
    note("this processor has neither AVX2 nor AVX-512: the model runs on plain code, much slower");
  engine::Computing how;
  if (wanted == Precision::int8 && !spec.input_ranges)
    throw UserError(file.string() +
                        ": it is not known what numbers its convolutions multiply, "
                        "which 8 bits are to be spread over",
                    "`chestmap quantize` finds out, from a few images");
  if (wanted == Precision::bfloat16 && !kernels::bfloat16_supported())
    note(
        "this processor has neither AMX nor AMD's AVX512_BF16: the model runs in single precision");
  else if (wanted == Precision::int8 && !kernels::int8_supported())
    note("this processor has neither AMX nor AVX512_VNNI: the model runs in single precision");
  else
    how.precision = wanted;
  return how;
}

}  // namespace chestmap
