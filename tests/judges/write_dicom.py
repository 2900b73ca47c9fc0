"""Writes DICOM files of every kind that is read into a folder, each with the grey that a viewer shows.

NAME.dcm and NAME.expected: int32 width, int32 height, float32 tolerance, float32 grey values. Modality and VOI
transformations are pydicom's (apply_modality_lut, apply_voi_lut); what pydicom leaves out (the range without a window,
padding, inversion) is computed here. Compressed streams are written by PIL (JPEG, JPEG 2000), pydicom (RLE), CharLS
(JPEG-LS) and a few lines below (JPEG lossless). Exit code 77: a module is missing.
"""
import ctypes
import ctypes.util
import io
import struct
import sys
import warnings
from pathlib import Path

try:
    import numpy as np
    import pydicom
    from PIL import Image
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.pixels import apply_modality_lut, apply_voi_lut
    from pydicom.sequence import Sequence
    from pydicom.uid import (
        DeflatedExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        JPEG2000,
        JPEG2000Lossless,
        JPEGBaseline8Bit,
        JPEGLossless,
        JPEGLosslessSV1,
        JPEGLSLossless,
        RLELossless,
        generate_uid,
    )
except ImportError:
    sys.exit(77)

warnings.simplefilter("ignore")  # of the names that are no code strings, on purpose
folder = Path(sys.argv[1])
random = np.random.default_rng(5)
WIDTH, HEIGHT = 37, 23
NAME = "Doe^Jane"  # must appear in no message


def new_data_set(syntax, bits, signed=False, allocated=None, photometric="MONOCHROME2", size=(HEIGHT, WIDTH)):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    ds.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["chestmap"])
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID
    ds.Modality = "DX"
    ds.PatientName = NAME
    ds.PatientID = "MRN-4711"
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = photometric
    ds.Rows, ds.Columns = size
    ds.BitsAllocated = allocated or (8 if bits <= 8 else 16)
    ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.PixelRepresentation = int(signed)
    return ds


def stored_values(bits, signed=False, lowest=None, highest=None):
    low = -(2 ** (bits - 1)) if signed else 0
    high = low + 2**bits - 1
    low, high = low if lowest is None else lowest, high if highest is None else highest
    values = random.integers(low, high + 1, (HEIGHT, WIDTH))
    values[0, 0], values[0, 1] = low, high
    return values.astype(np.int64)


def native(ds, values):
    """The samples as they lie in the file, of Bits Stored at High Bit."""
    shift = ds.HighBit + 1 - ds.BitsStored
    samples = (values & ((1 << ds.BitsStored) - 1)) << shift
    big = ds.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    kind = "u1" if ds.BitsAllocated == 8 else (">u2" if big else "<u2")
    data = samples.astype(kind).tobytes()
    return data + b"\0" * (len(data) % 2)


def save(name, ds):
    ds.save_as(folder / (name + ".dcm"), enforce_file_format=True)
    return pydicom.dcmread(folder / (name + ".dcm"))


def grey_of(ds, values):
    """What a viewer shows of the stored values, in [0, 1]."""
    dtype = np.int16 if ds.PixelRepresentation else np.uint16
    modality = apply_modality_lut(values.astype(dtype), ds)
    padding = np.zeros(values.shape, bool)
    if "PixelPaddingValue" in ds:
        limit = ds.get("PixelPaddingRangeLimit", ds.PixelPaddingValue)
        low, high = sorted((ds.PixelPaddingValue, limit))
        padding = (values >= low) & (values <= high)
    has_window = "WindowWidth" in ds and (ds["WindowWidth"].value[0] if ds["WindowWidth"].VM > 1 else ds.WindowWidth) >= 1
    if "VOILUTSequence" in ds:
        table = ds.VOILUTSequence[0]
        grey = apply_voi_lut(modality, ds) / (2.0 ** table.LUTDescriptor[2] - 1)
    elif has_window:
        if "ModalityLUTSequence" in ds:
            low, high = 0, 2.0 ** ds.ModalityLUTSequence[0].LUTDescriptor[2] - 1
        else:
            low = -(2.0 ** (ds.BitsStored - 1)) if ds.PixelRepresentation else 0.0
            high = low + 2.0**ds.BitsStored - 1
            slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
            low, high = low * slope + intercept, high * slope + intercept
        grey = (apply_voi_lut(modality, ds).astype(float) - low) / (high - low)
    else:
        used = modality[~padding].astype(float)
        low, high = used.min(), used.max()
        if ds.BitsStored <= 8:
            low, high = (-(2 ** (ds.BitsStored - 1)), 2 ** (ds.BitsStored - 1) - 1) if ds.PixelRepresentation else (0, 2**ds.BitsStored - 1)
        grey = (modality.astype(float) - low) / (high - low)
    shape = ds.get("PresentationLUTShape", "INVERSE" if ds.PhotometricInterpretation == "MONOCHROME1" else "IDENTITY")
    if shape == "INVERSE":
        grey = 1 - grey
    return np.where(padding, 0, grey)


