"""Losses by family: pure mathematics, no weights, no libraries, no clipping.

For a loss of your own derive from `RobustLoss`, `ResidualLoss`, `MultiOutputLoss`, `BinaryLoss`, `ClassLoss` or `Loss`
(see `gbm_objectives.loss`), and make an objective of it with ``Objective.of(loss)``. What a family exports is the
``__all__`` of its module.
"""

from gbm_objectives.loss import HasColumns as HasColumns
from gbm_objectives.loss import HasFisher as HasFisher
from gbm_objectives.loss import HasHessian as HasHessian
from gbm_objectives.loss import HasMajorizer as HasMajorizer
from gbm_objectives.loss import Loss as Loss
from gbm_objectives.losses._classes import ClassLoss as ClassLoss
from gbm_objectives.losses._outputs import MultiOutputLoss as MultiOutputLoss
from gbm_objectives.losses._residual import ResidualLoss as ResidualLoss
from gbm_objectives.losses._residual import RobustLoss as RobustLoss
from gbm_objectives.losses.adaptive import *
from gbm_objectives.losses.asymmetric import *
from gbm_objectives.losses.bias import *
from gbm_objectives.losses.binary import *
from gbm_objectives.losses.costs import *
from gbm_objectives.losses.distributions import *
from gbm_objectives.losses.general import *
from gbm_objectives.losses.hinge import *
from gbm_objectives.losses.levels import *
from gbm_objectives.losses.multiclass import *
from gbm_objectives.losses.multifocal import *
from gbm_objectives.losses.ordinal import *
from gbm_objectives.losses.overlap import *
from gbm_objectives.losses.positive import *
from gbm_objectives.losses.quantile import *
from gbm_objectives.losses.redescending import *
from gbm_objectives.losses.robust import *
from gbm_objectives.losses.sampled import *
from gbm_objectives.losses.squared import *
from gbm_objectives.losses.squared_log import *
