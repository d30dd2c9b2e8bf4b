"""Modbus units made with pymodbus: makers.py TABLES tcp PORT, or serial DEVICE BAUD.

TABLES is a JSON file: for each unit its rows as its maker prints them (function, address,
type, order of the words, step) and what each holds, in the maker's unit. Turning that
into registers is the business of pymodbus's own builder; nothing else here knows how.
"""
import json
import sys
from decimal import ROUND_HALF_UP, Decimal

from pymodbus.constants import Endian
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server.async_io import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

BIG, LITTLE = Endian.Big, Endian.Little
ORDERS = {  # of the bytes in a word, of the words in a number
    "": (BIG, BIG),
    "abcd": (BIG, BIG),
    "cdab": (BIG, LITTLE),
    "badc": (LITTLE, BIG),
    "dcba": (LITTLE, LITTLE),
}


def registers(row):
    """The registers of a row."""
    if row["fixed"] is not None:
        return row["fixed"]
    builder = BinaryPayloadBuilder(byteorder=ORDERS[row["order"]][0], wordorder=ORDERS[row["order"]][1])
    kind, value = row["type"], row["value"]
    if kind == "float32":
        builder.add_32bit_float(float("nan") if value == "missing" else float(value) / float(row["step"]))
        return builder.to_registers()
    if value == "missing":
        raw = row["missing"]
    else:
        raw = int((Decimal(value) / Decimal(row["step"])).quantize(Decimal(1), ROUND_HALF_UP))
    if raw > 0x7FFF and kind == "int16":  # a number that stands for "missing"
        kind = "uint16"
    add = {
        "uint16": builder.add_16bit_uint,
        "int16": builder.add_16bit_int,
        "uint32": builder.add_32bit_uint,
        "int32": builder.add_32bit_int,
    }[kind]
    add(raw)
    return builder.to_registers()


def unit(rows):
    """One unit. It refuses every register that its maker does not name."""
    held = {3: {}, 4: {}}
    for row in rows:
        for function in (3, 4) if row["function"] == 0 else (row["function"],):
            for i, word in enumerate(registers(row)):
                held[function][row["at"] + i] = word
    nothing = {0xFFFF: 0}
    return ModbusSlaveContext(
        hr=ModbusSparseDataBlock(held[3] or nothing), ir=ModbusSparseDataBlock(held[4] or nothing), zero_mode=True)


with open(sys.argv[1]) as f:
    tables = json.load(f)
context = ModbusServerContext(slaves={int(n): unit(rows) for n, rows in tables.items()}, single=False)
kind, where = sys.argv[2], sys.argv[3]
if kind == "serial":
    StartSerialServer(context=context, framer=ModbusRtuFramer, port=where, baudrate=int(sys.argv[4]), timeout=0.005,
                      ignore_missing_slaves=True)
else:
    StartTcpServer(context=context, framer=ModbusSocketFramer, address=("127.0.0.1", int(where)), allow_reuse_address=True)
