"""Judge of calibration and thresholds: scikit-learn's and scipy's answers for the cases in the JSON file named.

A case has "labels", "scores" in [0, 1], whole "weights", a "threshold" and a "grid" of scores. Prints for each the
Brier score, precision, recall and F1 at the threshold and the reliability curve (all weighted), and, unweighted, the
isotonic regression on the grid, the slope and offset of a logistic regression without penalty on 6 score - 3, and the
slope alone that minimises the same loss. Exits with 77 where scikit-learn is missing.
"""

import json
import sys
import warnings

try:
    import numpy
    from scipy.optimize import minimize_scalar
    from sklearn.calibration import calibration_curve
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import brier_score_loss, precision_recall_fscore_support
except ImportError:
    sys.exit(77)

warnings.simplefilter("ignore")  # of a renamed argument, and of a line search at its last digits


def answer(case):
    labels, scores, weights = (numpy.array(case[key]) for key in ("labels", "scores", "weights"))
    called = scores >= case["threshold"]
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, called, average="binary", sample_weight=weights, zero_division=0
    )
    shares, means = calibration_curve(numpy.repeat(labels, weights), numpy.repeat(scores, weights), n_bins=10)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    logits = 6 * scores - 3
    platt = LogisticRegression(penalty="none", solver="newton-cg", tol=1e-12, max_iter=10000)
    platt.fit(logits[:, None], labels)
    signed = numpy.where(labels == 1, logits, -logits)
    temperature = minimize_scalar(
        lambda slope: numpy.logaddexp(0, -slope * signed).mean(), bounds=(0, 50), method="bounded", options={"xatol": 1e-10}
    )
    return {
        "brier": brier_score_loss(labels, scores, sample_weight=weights),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "shares": shares.tolist(),
        "means": means.tolist(),
        "isotonic": isotonic.predict(case["grid"]).tolist(),
        "slope": platt.coef_[0, 0],
        "offset": platt.intercept_[0],
        "temperature_slope": temperature.x,
    }


print(json.dumps([answer(case) for case in json.load(open(sys.argv[1]))]))
