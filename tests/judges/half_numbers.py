"""Half-precision numbers by numpy.

half_numbers.py QUESTION.json
    QUESTION is a list of bits of single-precision numbers; prints those of the nearest
    half-precision ones. Exit code 77: numpy is not installed.
"""

import json
import sys

try:
    import numpy
except ImportError:
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as question:
    singles = numpy.array(json.load(question), dtype=numpy.uint32).view(numpy.float32)
with numpy.errstate(over="ignore", under="ignore"):
    halves = singles.astype(numpy.float16)
print(json.dumps([int(bits) for bits in halves.view(numpy.uint16)]))
