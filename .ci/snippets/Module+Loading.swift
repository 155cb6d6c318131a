let resnet: ResNet = any()
