"""The pretrained networks that come with relfm, one folder a model; a package, so that installers carry them along."""