def expect(name, grey, tolerance=1e-6):
    grey = np.asarray(grey, dtype="<f4")
    head = struct.pack("<iif", grey.shape[1], grey.shape[0], tolerance)
    (folder / (name + ".expected")).write_bytes(head + grey.tobytes())


def write(name, bits=12, signed=False, syntax=ExplicitVRLittleEndian, values=None, high_bit=None, tolerance=1e-6, **more):
    """`more`: attributes of the data set, and how new_data_set makes it."""
    made = {key: more.pop(key) for key in ("allocated", "photometric") if key in more}
    ds = new_data_set(syntax, bits, signed, **made)
    if high_bit is not None:
        ds.HighBit = high_bit
    values = stored_values(bits, signed) if values is None else values
    for key, value in more.items():
        setattr(ds, key, value)
    ds.PixelData = native(ds, values)
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 and not syntax.is_implicit_VR else "OW"
    expect(name, grey_of(save(name, ds), values), tolerance)


def table(entries, bits, first=0, signed=False):
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if signed else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW" if len(entries) > 30000 else "US", np.asarray(entries, "<u2").tobytes() if len(entries) > 30000 else [int(e) for e in entries])
    return Sequence([item])


for name, syntax in {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big_endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}.items():
    write(f"{name}_8", 8, syntax=syntax)
    write(f"{name}_12", 12, syntax=syntax)
    write(f"{name}_16_signed", 16, True, syntax=syntax, WindowCenter="-500", WindowWidth="9000.5")

for bits in (1, 6, 8, 10, 12, 14, 15, 16):
    for signed in (False, True):
        if bits > 1:
            write(f"bits{bits}{'s' if signed else 'u'}", bits, signed)
write("bits8_in_16", 8, allocated=16)
write("high_bit", 12, high_bit=15)
write("high_bit_signed", 10, True, high_bit=13)
write("narrow_range", 16, values=stored_values(16, lowest=300, highest=4000))

write("monochrome1", 12, photometric="MONOCHROME1")
write("monochrome1_window", 12, photometric="MONOCHROME1", WindowCenter="1800", WindowWidth="2500")
write("shape_inverse", 12, PresentationLUTShape="INVERSE")
write("shape_identity", 12, photometric="MONOCHROME1", PresentationLUTShape="IDENTITY")

for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
    # pydicom computes the sigmoid in the type of its input.
    write(f"window_{function}", 12, WindowCenter="2000.5", WindowWidth="1500", VOILUTFunction=function)
    write(f"window_rescaled_{function}", 12, True, WindowCenter="-40", WindowWidth="700", VOILUTFunction=function, RescaleSlope="0.5", RescaleIntercept="-100")
write("windows", 12, WindowCenter=["1000", "3000"], WindowWidth=["800", "100"])
write("window_of_one", 12, WindowCenter="2000", WindowWidth="1")
write("window_without_width", 12, WindowCenter="2000", WindowWidth="0")
write("rescaled", 12, RescaleSlope="-2", RescaleIntercept="4095")

gamma = (np.linspace(0, 1, 4096) ** 0.6 * 4095).round()
write("voi_table", 12, VOILUTSequence=table(gamma, 12))
write("voi_table_before_window", 12, VOILUTSequence=table(gamma, 12), WindowCenter="2000", WindowWidth="10")
write("voi_table_short", 12, VOILUTSequence=table(np.arange(0, 1024), 10, 1500))
write("voi_table_signed", 12, True, VOILUTSequence=table(np.arange(0, 2000), 11, -900, True))
write("voi_table_whole", 16, VOILUTSequence=table(np.arange(65536)[::-1], 16))
write("voi_table_implicit", 12, True, syntax=ImplicitVRLittleEndian, VOILUTSequence=table(np.arange(0, 2000), 11, -900, True))
write("modality_table", 12, ModalityLUTSequence=table((np.linspace(0, 1, 4096) ** 2 * 65535).round(), 16))
write("modality_table_window", 12, ModalityLUTSequence=table((np.linspace(0, 1, 3000) ** 2 * 65535).round(), 16, 500), WindowCenter="30000", WindowWidth="40000")

