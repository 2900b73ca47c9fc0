"""Exported models, run by the programs that they are written for.

exported_models.py QUESTION.json
    QUESTION is a list of cases, each with "reference", a safetensors file of "image" and of the
    outputs that are expected by name, and "onnx", "torchscript" or both.
    Prints for each case, by runtime ("onnx checker", "onnxruntime", "opencv", "torch.jit"):
    "missing" where the runtime is not installed, an error's text, or by output the largest
    absolute difference from what is expected. All of the batch and its first image alone are run.
"""

import json
import struct
import sys

import numpy


def read_safetensors(path):
    with open(path, "rb") as file:
        content = file.read()
    (size,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        data = numpy.frombuffer(content[8 + size + begin : 8 + size + end], "<f4")
        tensors[name] = data.reshape(entry["shape"])
    return tensors


def onnx_checker(path):
    import onnx

    onnx.checker.check_model(path, full_check=True)
    return None


def onnxruntime_session(path):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda image: dict(zip(names, session.run(None, {"image": image})))


def opencv_net(path):
    import cv2

    net = cv2.dnn.readNetFromONNX(path)

    def run(image):
        net.setInput(image, "image")
        names = net.getUnconnectedOutLayersNames()
        return dict(zip(names, net.forward(names)))

    return run


def torch_module(path):
    import torch

    extra = {"chestmap.json": ""}
    module = torch.jit.load(path, _extra_files=extra)
    names = json.loads(json.loads(extra["chestmap.json"])["outputs"])

    def run(image):
        with torch.no_grad():
            outputs = module(torch.from_numpy(image.copy()))
        return {name: output.numpy() for name, output in zip(names, outputs)}

    return run


def differences(run, expected):
    worst = {}
    for count in (len(expected["image"]), 1):
        found = run(expected["image"][:count])
        for name, values in expected.items():
            if name == "image":
                continue
            if name not in found:
                return f"there is no output {name}"
            if found[name].shape != values[:count].shape:
                return f"{name} has the shape {found[name].shape}"
            # Logits of random weights may be large: single precision is relative to the largest.
            largest = max(1.0, float(numpy.abs(values[:count]).max()))
            distance = float(numpy.abs(found[name] - values[:count]).max()) / largest
            if not distance >= 0:
                return f"{name} is not a number"
            worst[name] = max(worst.get(name, 0.0), distance)
    return worst


def ask(make, path, expected):
    try:
        run = make(path)
        return differences(run, expected) if run else {}
    except ImportError:
        return "missing"
    except Exception as error:  # whatever a runtime throws is its answer
        return f"{type(error).__name__}: {error}"


def answer(case):
    expected = read_safetensors(case["reference"])
    result = {}
    if "onnx" in case:
        result["onnx checker"] = ask(onnx_checker, case["onnx"], expected)
        result["onnxruntime"] = ask(onnxruntime_session, case["onnx"], expected)
        result["opencv"] = ask(opencv_net, case["onnx"], expected)
    if "torchscript" in case:
        result["torch.jit"] = ask(torch_module, case["torchscript"], expected)
    return result


with open(sys.argv[1], encoding="utf-8") as question:
    print(json.dumps([answer(case) for case in json.load(question)]))
