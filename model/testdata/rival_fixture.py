"""What rivals.py and hvpnet_mega.py write alike: a model's parameters, a batch, what comes of it, and ten steps."""

import torch
from safetensors.torch import save_file


def ten_steps(named, loss):
    """AdamW at 1e-3 (BERT) and 3e-3; no decay on biases and LayerNorm; clipped at 1; 2 steps of warm-up of 10."""
    groups = []
    for name, p in named.items():
        rate = 1e-3 if name.startswith("bert.") else 3e-3
        decay = 0.0 if name.endswith("bias") or "LayerNorm" in name else 0.01
        groups.append(dict(params=[p], lr=rate, peak=rate, weight_decay=decay))
    optimizer, losses = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8), []
    for step in range(10):
        value = loss()
        losses.append(value.item())
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(list(named.values()), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * (step / 2 if step < 2 else (10 - step) / 8)
        optimizer.step()
    return torch.tensor(losses)


def write(path, named, x, forward):
    """named: parameters by name. x: the batch. forward(): what comes of it, "loss" among it."""
    file = {"param." + n: p.detach().clone() for n, p in named.items()}
    file.update({"in." + n: t.long() if t.dtype == torch.bool else t for n, t in x.items()})
    out = forward()
    out["loss"].backward()
    file.update({"grad." + n: p.grad.clone() for n, p in named.items()})
    file.update({"out." + n: t.detach().reshape(t.shape if t.dim() else (1,)) for n, t in out.items()})
    file["out.ten_losses"] = ten_steps(named, lambda: forward()["loss"])
    save_file({k: (v.float() if v.is_floating_point() else v).contiguous() for k, v in file.items()}, path)
    print(path, out["loss"].item(), file["out.ten_losses"][-1].item())
