"""What Escape does, the same everywhere: clear a field, then stop what runs, then close the window.

Lists that pop up take it first by themselves.
"""

from PySide6.QtWidgets import QApplication, QLineEdit, QWidget


def clear_field(window: QWidget) -> bool:
    """Clear the search or filter that is being typed in a window; whether there was anything."""
    field = QApplication.focusWidget()
    if (
        isinstance(field, QLineEdit)
        and field.isClearButtonEnabled()
        and field.text()
        and (field.window() is window)
    ):
        field.clear()
        return True
    return False
