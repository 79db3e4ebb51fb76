"""Writes the folders torch and own: event files of PyTorch's and of TensorBoard's own writer.

    pip install torch tensorboard numpy && python write_events.py .

torch/     two runs by torch.utils.tensorboard: one with hyper-parameters, which that writer puts into a folder below
own/       tensors instead of simple values, two files of one run, the second of which goes on from step 2
"""
import math
import os
import sys

import numpy as np
from tensorboard.summary import Writer
from torch.utils.tensorboard import SummaryWriter

folder = sys.argv[1]
start = 1767225600.0

w = SummaryWriter(os.path.join(folder, "torch", "lr 0.1"))
for step, v in enumerate([2.5, math.nan, math.inf, -math.inf, 0.1]):
    w.add_scalar("loss/train", v, step, walltime=start + step)
w.add_scalar("dev.f1", 61.25, -3, walltime=start + 9)
w.add_histogram("weights", np.array([1.0, 2.0, 3.0]), 0)  # no number
w.add_text("about", "no number either")
w.add_hparams({"lr": 0.1, "layers": 3, "optimizer": "adam", "nesterov": True}, {"hparam/f1": 61.25}, run_name="hparams")
w.close()

w = Writer(os.path.join(folder, "own"))
for step in range(4):
    w.add_scalar("loss", 1.0 / (step + 1), step, wall_time=start + step)
w.close()
os.rename(*(os.path.join(folder, "own", n) for n in (os.listdir(os.path.join(folder, "own"))[0], "events.out.tfevents.1000000000.host.1.v2")))
w = Writer(os.path.join(folder, "own"))
for step in range(2, 4):
    w.add_scalar("loss", 10.0 * step, step, wall_time=start + 100 + step)
w.close()
