"""Every code that a manifest's findings carry, with what to do about it."""

SAVE_AS_CSV = 'open it and save it as "CSV UTF-8 (comma delimited)"'
SAVE_AS_XLSX = 'open it and save it as "Excel Workbook (*.xlsx)"'

ISSUES = {
    "manifest_too_large": "The manifest is larger than allowed. Split it into several files.",
    "too_many_devices": "The manifest has more devices than allowed. Split it into several files.",
    "empty_file": "The file is empty. Export it again and drop it again.",
    "blank_file": "The file holds nothing but white space. Export it again and drop it again.",
    "workbook_damaged": "The workbook is damaged. Open it in Excel, save it as a new .xlsx file and drop that.",
    "workbook_protected": (
        "The workbook is protected by a password or a sensitivity label. Open it in Excel, remove the protection "
        "(File, Info, Protect Workbook, Encrypt with Password), save it and drop it again."
    ),
    "workbook_too_large": (
        "The workbook unpacks to more than is allowed. Copy the columns of the devices, without formats, into a new "
        "workbook, and split it if need be."
    ),
    "strict_workbook": 'This is a strict Open XML workbook. In Excel, save it as "Excel Workbook (*.xlsx)".',
    "binary_workbook": f"This is a binary Excel workbook (.xlsb). In Excel, {SAVE_AS_XLSX}.",
    "old_excel_workbook": f"This is an old Office document, such as an .xls workbook. In Excel, {SAVE_AS_XLSX}.",
    "opendocument_file": f"This is an OpenDocument file, such as .ods. In LibreOffice or Excel, {SAVE_AS_XLSX}.",
    "office_document": (
        "This is a document of Word, PowerPoint or the like. Copy its table into Excel, the cells formatted as text "
        "beforehand, and save that as a workbook (.xlsx)."
    ),
    "spreadsheet_xml": f"This is a workbook in the XML format of Excel 2003. In Excel, {SAVE_AS_XLSX}.",
    "sylk_file": f"This is a SYLK file (.slk). In Excel, {SAVE_AS_XLSX}.",
    "no_visible_sheet": "The workbook has no visible worksheet. Unhide the one with the devices and save it.",
    "devices_on_other_sheet": "The first visible sheet has no devices, but another one has. Move it to the front.",
    "number_lost_digits": (
        "The cell holds a number that is not a whole one of at most 15 digits, and Excel keeps no more. Format the "
        "column as text, type the value anew, and save."
    ),
    "number_format": (
        "The cell holds a number that its format shows in another way. Format the column as text, type the value "
        "anew as it is on the device, and save."
    ),
    "date_cell": "The cell holds a date. Format the column as text, type the value anew, and save.",
    "boolean_cell": "The cell holds TRUE or FALSE. Format the column as text, type the value anew, and save.",
    "error_cell": "The cell holds an error such as #N/A, or nothing that can be read. Type the value, and save.",
    "formula_without_value": (
        "The cell holds a formula that no program has calculated. Open the workbook in Excel, check the value, and "
        "save it; or put the value in place of the formula."
    ),
    "number_for_hash": "The cell holds a number, which is no hardware hash. Check whether its row is one of a device.",
    "zip_archive": "This is a zip archive. Unpack it and drop the files in it, one by one.",
    "pdf_file": "This is a PDF. Ask its sender for the CSV or JSON file that it was made from.",
    "html_page": (
        "This is a web page: an error page in place of a download, or a table that was named like a workbook. "
        f"Download the manifest again; or, if Excel shows the devices, {SAVE_AS_XLSX}."
    ),
    "xml_file": f"This is XML. Export the devices as CSV or JSON; if Excel reads it, {SAVE_AS_XLSX}.",
    "binary_file": "This is no text (it has zero bytes), so neither CSV nor JSON. Export the devices as CSV or JSON.",
    "utf16_without_mark": (
        "This is UTF-16 without a byte-order mark. Save it as UTF-8; in PowerShell, with -Encoding utf8."
    ),
    "utf32_file": "This is UTF-32. Save it as UTF-8; in PowerShell, with -Encoding utf8.",
    "broken_encoding": "The text's encoding is broken. Save it as UTF-8 from where it was made.",
    "gzip_damaged": "The gzip file is damaged or cut off. Pack and upload it again.",
    "gzip_in_gzip": "The file was packed with gzip twice. Pack it once.",
    "unpacked_too_large": "The gzip file unpacks to more than is allowed. Split the manifest into several files.",
    "invalid_json": "The file is no valid JSON. Correct it at the place named, or write it with a JSON library.",
    "nested_too_deeply": "The JSON is nested too deeply to be a manifest. Leave out what is not needed.",
    "value_too_large": (
        "A device or a line has more than 1,048,576 characters, 250 times what is usual. "
        "Look there for a missing quote or line break."
    ),
    "wrong_top_level": "The JSON is neither an array of devices nor an envelope. Put the devices between [ and ].",
    "missing_devices": 'The JSON object has no "devices". Put the devices between [ and ], or into an envelope.',
    "no_devices": "The manifest lists no devices. Add them and drop it again.",
    "not_an_object": "A device must be a JSON object. Write it as {...} with its members.",
    "wrong_type": "The value has the wrong JSON type. Put it between quotes.",
    "conflicting_members": "A member stands there in two spellings, or in an envelope twice. Keep the right one.",
    "unpaired_surrogate": "The text has half a character (\\ud800 to \\udfff). Write the whole character.",
    "blank_id": "The id is blank. Fill it in, or leave the member out and name the blob by the ids.",
    "missing_header": "No column has a name that is known. Put a header line on top.",
    "incomplete_header": "The columns cannot identify a device. Add the missing column.",
    "repeated_column": "Two columns hold the same thing. Delete one of them.",
    "too_many_cells": "The line has more filled cells than columns. Put a value with a comma in it between quotes.",
    "unclosed_quote": "A quote is opened and never closed. Close it, or remove it.",
    "missing_identity": "The device needs a hardware hash, or a product key, or serial number, manufacturer and model.",
    "number_for_serial": "Excel has turned the serial number into a number. Export it anew; format the column as text.",
}
"""Codes of what rejects a manifest."""

