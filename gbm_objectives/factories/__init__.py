"""The objectives: one function each. This is the user's documentation.

Conventions. r = raw_prediction - y_true and u = r/delta. Losses of the residual have curvature 1 at r = 0,
so gradients are in the units of the target, Hessians have no unit, and lambda, min_child_weight and
min_sum_hessian_in_leaf mean what they mean for squared error. All arrays are (n_samples,), or
(n_samples, n_outputs) for several targets, which are then separate tasks.

What a family exports is the ``__all__`` of its module.
"""

from gbm_objectives.factories.binary import *
from gbm_objectives.factories.costs import *
from gbm_objectives.factories.distributions import *
from gbm_objectives.factories.hinge import *
from gbm_objectives.factories.multiclass import *
from gbm_objectives.factories.ordinal import *
from gbm_objectives.factories.overlap import *
from gbm_objectives.factories.positive import *
from gbm_objectives.factories.redescending import *
from gbm_objectives.factories.regression import *
from gbm_objectives.factories.reweight import *
from gbm_objectives.factories.robust import *
from gbm_objectives.factories.sampling import *
