"""ONNX files as Debian's python3-onnx parses them.

describe_onnx.py QUESTION.json
    QUESTION names a "file". Prints what its ModelProto holds. Exit code 77: onnx is not installed.
"""

import json
import sys

try:
    import onnx
    from onnx import numpy_helper
except ImportError:
    sys.exit(77)


def port(value):
    tensor = value.type.tensor_type
    return {
        "name": value.name,
        "type": tensor.elem_type,
        "shape": [side.dim_param or side.dim_value for side in tensor.shape.dim],
        "doc": value.doc_string,
    }


def constant(tensor):
    values = numpy_helper.to_array(tensor)
    return {
        "name": tensor.name,
        "dtype": str(values.dtype),
        "shape": list(values.shape),
        "values": [float(value) for value in values.ravel()],
    }


def node(operation):
    return {
        "op": operation.op_type,
        "inputs": list(operation.input),
        "outputs": list(operation.output),
        "attributes": {
            attribute.name: onnx.helper.get_attribute_value(attribute)
            for attribute in operation.attribute
        },
    }


with open(sys.argv[1], encoding="utf-8") as question:
    model = onnx.load(json.load(question)["file"])
print(
    json.dumps(
        {
            "ir_version": model.ir_version,
            "opsets": {opset.domain: opset.version for opset in model.opset_import},
            "producer": [model.producer_name, model.producer_version],
            "doc": model.doc_string,
            "metadata": {entry.key: entry.value for entry in model.metadata_props},
            "inputs": [port(value) for value in model.graph.input],
            "outputs": [port(value) for value in model.graph.output],
            "constants": [constant(tensor) for tensor in model.graph.initializer],
            "nodes": [node(operation) for operation in model.graph.node],
        }
    )
)
