"""How the gallery paints a face and the head of an identity."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.errors import one_line
from xcos_gui.panels.gallery.groups import HEAD_ROLE, GroupedFaces
from xcos_gui.panels.gallery.model import PAIR_ROLE
from xcos_gui.widgets.design import CAPTION, TIGHT, TITLE, secondary, sized

SMALLEST_FACE, LARGEST_FACE = 40, 160  # pixels
Index = QModelIndex | QPersistentModelIndex


class FaceDelegate(QStyledItemDelegate):
    """A thumbnail with the photo's name below; a frame around the pair's faces; heads as bold lines."""

    side = 64  # pixels of a thumbnail

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        palette: QPalette = option.palette
        # The model itself is asked: the way over QModelIndex.data takes three times as long.
        model = index.model()
        assert isinstance(model, GroupedFaces)
        painter.save()
        head = model.data(index, HEAD_ROLE)
        if head is not None:
            font = sized(option.font, TITLE, bold=True)
            painter.setFont(font)
            painter.setPen(palette.color(QPalette.ColorRole.Text))
            seen = option.widget.viewport().width() if isinstance(option.widget, QListView) else 0
            rect.setRight(min(rect.right(), seen) if seen else rect.right())
            text = painter.fontMetrics().elidedText(
                one_line(head), Qt.TextElideMode.ElideMiddle, rect.width() - 2 * TIGHT
            )
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(rect.adjusted(TIGHT, 0, -TIGHT, 0), middle, text)
            painter.restore()
            return
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, palette.highlight())
        place = QRect(
            rect.x() + (rect.width() - self.side) // 2, rect.y() + TIGHT, self.side, self.side
        )
        pixmap = model.data(index, Qt.ItemDataRole.DecorationRole)
        if isinstance(pixmap, QPixmap):
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(place, pixmap)
        else:
            painter.fillRect(place, palette.mid())
        if model.data(index, PAIR_ROLE):
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 3))
            painter.drawRect(place)
        painter.setFont(sized(option.font, CAPTION))
        painter.setPen(palette.highlightedText().color() if selected else secondary(palette))
        text = painter.fontMetrics().elidedText(
            one_line(str(model.data(index))), Qt.TextElideMode.ElideMiddle, rect.width() - TIGHT
        )
        below = QRect(rect.x(), place.bottom() + 1, rect.width(), rect.bottom() - place.bottom())
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = option.fontMetrics.height()
        model, view = index.model(), option.widget
        if isinstance(model, GroupedFaces) and model.face_row(index) is None:
            wide = view.viewport().width() if isinstance(view, QListView) else 10 * line
            return QSize(max(1, wide - 2), line + 3 * TIGHT)
        return QSize(self.side + line, self.side + line + 2 * TIGHT)
