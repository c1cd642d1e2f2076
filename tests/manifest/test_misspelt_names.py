"""A column or member whose name is a slip of the pen is not left out."""

import json

import pytest

from shared.manifest.field_names import HEADINGS, field_of
from tests.manifest.files import issues_in, made_up_hash, read
from tests.manifest.workbook_reader.workbooks import table, workbook

HASH = made_up_hash(1)
MISSPELT = {
    "Device Serial Nubmer": "serialNumber",
    "Serial Numbr": "serialNumber",
    "Serial Numbers": "serialNumber",
    "Serail": "serialNumber",
    "Manufacterer": "oemManufacturerName",
    "OEM Manufactuer Nmae": "oemManufacturerName",
    "Vednor": "oemManufacturerName",
    "Device modle": "modelName",
    "Modle": "modelName",
    "Windows Prodcut ID": "productKey",
}

# Columns of Intune, Graph, Configuration Manager, management tools, inventories and WMI that are no field of ours.
HARMLESS = """
    Device name;Device ID;Device state;Device Type;Device Class;Device Tag;Device Mode;Device Make;Device Number
    Device No;Device Model ID;Device Model Number;Device Description;Device Group;Model Number;Model No;Model No.
    Model ID;Models;Model Year;Model SKU;Modem;Mode;Module;Modulo;Modified;Product Name;Product Number;Product ID
    Product Type;Product;Product Line;Product Family;Product Version;Manufacturer ID;Manufacturer SN;Manufacturer PN
    Manufacturer No;Manufacturer URL;Manufacturer Part Number;Manufacture Date;Manufactured;Vendor ID;Vendors
    Vendor2;Vendor Name;Sender;Lender;Gender;Makes;Cash;SSN;PN;P/N;PSN;S/N 2;Serial Number 2;Serial ID;Serial Port
    Serials;Series;Service Tag 2;Service Code;Express Service Code;Asset Tag;Asset Number;Asset Name;Asset Model
    Item Name;Item;SKU;System SKU;System Name;System Type;System Family;System Version;System Mode;System Model ID
    UUID;BIOS Version;BIOS Name;BIOS Date;BIOS Vendor;Computer Name;Computer Type;Hostname;Host Name;Machine Name
    Machine ID;Machine Type;Motherboard Serial;Baseboard Serial;Processor Name;CPU Model;CPU Name;Disk Model
    Disk Serial;Monitor Model;Monitor Serial;User Name;Username;Site Name;Client Name;Company;Owner;Last User;Status
    Description;Warranty;Purchase Date;Order Number;Supplier;Hardware ID;Hardware Type;Hardware Name;Hardware Model
    Hardware Version;Hash Length;Hash Status;Hash Date;Hash File;Windows Version;Windows Edition
    Windows Product Name;License Key;OEM;OEM ID;OEM SKU;OEM Model;OEM Key;OEM Part Number;Brand;Type;Profile
    Timestamp;Line;Number;Index;Modell-Nr;Modellnummer;Hersteller-Nr;Herstellerdatum;Produktname;Gerätename;Fabrik
    TPM Manufacturer
    Fabrication;Produttore ID;managedDeviceName;systemFamily;resourceName;skuNumber;deviceImportStatus;Name0
    ResourceID;SystemType0;SystemRole0;Client0;Netbios_Name0;SMBIOSBIOSVersion;IdentifyingNumber;ChassisTypes
"""


@pytest.mark.parametrize("name", MISSPELT)
def test_a_misspelt_column_is_an_issue(name: str) -> None:
    (issue,) = read(f"{name},Hardware Hash\nx,{HASH}\n".encode()).issues.kept
    assert (issue.where, issue.field, issue.code) == ("line 1", MISSPELT[name], "misspelt_name")
    assert repr(name) in issue.message
    assert f"Rename it {HEADINGS[MISSPELT[name]]}," in issue.message


@pytest.mark.parametrize(
    ("header", "unknown"),
    [
        ("Serial number,Manufactuer,Model", "'Manufactuer' (probably Manufacturer name)"),
        ("Serial,Make,Modle,Colour", "'Modle' (probably Device model), 'Colour'"),
        ("Serial Number,Make,Serial Nubmer", "'Serial Nubmer'"),
    ],
)
def test_a_misspelt_column_is_named_where_the_others_identify_no_device(header: str, unknown: str) -> None:
    (issue,) = read(f"{header}\nS1,Contoso,One\n".encode()).issues.kept
    assert issue.code == "incomplete_header"
    assert issue.message.endswith(f"Unknown names: {unknown}.")


@pytest.mark.parametrize("name", MISSPELT)
def test_a_misspelt_member_is_an_issue_once(name: str) -> None:
    devices = [{"hardwareHash": made_up_hash(seed), name: "x"} for seed in range(2)]
    (issue,) = read(json.dumps(devices).encode()).issues.kept
    assert (issue.where, issue.field, issue.code) == ("device 1", MISSPELT[name], "misspelt_name")
    assert f"Rename it {MISSPELT[name]}," in issue.message


def test_a_misspelt_column_of_a_workbook_is_an_issue() -> None:
    data = workbook(table(("S1", "K1"), header=("Serial Nunber", "Windows Product ID")))
    assert issues_in(data) == [("line 1", "misspelt_name")]


def test_a_single_object_is_looked_at_as_well() -> None:
    assert issues_in(b'{"serialNubmer": "S1", "productKey": "K"}') == [("manifest", "misspelt_name")]


@pytest.mark.parametrize(
    "text",
    [
        "Serial Nubmer,Serial Number,Windows Product ID\nx,S1,K1\n",
        '[{"serialNubmer": "x", "serialNumber": "S1", "productKey": "K1"}]',
        '{"serialNubmer": "x", "devices": [{"productKey": "K1"}]}',
    ],
)
def test_where_the_right_name_is_there_too_it_is_a_warning(text: str) -> None:
    manifest = read(text.encode())
    assert (manifest.issues.count, manifest.warnings.count) == (0, 1)


def test_a_later_member_may_be_the_misspelt_one() -> None:
    devices = [
        {"serialNumber": "S1", "serialNubmer": "", "productKey": "K1"},
        {"serialNubmer": "S2", "productKey": "K2"},
    ]
    assert issues_in(json.dumps(devices).encode()) == [("device 2", "misspelt_name")]


@pytest.mark.parametrize("name", HARMLESS.strip().replace("\n    ", ";").split(";"))
def test_what_other_tools_write_is_no_slip_of_the_pen(name: str) -> None:
    assert field_of(name) is None
    for data in (f"Hardware Hash,{name}\n{HASH},x\n", json.dumps([{"hardwareHash": HASH, name: "x"}])):
        assert read(data.encode()).issues.count == 0


def test_names_without_end_are_bounded() -> None:
    names = ["serialNubmer" + " " * number for number in range(300)]
    assert read(json.dumps([{"productKey": "K", **dict.fromkeys(names)}]).encode()).issues.count == 100
    many = {"productKey": "K", **dict.fromkeys(f"x{number}" for number in range(1000)), "serialNubmer": "S1"}
    assert read(json.dumps([many]).encode()).issues.count == 0
    single = {"productKey": "K", **dict.fromkeys(f"x{number}" for number in range(200)), "serialNubmer": "S1"}
    assert read(json.dumps(single).encode()).issues.count == 0
