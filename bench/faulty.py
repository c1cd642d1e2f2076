"""Manifests with everything wrong in them: before anything is timed, all who check must find the same."""

import json

from bench import manifests
from bench.manifests import hardware_hash

_ODD: tuple[object, ...] = (
    None,
    "a string",
    [],
    {},
    {"serialNumber": "A1"},
    {"serialNumber": "A1", "modelName": "Model 7"},
    {"serialNumber": "   ", "productKey": "\t"},
    {"serialNumber": 7, "hardwareHash": True},
    {"serialNumber": "1.23E+11", "productKey": "KEY-1"},
    {"serialNumber": "1,5e+9", "productKey": 5},
    {"serialNumber": "A2", "SerialNumber": "A3", "productKey": "KEY-2"},
    {"productKey": "KEY-3", "id": "1", "policies": [], "attributes": {}},
    {"productKey": "KEY-4", "orderNumber": "17"},
    {"productKey": "KEY-5", "orderNumber": "18"},
    {"serialNumber": '="0017"', "productKey": "KEY-7"},
    {"productKey": " KEY-6", "modelName": "Model\u200b7"},
    {"serialNumber": "None", "oemManufacturerName": "unknown", "modelName": "Model 7"},
    {"serialNumber": "A4", "hardwareHash": "no base64!"},
    {"serialNumber": "A5", "hardwareHash": " " + hardware_hash(900_001)},
    {"serialNumber": "A6", "hardwareHash": "QUJD"},
    {"serialNumber": "A7", "hardwareHash": hardware_hash(900_002)},
    {"serialNumber": "A7", "hardwareHash": hardware_hash(900_002)},
    {"serialNumber": "A8", "hardwareHash": hardware_hash(900_002)},
)


def faulty() -> list[bytes]:
    """Give manifests that are wrong in many ways, in both formats."""
    return [
        *_unreadable(),
        json.dumps([*_ODD, *json.loads(manifests.array(200))]).encode(),
        json.dumps([{"serialNumber": str(number)} for number in range(500)]).encode(),
        manifests.table(20)
        + manifests.table(2)
        + b"A9,,,,\r\nA10,, QUJD,Contoso,\r\n1.5E+7,KEY-7,,,\r\n"
        + manifests.table(3)[-4300:],
    ]


def _unreadable() -> list[bytes]:
    return [b"[]", b"{", b"[{]", manifests.array(3)[:-9]]
