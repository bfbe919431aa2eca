#!/usr/bin/env python3
"""Reads TensorBoard's event files with nothing but the format: framing, checksums, protobuf.

    event_files.py FOLDER       a line a scalar, "TAG STEP VALUE", in the order of the files

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283, "this reader's checksum is wrong"


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        (size, check) = struct.unpack_from("<QI", data, at)
        assert check == masked(data[at:at + 8]), f"checksum of the length at {at}"
        message = data[at + 12:at + 12 + size]
        (check,) = struct.unpack_from("<I", data, at + 12 + size)
        assert check == masked(message), f"checksum of the record at {at}"
        yield message
        at += 16 + size


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def fields(data):
    """(number, value) of a message's fields: integers, or bytes as they stand."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = {1: 8, 5: 4}[key & 7]
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def show(path):
    for i, record in enumerate(records(path.read_bytes())):
        event = dict(fields(record))
        if i == 0:
            assert event[3] == b"brain.Event:2", f"{path}: the first record is {event}"
        assert 1.5e9 < struct.unpack("<d", event[1])[0] < 1e11, f"{path}: the time is no time"
        for number, value in fields(event.get(5, b"")):
            scalar = dict(fields(value))
            print(scalar[1].decode(), event.get(2, 0), "%.6g" % struct.unpack("<f", scalar[2]))


for file in sorted(pathlib.Path(sys.argv[1]).glob("events.out.tfevents.*")):
    show(file)
