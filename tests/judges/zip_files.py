"""Zip archives by Python's zipfile: zip_files.py FOLDER

FOLDER/stored.zip (with a comment), wide.zip (64-bit extension), deflated.zip, bzip2.zip, bomb.zip
(a thousand times its size), script.zip (the entries of a TorchScript archive)
"""

import sys
import zipfile

folder = sys.argv[1]
with zipfile.ZipFile(f"{folder}/stored.zip", "w") as out:
    out.comment = b"a comment PK\x05\x06 that looks like an end"
    out.writestr("a/one.txt", "first")
    out.writestr("a/empty", "")
    out.writestr("größe", b"\x00\x01\x02")
with zipfile.ZipFile(f"{folder}/wide.zip", "w") as out:
    for name in ("a", "b"):
        with out.open(name, "w", force_zip64=True) as entry:
            entry.write(name.encode() * 3)
for name, method in (("deflated", zipfile.ZIP_DEFLATED), ("bzip2", zipfile.ZIP_BZIP2)):
    with zipfile.ZipFile(f"{folder}/{name}.zip", "w", method) as out:
        out.writestr("archive/data.pkl", "text " * 100)
with zipfile.ZipFile(f"{folder}/bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
    out.writestr("archive/data/0", bytes(10_000_000))
with zipfile.ZipFile(f"{folder}/script.zip", "w") as out:
    out.writestr("net/data.pkl", "not read")
    out.writestr("net/code/__torch__/net.py", "text " * 100, zipfile.ZIP_DEFLATED)
