"""Tables as people have them: CSV as spreadsheets write it, plain lists, XLSX; and out again."""
