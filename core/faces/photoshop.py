"""A Photoshop file with the channels of its picture alone, as Pillow can read it."""

import struct

HEAD = 26  # bytes before the colour table, the resources and the layers, each behind its length
CHANNELS = {
    3: 3,
    4: 4,
    9: 3,
}  # of a picture by its sort of colours: RGB, CMYK, Lab; others have one
OF_RGB = 3
RUNS = 1  # the packing by runs, a row at a time


def picture_alone(data: bytes) -> bytes:
    """The file without channels behind those of the picture.

    They hold selections that were saved with it, which Pillow takes for what is clear, and by whose
    rows it miscounts. A negative number of layers tells that the first of them is what is clear.
    """
    try:
        given, height, sort = struct.unpack_from(">HI7xB", data, 12)
        place = HEAD
        for _ in range(2):
            place += 4 + struct.unpack_from(">I", data, place)[0]
        length, of_layers, layers = struct.unpack_from(">IIh", data, place)
        wanted = CHANNELS.get(sort, 1)
        if sort == OF_RGB and length and of_layers and layers < 0:
            wanted += 1
        place += 4 + length
        (packing,) = struct.unpack_from(">H", data, place)
    except struct.error:
        return data  # damaged, and the decoder will tell
    if given <= wanted:
        return data
    head = data[:12] + struct.pack(">H", wanted) + data[14:place]
    place += 2
    kept = wanted * height * 2 if packing == RUNS else 0  # bytes of the rows' lengths
    behind = given * height * 2 if packing == RUNS else 0
    return head + struct.pack(">H", packing) + data[place : place + kept] + data[place + behind :]
