"""The cells of a list and the first widths of its columns; what the person chose later wins."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHeaderView

from console.ui.table_view import TableView
from console.widgets.row_delegate import RowDelegate


def lay_out_columns(view: TableView, widths: Sequence[int]) -> None:
    """Set the widths in pixels; the column of width 0 takes what is left."""
    view.setItemDelegate(RowDelegate(view))
    view.header.setStretchLastSection(False)
    for column, width in enumerate(widths):
        if width:
            view.setColumnWidth(column, width)
        else:
            view.header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