padded = stored_values(12, lowest=100)
padded[:4] = 0
padded[4:6] = 30
write("padding", 12, values=padded, PixelPaddingValue=0)
write("padding_range", 12, values=padded, photometric="MONOCHROME1", PixelPaddingValue=0, PixelPaddingRangeLimit=30)
signed_padding = stored_values(16, True, -1000, 3000)
signed_padding[:, :5] = -2000
write("padding_signed", 16, True, values=signed_padding, PixelPaddingValue=-2000)


def compressed(name, ds, values, syntax, frames, grey=None, tolerance=1e-6):
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate(frames, has_bot=False)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    saved = save(name, ds)
    expect(name, grey_of(saved, values) if grey is None else grey, tolerance)


class Bits:
    def __init__(self):
        self.text = []

    def put(self, value, count):
        if count:
            self.text.append(format(value, f"0{count}b"))

    def bytes(self):
        text = "".join(self.text)
        text += "1" * (-len(text) % 8)
        return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8)).replace(b"\xff", b"\xff\0")


def jpeg_lossless(values, precision, predictor):
    """Process 14 of ITU-T T.81 with one Huffman table, in which each of the 17 categories has 5 bits."""
    height, width = values.shape
    segment = lambda marker, data: struct.pack(">BBH", 255, marker, len(data) + 2) + data
    bits = Bits()
    for y in range(height):
        for x in range(width):
            if x == 0 and y == 0:
                predicted = 1 << (precision - 1)
            elif y == 0:
                predicted = values[y, x - 1]
            elif x == 0:
                predicted = values[y - 1, x]
            else:
                a, b, c = values[y, x - 1], values[y - 1, x], values[y - 1, x - 1]
                predicted = {1: a, 2: b, 4: a + b - c, 7: (a + b) >> 1}[predictor]
            difference = (int(values[y, x]) - int(predicted)) & 0xFFFF
            difference -= 65536 if difference > 32768 else 0
            category = abs(difference).bit_length()
            bits.put(category, 5)
            if category < 16:
                bits.put(difference if difference > 0 else difference + (1 << category) - 1, category)
    out = b"\xff\xd8" + segment(0xC3, struct.pack(">BHHBBBB", precision, height, width, 1, 1, 0x11, 0))
    out += segment(0xC4, bytes([0] + [0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17)))
    return out + segment(0xDA, bytes([1, 1, 0, predictor, 0, 0])) + bits.bytes() + b"\xff\xd9"


class FrameInfo(ctypes.Structure):
    _fields_ = [("width", ctypes.c_uint32), ("height", ctypes.c_uint32), ("bits", ctypes.c_int32), ("components", ctypes.c_int32)]


def jpeg_ls(values, bits):
    """By CharLS; nothing where it is not installed."""
    name = ctypes.util.find_library("charls")
    if name is None:
        return None
    charls = ctypes.CDLL(name)
    charls.charls_jpegls_encoder_create.restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(charls.charls_jpegls_encoder_create())
    source = values.astype("u1" if bits <= 8 else "<u2").tobytes()
    target = ctypes.create_string_buffer(2 * len(source) + 1024)
    info = FrameInfo(values.shape[1], values.shape[0], bits, 1)
    written = ctypes.c_size_t()
    for status in (
        charls.charls_jpegls_encoder_set_frame_info(encoder, ctypes.byref(info)),
        charls.charls_jpegls_encoder_set_destination_buffer(encoder, target, ctypes.c_size_t(len(target))),
        charls.charls_jpegls_encoder_encode_from_buffer(encoder, source, ctypes.c_size_t(len(source)), 0),
        charls.charls_jpegls_encoder_get_bytes_written(encoder, ctypes.byref(written)),
    ):
        assert status == 0, status
    charls.charls_jpegls_encoder_destroy(encoder)
    return target.raw[: written.value]


def picture_bytes(picture, **options):
    file = io.BytesIO()
    picture.save(file, **options)
    return file.getvalue()


