#!/usr/bin/env python3
"""CLIP's modified ResNet against open_clip's in float64, small, from hashed weights: four pictures of 64x64, two blocks in its second stage."""
import torchvision_import  # noqa: F401, before torchvision
from open_clip.modified_resnet import ModifiedResNet  # noqa: E402

from hashed import fill, hashed, write

NAME = "modified_resnet"
GRADIENTS = ["conv1.weight", "bn2.bias", "conv3.weight", "layer1.0.conv2.weight", "layer2.0.downsample.0.weight", "layer2.0.downsample.1.bias",
             "layer2.1.bn3.weight", "layer4.0.bn1.weight", "attnpool.positional_embedding", "attnpool.q_proj.bias", "attnpool.v_proj.bias",
             "attnpool.c_proj.weight", "attnpool.c_proj.bias"]
STATISTICS = ["bn1.running_mean", "bn3.running_var", "layer2.0.downsample.1.running_mean", "layer4.0.bn3.running_var"]

model = ModifiedResNet(layers=[1, 2, 1, 1], output_dim=16, heads=4, image_size=64, width=8)
fill(model, NAME + ".")
images = hashed("images", (4, 64, 64, 3)).permute(0, 3, 1, 2)
tensors = {f"{NAME}/evaluation": model.eval()(images)}
output = model.train()(images)
tensors[f"{NAME}/output"] = output
(output * hashed(NAME + ".upstream", output.shape)).sum().backward()
parameters = dict(model.named_parameters())
tensors |= {f"{NAME}/gradient/{key}": parameters[key].grad for key in GRADIENTS}
tensors |= {f"{NAME}/{key}": model.state_dict()[key] for key in STATISTICS}
write(NAME, tensors)
