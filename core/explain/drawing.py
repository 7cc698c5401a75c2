"""Figures drawn without a window, with names in any script that an installed font has."""

import io
from functools import cache
from pathlib import Path
from typing import Any

from matplotlib import font_manager, rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Families with Chinese, Japanese and Korean signs, and the starts of their files' names.
FAMILIES = {
    "Noto Sans CJK JP": "NotoSansCJK",
    "Noto Sans CJK SC": "NotoSansCJK",
    "Noto Sans JP": "NotoSansJP",
    "Noto Sans SC": "NotoSansSC",
    "Noto Sans KR": "NotoSansKR",
    "Noto Serif CJK JP": "NotoSerifCJK",
    "Source Han Sans": "SourceHanSans",
    "Hiragino Sans": "ヒラギノ角ゴシック W3",
    "PingFang SC": "PingFang",
    "Hiragino Sans GB": "Hiragino Sans GB",
    "Apple SD Gothic Neo": "AppleSDGothicNeo",
    "Yu Gothic": "YuGoth",
    "Meiryo": "meiryo",
    "Microsoft YaHei": "msyh",
    "Malgun Gothic": "malgun",
    "SimHei": "simhei",
    "MS Gothic": "msgothic",
    "Arial Unicode MS": "Arial Unicode",
    "WenQuanYi Zen Hei": "wqy-zenhei",
    "WenQuanYi Micro Hei": "wqy-microhei",
    "IPAGothic": "ipag",
    "NanumGothic": "NanumGothic",
    "Droid Sans Fallback": "DroidSansFallback",
}


def new_figure(size: tuple[float, float], **options: Any) -> Figure:
    """An empty figure of so many inches."""
    use_installed_fonts()
    figure = Figure(figsize=size, **options)
    FigureCanvasAgg(figure)
    return figure


def figure_bytes(figure: Figure, form: str, dpi: int = 150) -> bytes:
    """A figure as a PNG, SVG or PDF file's bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=form, dpi=dpi)
    return buffer.getvalue()


@cache
def use_installed_fonts() -> None:
    """Let matplotlib take the signs that its own font lacks from fonts that are installed."""
    rcParams["font.family"] = [*rcParams["font.family"], *installed_families()]


def installed_families() -> list[str]:
    """Which families with Chinese, Japanese or Korean signs are installed."""
    manager = font_manager.fontManager
    if {font.name for font in manager.ttflist}.isdisjoint(FAMILIES):
        # Matplotlib keeps its list of fonts, and these may have been installed since.
        starts = tuple(start.casefold() for start in FAMILIES.values())
        for path in font_manager.findSystemFonts():
            if Path(path).name.casefold().startswith(starts):
                try:
                    manager.addfont(path)
                except (OSError, RuntimeError):
                    continue  # a damaged font is none
    known = {font.name for font in manager.ttflist}
    return [name for name in FAMILIES if name in known]
