"""Prints what torchvision's backbones are made of, and writes their weights and features.

torchvision_backbones.py names ARCH...
    a line "ARCH TENSOR SIZE SIZE ..." for each tensor of the state dict, without the classifier
torchvision_backbones.py features FOLDER ARCH...
    random weights with batch norms that are not the identity, as checkpoints with the classifier:
    FOLDER/ARCH.safetensors (by hand), FOLDER/ARCH.pt (zip), FOLDER/ARCH.pth (legacy);
    FOLDER/ARCH-answers.safetensors: "input", "eval1" to "eval4" (the stages in evaluation mode),
    "train1" to "train4", and "after." + name of each running statistic after that training step

ARCH is torchvision's, or densenet-compact, which is torchvision's DenseNet class with this project's
numbers. The safetensors files are written by hand, so that this project's reader is judged too. Exit
code 77 means that torchvision is not installed.
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
            # Each module once: in training mode a norm's statistics move with every call.
            stages.append(torch.relu(transition.norm(x)))
            x = transition.pool(transition.conv(stages[-1]))
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


def make(arch):
    if arch != "densenet-compact":
        return getattr(torchvision.models, arch)()
    model = torchvision.models.DenseNet(
        growth_rate=16, block_config=(3, 4, 4, 4), num_init_features=24, bn_size=2
    )
    model.features.conv0 = torch.nn.Conv2d(3, 24, 3, stride=2, padding=1, bias=False)
    return model


def write_answers(arch, folder):
    model = make(arch)
    randomise_norms(model)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    write_safetensors(f"{folder}/{arch}.safetensors", state)
    torch.save(model.state_dict(), f"{folder}/{arch}.pt")
    torch.save(
        {"state_dict": model.state_dict(), "epoch": 1},
        f"{folder}/{arch}.pth",
        _use_new_zipfile_serialization=False,
    )
    images = torch.randn(4, 3, 96, 96)
    stages_of = densenet_stages if arch.startswith("densenet") else resnet_stages
    answers = {"input": images}
    with torch.no_grad():
        for mode in ("eval", "train"):
            model.train(mode == "train")
            for number, stage in enumerate(stages_of(model, images), 1):
                answers[f"{mode}{number}"] = stage.clone()
    for name, tensor in backbone_state(model).items():
        if "running" in name or "num_batches" in name:
            answers[f"after.{name}"] = tensor
    write_safetensors(f"{folder}/{arch}-answers.safetensors", answers)


def main():
    torch.manual_seed(5)
    torch.set_num_threads(1)
    if sys.argv[1] == "names":
        for arch in sys.argv[2:]:
            for name, tensor in backbone_state(make(arch)).items():
                print(arch, name, *tensor.shape)
        return
    for arch in sys.argv[3:]:
        write_answers(arch, sys.argv[2])


main()