for bits in (8, 12, 16):
    values = stored_values(bits)
    ds = new_data_set(ExplicitVRLittleEndian, bits)
    ds.PixelData = native(ds, values)
    ds["PixelData"].VR = "OW"
    ds.compress(RLELossless, encoding_plugin="pydicom")
    expect(f"rle_{bits}", grey_of(save(f"rle_{bits}", ds), values))
    for predictor, syntax in ((1, JPEGLosslessSV1), (2, JPEGLossless), (4, JPEGLossless), (7, JPEGLossless)):
        stream = jpeg_lossless(values, bits, predictor)
        compressed(f"jpeg_lossless_{bits}_{predictor}", new_data_set(syntax, bits), values, syntax, [stream])
    if (stream := jpeg_ls(values, bits)) is not None:
        compressed(f"jpeg_ls_{bits}", new_data_set(JPEGLSLossless, bits), values, JPEGLSLossless, [stream])
    if bits != 12:  # PIL writes all 16 bits
        picture = Image.fromarray(values.astype("u1" if bits == 8 else "u2"))
        for ending in ("j2k", "jp2"):
            stream = picture_bytes(picture, format="JPEG2000", irreversible=False, no_jp2=ending == "j2k")
            compressed(f"jpeg2000_{bits}_{ending}", new_data_set(JPEG2000Lossless, bits), values, JPEG2000Lossless, [stream])

signed = stored_values(12, True)
stream = jpeg_lossless(signed & 0xFFF, 12, 1)
compressed("jpeg_lossless_signed", new_data_set(JPEGLosslessSV1, 12, True), signed, JPEGLosslessSV1, [stream])
stream = picture_bytes(Image.fromarray((signed & 0xFFF).astype("u2")), format="JPEG2000", irreversible=False, no_jp2=True)
compressed("jpeg2000_signed", new_data_set(JPEG2000Lossless, 12, True), signed, JPEG2000Lossless, [stream])

smooth = np.add.outer(np.arange(HEIGHT) * 4, np.arange(WIDTH) * 3).astype("u1")
stream = picture_bytes(Image.fromarray(smooth), format="JPEG", quality=95)
decoded = np.asarray(Image.open(io.BytesIO(stream)), dtype=np.int64)
# JPEG decoders may round differently: two of 255 levels.
compressed("jpeg_baseline", new_data_set(JPEGBaseline8Bit, 8), decoded, JPEGBaseline8Bit, [stream], tolerance=2.01 / 255)
half = len(stream) // 4 * 2
ds = new_data_set(JPEGBaseline8Bit, 8)
ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
ds.PixelData = b"\xfe\xff\x00\xe0" + struct.pack("<I", 0) + b"".join(
    b"\xfe\xff\x00\xe0" + struct.pack("<I", len(part) + len(part) % 2) + part + b"\0" * (len(part) % 2)
    for part in (stream[:half], stream[half:])
)
ds["PixelData"].VR = "OB"
ds["PixelData"].is_undefined_length = True
save("jpeg_fragments", ds)
expect("jpeg_fragments", decoded / 255, 2.01 / 255)

color = np.stack([smooth, 255 - smooth, np.full_like(smooth, 90)], axis=2)
luma = color @ np.array([0.299, 0.587, 0.114]) / 255


def color_data_set(syntax, photometric, planar):
    ds = new_data_set(syntax, 8, photometric=photometric)
    ds.SamplesPerPixel = 3
    ds.PlanarConfiguration = planar
    return ds


for planar in (0, 1):
    ds = color_data_set(ExplicitVRLittleEndian, "RGB", planar)
    data = (color.transpose(2, 0, 1) if planar else color).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB"
    save(f"rgb_{planar}", ds)
    expect(f"rgb_{planar}", luma)
ds = color_data_set(ExplicitVRLittleEndian, "RGB", 0)
ds.PixelData = color.tobytes() + b"\0" * (color.size % 2)
ds["PixelData"].VR = "OB"
ds.compress(RLELossless, encoding_plugin="pydicom")
save("rgb_rle", ds)
expect("rgb_rle", luma)
stream = picture_bytes(Image.fromarray(color), format="JPEG", quality=95, subsampling=0)
decoded = np.asarray(Image.open(io.BytesIO(stream)).convert("RGB")) @ np.array([0.299, 0.587, 0.114]) / 255
compressed("jpeg_color", color_data_set(JPEGBaseline8Bit, "YBR_FULL_422", 0), None, JPEGBaseline8Bit, [stream], decoded, 3.01 / 255)
stream = picture_bytes(Image.fromarray(color), format="JPEG2000", irreversible=False, no_jp2=True, mct=1)
compressed("jpeg2000_color", color_data_set(JPEG2000Lossless, "YBR_RCT", 0), None, JPEG2000Lossless, [stream], luma)

