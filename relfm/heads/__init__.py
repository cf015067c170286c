"""In-context heads: pretrained networks that read labelled context rows and correct the experts in closed form.

Prior-fitted networks in the sense of Müller et al. 2022 (Transformers can do Bayesian inference), but fitted to rows of
forecasting questions, and given the experts' held-out answers as inputs and as a skip to their output.
"""

from relfm.heads.episode import EXPERTS, Episode, load_episodes, save_episodes

__all__ = ["EXPERTS", "Episode", "load_episodes", "save_episodes"]
