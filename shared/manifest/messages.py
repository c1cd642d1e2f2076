"""The message of every code that a finding can have, ``{}`` for the facts. docs/codes.md is made of these."""

from shared.manifest.field_names import HEADINGS

_SAVE_AS_XLSX = 'open it and save it as "Excel Workbook (*.xlsx)"'
_HEADER = ",".join(HEADINGS.values())

ISSUES = {
    "manifest_too_large": "The manifest has more than {:,} bytes. Split it into several files.",
    "too_many_devices": "The manifest has more than {:,} devices. Split it into several files.",
    "empty_file": "The file is empty. Export it again and drop it again.",
    "blank_file": "The file holds nothing but white space. Export it again and drop it again.",
    "workbook_damaged": "The workbook is damaged: {}. Open it in Excel, save it as a new .xlsx file and drop that.",
    "workbook_protected": (
        "The workbook is protected by a password or a sensitivity label. Open it in Excel, remove the protection "
        "(File, Info, Protect Workbook, Encrypt with Password), save it and drop it again."
    ),
    "workbook_too_large": (
        "The workbook unpacks to more than is allowed. Copy the columns of the devices, without formats, into a new "
        "workbook, and split it if need be."
    ),
    "strict_workbook": 'This is a strict Open XML workbook. In Excel, save it as "Excel Workbook (*.xlsx)".',
    "binary_workbook": f"This is a binary Excel workbook (.xlsb). In Excel, {_SAVE_AS_XLSX}.",
    "old_excel_workbook": f"This is an old Office document, such as an .xls workbook. In Excel, {_SAVE_AS_XLSX}.",
    "opendocument_file": f"This is an OpenDocument file, such as .ods. In LibreOffice or Excel, {_SAVE_AS_XLSX}.",
    "office_document": (
        "This is a document of Word, PowerPoint or the like. Copy its table into Excel, the cells formatted as text "
        "beforehand, and save that as a workbook (.xlsx)."
    ),
    "spreadsheet_xml": f"This is a workbook in the XML format of Excel 2003. In Excel, {_SAVE_AS_XLSX}.",
    "sylk_file": f"This is a SYLK file (.slk). In Excel, {_SAVE_AS_XLSX}.",
    "no_visible_sheet": "The workbook has no visible worksheet. Unhide the one with the devices and save it.",
    "devices_on_other_sheet": (
        "The first visible sheet, {}, has no devices, but {} has. Move that to the front, or delete what is before it."
    ),
    "number_lost_digits": (
        "The cell holds a number that is not a whole one of at most 15 digits, and Excel keeps no more. Format the "
        "column as text, type the value again, and save."
    ),
    "number_format": (
        "The cell holds a number that its format shows in another way. Format the column as text, type the value "
        "again as it is on the device, and save."
    ),
    "date_cell": "The cell holds a date. Format the column as text, type the value again, and save.",
    "boolean_cell": "The cell holds TRUE or FALSE. Format the column as text, type the value again, and save.",
    "error_cell": "The cell holds an error such as #N/A, or nothing that can be read. Type the value, and save.",
    "formula_without_value": (
        "The cell holds a formula that no program has calculated. Open the workbook in Excel, check the value, and "
        "save it; or put the value in place of the formula."
    ),
    "number_for_hash": "The cell holds a number, which cannot be a hardware hash. Check whether the row is a device.",
    "zip_archive": "This is an archive (zip, 7z or the like). Unpack it and drop the files in it, one by one.",
    "pdf_file": "This is a PDF. Ask its sender for the CSV or JSON file that it was made from.",
    "picture_file": "This is a picture. Ask its sender for the CSV or JSON file with the devices that it shows.",
    "html_page": (
        "This is a web page: an error page in place of a download, or a table that was named like a workbook. "
        f"Download the manifest again; or, if Excel shows the devices, {_SAVE_AS_XLSX}."
    ),
    "xml_file": f"This is XML. Export the devices as CSV or JSON; if Excel reads it, {_SAVE_AS_XLSX}.",
    "binary_file": "This is not text (it has NUL bytes), so neither CSV nor JSON. Export the devices as CSV or JSON.",
    "utf16_without_mark": "This is UTF-16 without a byte-order mark. Save it as UTF-8 (-Encoding utf8 in PowerShell).",
    "utf32_file": "This is UTF-32. Save it as UTF-8; in PowerShell, with -Encoding utf8.",
    "broken_encoding": (
        "Some text here is {}. Save the file as UTF-8 from where it was made; in PowerShell, append with "
        "Add-Content -Encoding utf8 in place of >>."
    ),
    "gzip_damaged": "The gzip file is damaged or cut off. Pack and upload it again.",
    "gzip_in_gzip": "The file was packed with gzip twice. Pack it once.",
    "unpacked_too_large": "The gzip file unpacks to more than is allowed. Split the manifest into several files.",
    "invalid_json": "This is not valid JSON: {} (column {}). Correct it, or write it with a JSON library.",
    "nested_too_deeply": "The JSON is nested too deeply to be a manifest. Leave out what is not needed.",
    "value_too_large": (
        "{} has more than {:,} {}. Look there for a missing quote or line break, or for what is not about devices."
    ),
    "wrong_top_level": "The JSON is neither an array of devices nor an envelope. Put the devices between [ and ].",
    "hash_in_pieces": (
        "The hash begins in the middle, and the one before it has no end: line breaks have cut it. Put each hash on "
        "one line, or between quotes."
    ),
    "hash_encoding": (
        "hardwareHash is {}, not in base64 as tools read it from the device. Export it again without turning it into "
        "anything else."
    ),
    "missing_devices": 'The JSON object has no "devices". Put the devices between [ and ], or into an envelope.{}',
    "file_in_json": (
        "A Logic App has put the file into a JSON object. Pass on its content alone: "
        "base64ToBinary(body('...')?['$content'])."
    ),
    "no_devices": "There is no device in {}. Add the devices and drop the file again.",
    "not_an_object": "A device must be a JSON object, but this is {}. Write it as {{...}} with its members.",
    "wrong_type": "{} is {} but must be {}.",
    "conflicting_members": "{} is there twice, with different values or under two names. Keep the right one.",
    "unpaired_surrogate": "{} has half a character (\\ud800 to \\udfff). Write the whole character.",
    "blank_id": "{} is blank. Fill it in, or leave it out and name the blob by the ids.",
    "missing_header": f"No column has a known name. The first line must be a header such as {_HEADER}.{{}}",
    "incomplete_header": (
        "These columns cannot identify a device: add Hardware Hash, or Windows Product ID, or all of Device Serial "
        "Number, Manufacturer name and Device model. Found: {}. Unknown names: {}."
    ),
    "results_file": (
        "These are results, in which hashes are cut off. Correct the manifest that they are about, and drop all of it."
    ),
    "status_file": "This is a status, not a manifest. Correct the manifest that it is about, and drop that.",
    "other_header": "This is a header with other columns than that on line {}. Put what is below it into its own file.",
    "repeated_column": "The columns {} and {} hold the same thing. Delete one of them.",
    "mixed_delimiters": (
        "{} holds values with {} between them, unlike the rest of the file. Save it with one separator throughout."
    ),
    "too_many_cells": "The line has {} cells, the last ones not empty, but the header has {}. {}",
    "shifted_cells": (
        "{} is the end of a company's name: the separator in it has shifted the line. Put the name between "
        'quotes, as in "Micro-Star International Co., Ltd.".'
    ),
    "commented_line": (
        "{} begins as a comment does (#, //, ;, --, REM), but there is a device. Delete it; or remove the sign if the "
        "device is to be uploaded."
    ),
    "misspelt_name": "{} is probably misspelt. Rename it {}, or delete it if it is something else.",
    "misplaced_hash": "{} holds what looks like a hardware hash. Name it Hardware Hash if it is one, else delete it.",
    "other_customer": (
        "{} has the customer {}, but the manifest is for {}, by the blob's name, the envelope or an earlier device. "
        "Correct the id, or put the device into a manifest for that customer."
    ),
    "other_batch": (
        "{} has the batch {}, but the manifest is for {}, by the blob's name, the envelope or an earlier device. "
        "Correct the id, or put the device into a manifest for that batch. Delete the id if it is "
        "of another kind, such as a maker's own."
    ),
    "unclosed_quote": "A quote is opened and never closed. Close it, or remove it.",
    "missing_identity": (
        "A device needs a hardware hash, or a product key, or serial number, manufacturer and model. Found: "
        "{}. Missing: {}. Unknown names: {}."
    ),
    "number_for_serial": (
        "A spreadsheet has turned the serial number into {}. Export it again, with the column formatted as text."
    ),
    "number_for_value": (
        "A spreadsheet has turned {} into a date or a number that has lost digits. Export it again, with the column "
        "formatted as text."
    ),
    "template_value": "{} is still what a template has there. Fill it in, or delete the device.",
    "text_for_value": (
        "{} holds a word that is no value, a sentence, a message, an address, or quotes, a sign or a name around or "
        "before the value. Put the value alone, or nothing."
    ),
    "several_values": "{} holds {}. Keep one of them if they are the same, else put each device on a row of its own.",
    "manufacturer_for_value": "{} holds the name of a manufacturer. Put each value under the name of its own column.",
    "column_numbers": "{} holds the numbers or letters of columns, and no values. Delete it.",
    "numbered_values": "Each serial number or product key has the number of its row before it. Remove the numbers.",
    "formula_for_value": "{} holds a formula or an error of a spreadsheet. Export the values in place of the formulas.",
    "lost_characters": "{} has characters that were lost (U+FFFD). Export it again as UTF-8.",
    "escaped_character": "{} has a character as web pages write it (&amp;, %20, \\n). Write the character itself.",
    "guid_for_product_key": (
        "productKey is a GUID, which Graph writes there and which is not a Windows product ID. Leave it out, and add "
        "the hardware hash."
    ),
    "not_base64": (
        "Character {} of {} in hardwareHash is not base64. It may belong to a message, or the end may be cut off: read "
        "the hash out again."
    ),
}
"""The issues, which reject a manifest."""

