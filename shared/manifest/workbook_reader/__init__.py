"""Excel workbooks: the rows of the first visible sheet. Imported only when a workbook arrives."""
