"""Writes bert.safetensors: MiniLM with its real weights by transformers, on sentences of this file.

ids, real and kinds are the batch; of the first sentence the end is of the second kind. layer.K is the state after K layers: of each real piece its first 16 numbers, its length and
its sum weighted by cos(0, 1, 2, ...). hidden is the last state whole. The loss is the mean over real pieces of the state's
sum weighted by sin(0, 1, 2, ...); grad.NAME holds of a parameter's gradient its length, its largest size, its sum weighted
by cos(0, 1, ...), and 16 numbers from it at the places at.NAME. Dropout is off.

    pip install torch==2.11.0 transformers safetensors numpy && python3 bert.py FOLDER_OF_MINILM [FOLDER]
"""
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, BertModel

SENTENCES = [
    "Alice Baker plays for the Rivertown Rockets tonight!",
    "so proud",
    "RT @somebody: the new bridge in Northport opens on Friday, come & see it :-) #northport #bridges",
    "<s> Carol Diaz </s> met <o> Edwin </o> at Lakeside Hall, unbelievable scenes, naïve café",
]


def weighted(t, wave):
    return t @ wave(torch.arange(t.shape[-1], dtype=torch.float64))


def main(weights, folder):
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(weights)
    model = BertModel.from_pretrained(weights, attn_implementation="eager").eval()
    x = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    real = x["attention_mask"].bool()
    kinds = torch.zeros_like(x["input_ids"])
    kinds[0, 6:] = 1
    out = model(input_ids=x["input_ids"], attention_mask=x["attention_mask"], token_type_ids=kinds, output_hidden_states=True)
    file = {"ids": x["input_ids"], "real": real.long(), "kinds": kinds}
    for k, h in enumerate(out.hidden_states):
        h = h.detach()[real].double()
        file[f"layer.{k}"] = torch.cat([h[:, :16], h.norm(dim=1, keepdim=True), weighted(h, torch.cos)[:, None]], 1).float()
    file["hidden"] = out.last_hidden_state.detach()[real].contiguous()
    wave = torch.sin(torch.arange(384, dtype=torch.float64)).float()
    loss = (out.last_hidden_state @ wave)[real].mean()
    loss.backward()
    file["loss"] = loss.detach().reshape(1)
    for name, p in model.named_parameters():
        if p.grad is None:  # the pooler
            continue
        g = p.grad.flatten().double()
        places = g.abs().topk(8).indices
        places = torch.cat([places, torch.linspace(0, len(g) - 1, 8).long()])
        file["at." + name] = places
        file["grad." + name] = torch.cat([torch.stack([g.norm(), g.abs().max(), weighted(g, torch.cos)]), g[places]]).float()
    save_file(file, str(folder / "bert.safetensors"))
    print(real.sum().item(), "pieces,", len([n for n in file if n.startswith("grad.")]), "parameters")


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent)