TARGET_ISSUES = {
    "missing_customer_id": (
        "Neither the blob's name nor the manifest says whose devices these are. Name the blob "
        "{{customer-id}}/{{batch-id}}/{{file name}}, or use a JSON envelope."
    ),
    "invalid_customer_id": (
        "{} is not a customer id (a GUID). Name the blob {{customer-id}}/{{batch-id}}/{{file name}}, or use a JSON "
        "envelope."
    ),
    "customer_not_allowed": (
        "This customer is not among those that ALLOWED_CUSTOMERS names. Add it there, or drop the file elsewhere."
    ),
    "missing_batch_id": (
        "It is not known which batch the devices join: the blob's name has none between the customer's id and the file "
        "name. Name the blob {{customer-id}}/{{batch-id}}/{{file name}}."
    ),
    "invalid_batch_id": (
        'A batch id cannot have "." or ".." between slashes, as addresses drop them, nor more than {:,} characters. '
        "Use another batch."
    ),
    "conflicting_customer_id": "The envelope's customerId is not the one in the blob's name. Correct one of them.",
    "conflicting_batch_id": "The envelope's batchId is not the one in the blob's name. Correct one of them.",
}
"""The issues with a manifest's customer and batch."""

WARNINGS = {
    "guessed_encoding": "The text is not UTF-8 and was read as Windows-1252. Check names with special characters.",
    "ignored_column": (
        "The column {} is ignored: Partner Center takes no such value on upload. The batch id becomes the "
        "Autopilot group tag."
    ),
    "ignored_member": (
        "The member {} is ignored, here and in other devices: Partner Center takes no such value on upload. The batch "
        "id becomes the Autopilot group tag."
    ),
    "unknown_column": "The column {} is unknown and ignored. If it matters, correct its name.",
    "unknown_member": "The member {} is unknown and ignored everywhere. If it matters, correct its name.",
    "id_not_compared": (
        "{} is known, but holds no {}: it was not compared with the manifest's own. Check whose devices these are."
    ),
    "repeated_header": "The line is the header once more and is left out. Nothing to do.",
    "skipped_line": "The line is not a device but {}, and is left out. Nothing to do.",
    "skipped_top": "The lines above the header, which is on line {}, are left out. Nothing to do if none is a device.",
    "duplicate_device": "This is the same device as on {} {}. It is sent once.",
    "repeated_serial": (
        "The serial number is that of {} {}, but the hardware hashes differ. Nothing to do if the mainboard was "
        "replaced and both are meant; otherwise delete the wrong row."
    ),
    "repeated_hash": "The hardware hash is that of {} {}, but other fields differ. Check which one is right.",
    "word_for_nothing": "{} holds {}, which counts as absent. Leave it empty if there is no value.",
    "placeholder_value": (
        "{} is {}, a placeholder of firmware in which no value was set. Partner Center may answer 802, and "
        "devices that share it cannot be distinguished in the results. Nothing to do if the hardware hash is right."
    ),
    "ignored_product_key": "productKey is a GUID, as Graph writes it, not a Windows product ID: it is not sent.",
    "cleaned_hash": (
        "Line breaks, blanks at the ends or invisible characters were taken out of hardwareHash. Nothing to do if the "
        "device is registered."
    ),
    "url_safe_hash": "hardwareHash was in URL-safe base64 and is sent in the usual one. Nothing to do.",
    "unusual_hash_length": (
        "hardwareHash has {} characters; about 4,000 are usual, and always a multiple of four. "
        "Check whether it is complete."
    ),
    "number_cell": (
        "The cell holds a number, and is read by its digits. Leading zeros may be gone: compare it with the device."
    ),
    "number_padded": "The cell holds a number, and is read with the zeros that its format puts in front. Check them.",
    "hidden_rows": "Hidden rows are read as well ({} in all, the first one here). Delete them if they are not meant.",
    "sheet_ignored": (
        "The sheet {} looks as if it held devices as well and is ignored: only the first visible one, {}, is read. "
        "Drop it as a file of its own if it is meant."
    ),
    "excel_formula": '{} was kept as text for Excel, by ="..." or an apostrophe, and is sent without. Nothing to do.',
    "removed_characters": "Invisible characters at the ends of {} were taken out. Nothing to do.",
    "surrounding_space": "{} begins or ends with white space and is sent as it is. Remove it if it is not meant.",
    "changed_characters": "{} has characters that look changed (&amp;, \u00c3\u00a9) and is sent as it is. Check it.",
    "unprintable_character": "{} has an invisible character and is sent as it is. Remove it if it is not meant.",
    "unusual_character": (
        "{} has the character {}, which such values do not have as far as is known, and is sent as it is. Check it."
    ),
}
"""The warnings, which do not reject it."""

CODES = ISSUES | WARNINGS