# Without preamble and meta header, as old archives hold them.
ds = new_data_set(ImplicitVRLittleEndian, 12)
values = stored_values(12)
ds.PixelData = native(ds, values)
ds["PixelData"].VR = "OW"
save("bare", ds)
whole = (folder / "bare.dcm").read_bytes()
meta = 132 + 12 + struct.unpack_from("<I", whole, 140)[0]
(folder / "bare.dcm").write_bytes(whole[meta:])
expect("bare", grey_of(ds, values))

# Files that are refused, in a folder of their own.
folder = folder / "refused"
folder.mkdir()
good = new_data_set(ExplicitVRLittleEndian, 12)
good.PixelData = native(good, values)
good["PixelData"].VR = "OW"


def refused(name, change):
    ds = pydicom.dcmread(io.BytesIO(picture_of(good)))
    change(ds)
    ds.save_as(folder / (name + ".dcm"), enforce_file_format=True)


def picture_of(ds):
    file = io.BytesIO()
    ds.save_as(file, enforce_file_format=True)
    return file.getvalue()


def compress_as(syntax, frame):
    def change(ds):
        ds.file_meta.TransferSyntaxUID = syntax
        ds.PixelData = encapsulate([frame])
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True

    return change


def setting(**attributes):
    return lambda ds: [setattr(ds, key, value) for key, value in attributes.items()]


refused("no_pixels", lambda ds: delattr(ds, "PixelData"))
refused("no_rows", lambda ds: delattr(ds, "Rows"))
refused("frames", setting(NumberOfFrames=3, PixelData=good.PixelData * 3))
refused("huge", setting(Rows=65535, Columns=65535))
refused("short", setting(PixelData=good.PixelData[:1000]))
refused("palette", setting(PhotometricInterpretation="PALETTE COLOR"))
refused("named_photometric", setting(PhotometricInterpretation=NAME))
refused("bits32", setting(BitsAllocated=32))
refused("stored_bits", setting(BitsStored=17))
refused("slope", lambda ds: ds.add_new("RescaleSlope", "LO", "steep"))
refused("table", setting(VOILUTSequence=table(range(100), 12)) )
file = (folder / "table.dcm").read_bytes()
(folder / "table.dcm").write_bytes(file.replace(b"US\x06\x00\x64\x00", b"US\x06\x00\x65\x01", 1))
refused("mpeg", compress_as("1.2.840.10008.1.2.4.100", b"\0" * 400))
refused("htj2k", compress_as("1.2.840.10008.1.2.4.201", b"\0" * 400))
refused("jpeg2000", compress_as(JPEG2000Lossless, b"\xff\x4f\xff\x51" + b"\0" * 400))
refused("jpeg", compress_as(JPEGLosslessSV1, b"\xff\xd8\xff" + b"\0" * 400 + b"\xff\xd9"))
refused("jpeg_ls", compress_as(JPEGLSLossless, b"\xff\xd8\xff" + b"\0" * 400))
refused("rle", compress_as(RLELossless, struct.pack("<16I", 2, 64, 2000, *[0] * 13) + b"\x81" * 400))
stream = picture_bytes(Image.fromarray(values.astype("u2")[:, :20]), format="JPEG2000", irreversible=False, no_jp2=True)
refused("jpeg2000_size", compress_as(JPEG2000Lossless, stream))
stream = picture_bytes(Image.fromarray(values.astype("u2")), format="JPEG2000", irreversible=False, no_jp2=True)
refused("jpeg2000_cut", compress_as(JPEG2000Lossless, stream[: len(stream) // 2]))
stream = jpeg_lossless(values, 12, 1)
refused("jpeg_cut", compress_as(JPEGLosslessSV1, stream[: len(stream) // 2]))
stream = picture_bytes(Image.fromarray(values.astype("u1")), format="JPEG")
refused("jpeg_baseline_cut", compress_as(JPEGBaseline8Bit, stream[: len(stream) // 2]))
refused("rle_cut", compress_as(RLELossless, struct.pack("<16I", 2, 64, 68, *[0] * 13) + b"\x81" * 400))
if (stream := jpeg_ls(values, 12)) is not None:
    refused("jpeg_ls_cut", compress_as(JPEGLSLossless, stream[: len(stream) // 2]))
refused("bomb", lambda ds: (setting(Rows=16000, Columns=16000)(ds), compress_as(JPEG2000Lossless, b"\xff\x4f" * 50)(ds)))
whole = picture_of(good)
at = whole.index(b"\xe0\x7f\x10\x00OW") + 8
(folder / "length.dcm").write_bytes(whole[:at] + struct.pack("<I", 0xFFFFFF00) + whole[at + 4 :])
