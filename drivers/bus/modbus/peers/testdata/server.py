"""A Modbus server made with pymodbus: server.py tcp|rtutcp PORT, or serial DEVICE BAUD.

Unit 1 holds 100 of everything: coil n is on when n is a multiple of 3, discrete input n
when of 5, holding register n is 1000 + n, input register n is 2000 + n.
"""
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server.async_io import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

MANY = range(100)

unit = ModbusSlaveContext(
    co=ModbusSequentialDataBlock(0, [n % 3 == 0 for n in MANY]),
    di=ModbusSequentialDataBlock(0, [n % 5 == 0 for n in MANY]),
    hr=ModbusSequentialDataBlock(0, [1000 + n for n in MANY]),
    ir=ModbusSequentialDataBlock(0, [2000 + n for n in MANY]),
    zero_mode=True,
)
context = ModbusServerContext(slaves={1: unit}, single=False)
identity = ModbusDeviceIdentification()
identity.VendorName = "Lantern works"
identity.ProductCode = "LW-7"
identity.MajorMinorRevision = "1.2.3"
identity.VendorUrl = "https://example.org/" + "x" * 180
identity.ProductName = "Street lantern " + "y" * 60
identity.ModelName = "Seven"

kind, where = sys.argv[1], sys.argv[2]
if kind == "serial":
    StartSerialServer(context=context, identity=identity, framer=ModbusRtuFramer, port=where,
                      baudrate=int(sys.argv[3]), timeout=0.005, ignore_missing_slaves=True)
else:
    framer = ModbusRtuFramer if kind == "rtutcp" else ModbusSocketFramer
    StartTcpServer(context=context, identity=identity, framer=framer, address=("127.0.0.1", int(where)),
                   allow_reuse_address=True, ignore_missing_slaves=kind == "rtutcp")
