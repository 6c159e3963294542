"""A scenario as a workbook: written for somebody who works in spreadsheets, and read back.

`reading` turns cells into the nested tables that a scenario file would hold, so that every check of
a scenario file holds for a workbook too. `writing` is its counterpart. Both stand on `layout`.
"""
