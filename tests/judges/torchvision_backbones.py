"""Prints what torchvision's backbones are made of, and writes their features on random weights.

torchvision_backbones.py names ARCH...
    a line "ARCH TENSOR SIZE SIZE ..." for each tensor of the state dict, without the classifier
torchvision_backbones.py features FOLDER ARCH...
    FOLDER/ARCH.safetensors: the state, "input", and "stage1" to "stage4" in evaluation mode

The safetensors file is written by hand, so that this project's reader is judged too. Exit code 77
means that torchvision is not installed.
"""

import json
import struct
import sys

try:
    import torch
    import torchvision
except ImportError:
    sys.exit(77)


def backbone_state(model):
    return {
        name: tensor
        for name, tensor in model.state_dict().items()
        if not name.startswith(("classifier.", "fc."))
    }


def densenet_stages(model, images):
    f = model.features
    x = f.pool0(f.relu0(f.norm0(f.conv0(images))))
    stages = []
    for number in range(1, 5):
        x = getattr(f, f"denseblock{number}")(x)
        if number == 4:
            stages.append(torch.relu(f.norm5(x)))
        else:
            transition = getattr(f, f"transition{number}")
            stages.append(torch.relu(transition.norm(x)))
            x = transition(x)
    return stages


def resnet_stages(model, images):
    x = model.maxpool(model.relu(model.bn1(model.conv1(images))))
    stages = []
    for number in range(1, 5):
        x = getattr(model, f"layer{number}")(x)
        stages.append(x)
    return stages


def randomise_norms(model):
    """Fresh batch norms are the identity; a swapped mean and bias would go unseen."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0.0, 0.2)
            module.running_mean.normal_(0.0, 0.2)
            module.running_var.uniform_(0.5, 1.5)


def write_safetensors(path, tensors):
    dtypes = {torch.float32: "F32", torch.int64: "I64"}
    header, offset, chunks = {}, 0, []
    for name, tensor in tensors.items():
        chunk = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {
            "dtype": dtypes[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(chunk)],
        }
        offset += len(chunk)
        chunks.append(chunk)
    text = json.dumps(header).encode()
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def main():
    torch.manual_seed(5)
    torch.set_num_threads(1)
    if sys.argv[1] == "names":
        for arch in sys.argv[2:]:
            for name, tensor in backbone_state(getattr(torchvision.models, arch)()).items():
                print(arch, name, *tensor.shape)
        return
    folder = sys.argv[2]
    for arch in sys.argv[3:]:
        model = getattr(torchvision.models, arch)().eval()
        randomise_norms(model)
        images = torch.randn(2, 3, 64, 64)
        stages_of = densenet_stages if arch.startswith("densenet") else resnet_stages
        with torch.no_grad():
            stages = stages_of(model, images)
        tensors = backbone_state(model)
        tensors["input"] = images
        for number, stage in enumerate(stages, 1):
            tensors[f"stage{number}"] = stage
        write_safetensors(f"{folder}/{arch}.safetensors", tensors)


main()