WARNINGS = {
    "guessed_encoding": "The text is not UTF-8 and was read as Windows-1252. Check names with special characters.",
    "ignored_column": "Partner Center has no place for this column. Nothing to do, unless you counted on it.",
    "unknown_column": "The column is not known and is ignored. If it matters, correct its name.",
    "unknown_member": "The member is not known and is ignored. If it matters, correct its name.",
    "repeated_header": "The line is the header once more and is left out. Nothing to do.",
    "duplicate_device": "The device is listed twice and sent once. Nothing to do.",
    "repeated_hash": "Two different devices have the same hardware hash. Check which one is right.",
    "placeholder_value": "The value is what firmware says when nobody filled it in. Partner Center may not find it.",
    "not_base64": "The hardware hash is no base64. Check whether it was cut off or changed.",
    "unusual_hash_length": "Hardware hashes have about 4,000 characters. Check whether this one is complete.",
    "number_cell": (
        "The cell holds a number, and is read by its digits. Leading zeros may be gone: compare it with the device."
    ),
    "number_padded": "The cell holds a number, and is read with the zeros that its format puts in front. Check them.",
    "sheet_ignored": "Another sheet holds devices as well and is ignored. Move them to the first one if they matter.",
    "excel_formula": 'The value is an Excel formula, ="...", and is sent so. Give what stands between the quotes.',
    "surrounding_space": "The value begins or ends with space and is sent so. Remove it if it is not meant.",
    "unprintable_character": "The value has an invisible character and is sent so. Remove it if it is not meant.",
}
"""Codes of what only looks odd."""

CODES = ISSUES | WARNINGS
