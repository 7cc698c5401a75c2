"""xCos Studio: nothing or a path opens the window; `main.py --help` lists the commands."""

import sys

from xcos_gui.shell.application import main

if __name__ == "__main__":
    sys.exit(main())
