"""The names that tools write for a device's fields: one table for the columns of a CSV and the members of JSON."""

import re
import unicodedata
from functools import lru_cache

_LONGEST = 100  # characters of a name that are looked at
_CACHED = 1024

# Partner Center's template and API, Get-WindowsAutopilotInfo, Intune, Graph, CIPP, Managed Desktop, Configuration
# Manager's report (names that end in 0), views of management tools, and WMI's classes.
_NAMES = {
    "serialNumber": (
        "serialnumber deviceserialnumber serialnumber0 serial serialno serialnr serialnum serno sernr sn "
        "biosserialnumber biosserial machineserialnumber servicetag seriennummer seriennr numerodeserie numerodiserie "
        "serienummer"
    ),
    "productKey": "productkey windowsproductid windowsproductid0 pkid productkeyid",
    "hardwareHash": (
        "hardwarehash hardwarehash0 hardwareidentifier devicehardwaredata devicehardwaredata0 autopilothash hash "
        "autopilothardwarehash windowsautopilothash windowsautopilothardwarehash devicehash devicehardwarehash hwhash "
        "4khash 4khardwarehash 4khh hardwarehash4k hardwarehash4kb autopilothwhash hardwaredata"
    ),
    "oemManufacturerName": (
        "oemmanufacturername manufacturername manufacturer manufacturer0 oemmanufacturer oemname make vendor mfr "
        "devicemanufacturer computermanufacturer hersteller fabricant fabricante produttore "
        "fabrikant"
    ),
    "modelName": (
        "modelname devicemodel model model0 devicemodelname systemmodel computermodel modell modellname modele modelo "
        "modello"
    ),
}
FIELD_OF = {key: field for field, keys in _NAMES.items() for key in keys.split()}
"""The API's name of the field for each key."""

HEADINGS = {
    "serialNumber": "Device Serial Number",
    "productKey": "Windows Product ID",
    "hardwareHash": "Hardware Hash",
    "oemManufacturerName": "Manufacturer name",
    "modelName": "Device model",
}
"""The heading of each field in a table, as Partner Center's template has it."""

_CUSTOMERS = (
    "customerid customer customerguid customertenantid customertenant customermicrosoftid tenantid tenant tenantguid "
    "microsoftid microsofttenantid azuretenantid azureadtenantid aadtenantid entratenantid entraidtenantid "
    "directorytenantid"
)
ID_OF = dict.fromkeys(_CUSTOMERS.split(), "customerId") | dict.fromkeys(("batchid", "devicebatchid"), "batchId")
"""For each key, which id it has that stands beside a device: that of a customer, or of a batch."""

NOT_ACCEPTED = frozenset(
    {"grouptag", "orderid", "purchaseorderid", "purchaseorderidentifier", "assigneduser", "assigneduserprincipalname"}
)
"""Keys of what other tools accept on upload and Partner Center does not."""

OF_RESULTS = "hardwarehashstart"
"""The key of the column that only results have."""

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
"""What separates cells, and its name in messages."""

_MOST_MIXED = 1000  # names in one that are looked at
REMARK = re.compile(r"^\s*rem\s+", re.IGNORECASE)
"""Begins a comment, and no known name."""

# What forms put around a name: "1. Serial Number", "Serial Number (required)".
_DECORATION = re.compile(
    r"^\W*\d{1,2}[.)]\s+|(?<!\W)\W+(required|optional|mandatory|erforderlich|pflichtfeld|obligatoire|facultatif|obligatorio"
    r"|opcional)\W*$",
    re.IGNORECASE,
)


def key(name: str) -> str:
    """Return a name as it is compared: without case, spaces, punctuation, accents, byte-order mark, and decoration.

    >>> key(' "Device Serial-Number"'), key("Modèle"), key("1. Model (required)")
    ('deviceserialnumber', 'modele', 'model')
    """
    # The cache keeps what it is asked for: the whole of a name may be as long as a manifest.
    return _key(name[:_LONGEST])


@lru_cache(_CACHED)
def _key(name: str) -> str:
    if name.isascii() and name.isalnum():
        return name.lower()
    text = _DECORATION.sub("", name if name.isascii() else unicodedata.normalize("NFKD", name))
    return "".join(filter(str.isalnum, text)).casefold()


def field_of(name: str) -> str | None:
    """Return the API's name of the field that a name means; ``None`` for any other name.

    >>> field_of("Mfr."), field_of("Mfr. Part Number")
    ('oemManufacturerName', None)
    """
    return FIELD_OF.get(key(REMARK.sub("", name)))


def mixed(name: str, delimiter: str = "") -> str | None:
    """Return another delimiter that separates known names in one, if there is any; JSON and workbooks have none.

    >>> mixed("Hardware Hash;Group Tag", ","), mixed("Make, Model"), mixed("Notes (make, model)")
    (';', ',', None)
    """
    for other in DELIMITERS:
        parts = name.split(other, _MOST_MIXED) if other != delimiter else ()
        # Where no line is split at commas, a comma and a blank may be punctuation.
        enough = all if other == "," and not delimiter and ", " in name else any
        if len(parts) > 1 and enough(field_of(part) or key(part) in NOT_ACCEPTED for part in parts):
            return other
    return None
