"""The window. It may import core, except core.commands; core never imports it."""
