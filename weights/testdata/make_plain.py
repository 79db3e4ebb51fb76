"""Writes plain.pth, a file of torch.save without a tensor. Run: python make_plain.py"""

import torch

torch.save({0: ["0_crop_1.png", "a"], "x": (1, 2.5, None, True, {"k": -3})}, "plain.pth")
