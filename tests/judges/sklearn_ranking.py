"""Judge of the ranking measures: scikit-learn's answers for cases read from the file named.

A case is a line "n" and n lines "label score weight". For each case prints a line with AUROC and average
precision, then a line with the points of the ROC curve as "fpr tpr fpr tpr ...". Exits with 77 where
scikit-learn is missing.
"""

import sys

try:
    from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
except ImportError:
    sys.exit(77)

lines = iter(open(sys.argv[1]).read().splitlines())
for head in lines:
    rows = [next(lines).split() for _ in range(int(head))]
    labels = [int(row[0]) for row in rows]
    scores = [float(row[1]) for row in rows]
    weights = [float(row[2]) for row in rows]
    auroc = roc_auc_score(labels, scores, sample_weight=weights)
    precision = average_precision_score(labels, scores, sample_weight=weights)
    print(repr(float(auroc)), repr(float(precision)))
    fpr, tpr, _ = roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    print(" ".join(f"{float(value)!r}" for point in zip(fpr, tpr) for value in point))
