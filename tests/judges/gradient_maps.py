"""Maps of gradients by torchvision's network, PyTorch's autograd and the papers' formulas.

The question: {"model": a model.safetensors of this project with fusion "scores", pooling "lse" and
normalised maps, "pixels": side x side grey values, "side": ...}. The answer, for each stage used and
finding: {"grad_cam": [[values]], "grad_cam_plus_plus": ..., "layer_cam": ...}, [stage][finding], row
by row. The head is written from docs/method.md. Exit code 77 means that torchvision is not installed.
"""

import json
import struct
import sys

try:
    import torch
    import torchvision
except ImportError:
    sys.exit(77)


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    spec = json.loads(header.pop("__metadata__")["chestmap"])
    dtypes = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(bytearray(data[begin:end]), dtype=dtypes[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return spec, tensors


def watched_stages(arch, model):
    """The modules whose output, after a ReLU, is a stage's features; hooks keep it."""
    kept = {}

    def keep(number, rectify):
        def hook(_module, _inputs, output):
            # The network goes on from what is kept, so that gradients arrive there.
            kept[number] = torch.relu(output) if rectify else output
            kept[number].retain_grad()
            return kept[number]

        return hook

    for number in range(1, 5):
        if arch.startswith("resnet"):
            getattr(model, f"layer{number}").register_forward_hook(keep(number, False))
        elif number == 4:
            model.features.norm5.register_forward_hook(keep(number, True))
        else:
            transition = getattr(model.features, f"transition{number}")
            transition.norm.register_forward_hook(keep(number, True))
            # A second ReLU would let no gradient through where the first gave 0.
            transition.relu = torch.nn.Identity()
    return kept


def logits_of(spec, tensors, kept):
    stages = spec["architecture"]["stages"]
    r = spec["architecture"]["lse_r"]
    gain, bias = tensors["head.gain"].exp(), tensors["head.bias"]
    scores = []
    for s, stage in enumerate(stages):
        maps = torch.nn.functional.conv2d(kept[stage], tensors[f"head.classifier{stage}.weight"])
        mean = tensors[f"head.norm{stage}.running_mean"].view(1, -1, 1, 1)
        variance = tensors[f"head.norm{stage}.running_var"].view(1, -1, 1, 1)
        maps = (maps - mean) / (variance + 1e-5).sqrt()
        cells = (maps * gain[:, s].view(1, -1, 1, 1) + bias[:, s].view(1, -1, 1, 1)).flatten(2)
        scores.append((cells * r).exp().mean(-1).log() / r)
    alpha = tensors["head.relevance"].softmax(-1)
    return (torch.stack(scores, -1)[0] * alpha).sum(-1)


def maps_of(features, gradient, logit):
    """The three maps of one stage: formulas of the papers, Grad-CAM++'s for the score exp(logit)."""
    features, gradient = features[0].double(), gradient[0].double()
    weights = gradient.mean((1, 2), keepdim=True)
    grad_cam = (weights * features).sum(0).relu()
    layer_cam = (gradient.relu() * features).sum(0).relu()
    score = logit.double().exp()
    first, second, third = score * gradient, score * gradient**2, score * gradient**3
    denominator = 2 * second + features.sum((1, 2), keepdim=True) * third
    alpha = torch.where(second != 0, second / denominator, torch.zeros_like(second))
    weights = (alpha * first.relu()).sum((1, 2), keepdim=True) / score
    plus_plus = (weights * features).sum(0).relu()
    return {"grad_cam": grad_cam, "grad_cam_plus_plus": plus_plus, "layer_cam": layer_cam}


def main():
    torch.set_num_threads(1)
    with open(sys.argv[1]) as file:
        question = json.load(file)
    spec, tensors = read_safetensors(question["model"])
    arch = spec["architecture"]["backbone"]
    model = getattr(torchvision.models, arch)().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
    own = {n: t for n, t in tensors.items() if not n.startswith("head.")}
    missing, unexpected = model.load_state_dict(own, strict=False)
    assert not unexpected and all(n.startswith(("fc.", "classifier.")) for n in missing), missing
    pixels = torch.tensor(question["pixels"]).reshape(question["side"], question["side"])
    preprocessing = spec["preprocessing"]
    pixels = (pixels - preprocessing["mean"]) / preprocessing["deviation"]
    images = pixels.expand(1, 3, -1, -1).clone().requires_grad_()

    kept = watched_stages(arch, model)
    # Behind its last normalisation the DenseNet rectifies in place, over what is kept.
    (model.features if arch.startswith("densenet") else model)(images)
    logits = logits_of(spec, tensors, kept)
    stages = spec["architecture"]["stages"]
    answer = [[] for _ in stages]
    for logit in logits:
        for features in kept.values():
            features.grad = None
        logit.backward(retain_graph=True)
        for place, stage in enumerate(stages):
            made = maps_of(kept[stage].detach(), kept[stage].grad, logit.detach())
            answer[place].append({name: made_map.tolist() for name, made_map in made.items()})
    print(json.dumps(answer))


main()
