#!/usr/bin/env python3
"""A driver in Python: temperature and humidity from a Sensirion SHT3x.

The file that is named stands for the bus: what it holds are the six bytes that the
part answers with after a single measurement (datasheet SHT3x-DIS, section 4.3):
temperature, its CRC, humidity, its CRC. With a real part, read them from the bus.
"""
import json
import sys


class Fault(Exception):
    """What the gateway is told instead of readings: a word, and a text for people."""

    def __init__(self, word, text):
        super().__init__(text)
        self.word = word


def crc8(data):
    """CRC-8 of the SHT3x: polynomial 0x31, initial value 0xFF (section 4.12)."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def measure(path):
    try:
        with open(path, "rb") as bus:
            raw = bus.read(6)
    except FileNotFoundError:
        raise Fault("unplugged", f"{path} is not there")
    if len(raw) < 6:
        raise Fault("timeout", f"{len(raw)} bytes came, 6 are needed")
    for name, word, crc in ("temperature", raw[0:2], raw[2]), ("humidity", raw[3:5], raw[5]):
        if crc8(word) != crc:
            raise Fault("checksum", f"the CRC of the {name} is {crc:#04x}, computed {crc8(word):#04x}")
    return {
        "temp": round(-45 + 175 * int.from_bytes(raw[0:2], "big") / 65535, 2),
        "rh": round(100 * int.from_bytes(raw[3:5], "big") / 65535, 2),
    }


for line in sys.stdin:  # its end is the order to go
    question = json.loads(line)
    answer = {"id": question["id"]}
    try:
        if question["do"] != "sample":
            raise Fault("protocol", f"this driver cannot {question['do']}")
        answer["readings"] = measure(sys.argv[1])
    except Fault as fault:
        answer["fault"], answer["text"] = fault.word, str(fault)
    print(json.dumps(answer), flush=True)  # without flush it would wait in a buffer
