"""Excel workbooks: rows of cells out of the first visible sheet. Imported only when a workbook arrives."""
