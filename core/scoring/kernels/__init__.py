"""Ways to compute many scores at once: plain NumPy, Numba's fused kernel, torch and Triton on a GPU.

May import core.model and core's plain helpers; the engine chooses among them.
"""
