"""One optimizer for pretrained weights and for those that start from nothing."""

from typing import Iterable, Sequence, Tuple, Union

from spacy.util import registry
from thinc.api import Optimizer
from thinc.types import FloatsXd


@registry.optimizers("communique.TwoRateAdam.v1")
def create_two_rate_adam(
    learn_rate: Union[float, Iterable[float]],
    transformer_scale: float,
    frozen: Sequence[str] = (),
    *,
    L2: float,
    beta1: float,
    beta2: float,
    eps: float,
    grad_clip: float,
    L2_is_weight_decay: bool,
    use_averages: bool,
) -> "TwoRateAdam":
    """Adam (Kingma and Ba, 2015) with a smaller learn rate for a transformer.

    learn_rate (Union[float, Iterable[float]]): Rate or schedule of everything else.
    transformer_scale (float): The transformer's rate, as a share of it.
    frozen (Sequence[str]): Parameters of the transformer that stay as they are, by a part of their names. In a small one the
        word embeddings are more than half of all, and most of what an update costs beside the pass itself.
    use_averages (bool): Evaluate and save averages over the last steps, of the transformer too. The remaining
        arguments are those of `Adam.v1`.
    """
    return TwoRateAdam(
        learn_rate,
        transformer_scale,
        frozen,
        L2=L2,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        grad_clip=grad_clip,
        L2_is_weight_decay=L2_is_weight_decay,
        use_averages=use_averages,
    )


class TwoRateAdam(Optimizer):
    """Fresh layers need a rate that would undo what a transformer has learned, and at a rate that suits the transformer
    they hardly move."""

    def __init__(
        self,
        learn_rate: Union[float, Iterable[float]],
        transformer_scale: float,
        frozen: Sequence[str] = (),
        **settings,
    ) -> None:
        super().__init__(learn_rate, **settings)
        self.transformer_scale = transformer_scale
        self.frozen = tuple(frozen)

    def __call__(
        self, key: Tuple[int, str], weights: FloatsXd, gradient: FloatsXd, *, lr_scale: float = 1.0
    ) -> Tuple[FloatsXd, FloatsXd]:
        """Torch names a parameter by a dotted path, Thinc by a bare letter or word."""
        model_id, name = key
        if "." in name:
            lr_scale *= self.transformer_scale
            # Under this key Thinc's PyTorch shim looks for the averages; under the one that it gives it does not.
            key = f"pytorch_{model_id}_{name}"
            if any(part in name for part in self.frozen):
                if self.averages is not None:
                    # The averages of a transformer are loaded as a whole.
                    self.averages[key] = weights
                return weights, gradient
        return super().__call__(key, weights, gradient, lr_scale=lr_scale)
