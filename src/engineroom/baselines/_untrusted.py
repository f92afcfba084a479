"""Is a baseline that was read from a file sound? Types alone do not say so.

Trees are walked by compiled code that checks nothing: a child out of range or a loop among a forged tree's nodes would
read foreign memory or never end. So only what baselines are made of is let in, and every tree must lead downwards, to a
leaf, over features that there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

MOST_FEATURES = 10_000_000
PLAIN = frozenset({type(None), bool, int, float, str, slice})
# By module; trees are not among them: they are met at the estimator that owns them, and nowhere else.
ALLOWED = {
    "numpy.random._generator": "Generator",
    "sklearn._loss._loss": "CyHalfBinomialLoss CyHalfMultinomialLoss CyHalfSquaredError",
    "sklearn._loss.link": "IdentityLink Interval LogitLink MultinomialLogit",
    "sklearn._loss.loss": "HalfBinomialLoss HalfMultinomialLoss HalfSquaredError",
    "sklearn.compose._column_transformer": "ColumnTransformer",
    "sklearn.cross_decomposition._pls": "PLSSVD",
    "sklearn.decomposition._pca": "PCA",
    "sklearn.decomposition._truncated_svd": "TruncatedSVD",
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.ensemble._forest": "ExtraTreesClassifier ExtraTreesRegressor",
    "sklearn.ensemble._iforest": "IsolationForest",
    "sklearn.ensemble._hist_gradient_boosting.binning": "_BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting": "HistGradientBoostingClassifier "
    "HistGradientBoostingRegressor",
    "sklearn.linear_model._logistic": "LogisticRegression",
    "sklearn.linear_model._ridge": "Ridge RidgeCV RidgeClassifierCV",
    "sklearn.mixture._gaussian_mixture": "GaussianMixture",
    "sklearn.multioutput": "MultiOutputClassifier",
    "sklearn.pipeline": "Pipeline",
    "sklearn.preprocessing._data": "RobustScaler StandardScaler",
    "sklearn.preprocessing._encoders": "OrdinalEncoder",
    "sklearn.preprocessing._function_transformer": "FunctionTransformer",
    "sklearn.preprocessing._label": "LabelBinarizer LabelEncoder",
    "sklearn.preprocessing._target_encoder": "TargetEncoder",
    "sklearn.svm._classes": "LinearSVC",
    "sklearn.tree._classes": "ExtraTreeClassifier ExtraTreeRegressor",
}


def check_sound(parts: dict[str, Any]) -> None:
    """Walk all that `parts` hold; ValueError at the first thing that no honest baseline has."""
    waiting, seen = list(parts.values()), set()
    while waiting:
        thing = waiting.pop()
        if type(thing) in PLAIN or isinstance(thing, np.generic) or id(thing) in seen:
            continue
        seen.add(id(thing))
        waiting += held(thing)


def held(thing: Any) -> Iterator[Any]:
    """What a thing is made of, itself checked."""
    from sklearn.utils.validation import check_array

    kind = type(thing)
    if kind in (list, tuple):
        yield from thing
    elif kind is dict:
        yield from thing
        yield from thing.values()
    elif kind is np.ndarray:
        yield from thing.ravel() if thing.dtype.hasobject else ()
    elif kind is type and issubclass(thing, np.generic):
        return
    elif (
        kind is partial
        and thing.func is check_array
        and not thing.args
        and thing.keywords.keys() <= {"dtype", "ensure_all_finite"}
    ):
        yield from thing.keywords.values()
    elif kind.__qualname__ in ALLOWED.get(kind.__module__, "").split():
        yield from members(thing)
    else:
        raise ValueError(f"no baseline holds a {kind.__qualname__}")


def members(thing: Any) -> Iterator[Any]:
    """The attributes of one of scikit-learn's objects, but not its trees: those are checked here."""
    facts = dict(getattr(thing, "__dict__", {}))
    if facts.get("n_jobs") not in (None, 1, 2):
        raise ValueError("it asks for a crowd of workers")
    if "_predictors" in facts:
        check_boosting(thing, facts.pop("_predictors"))
    if "tree_" in facts:
        check_tree(facts.pop("tree_"), width(thing))
    if type(thing).__name__.startswith(("ExtraTrees", "IsolationForest")) and "estimators_" in facts:
        kinds = {type(one).__name__ for one in facts["estimators_"]}
        if (
            len(kinds) != 1
            or "ExtraTree" not in kinds.pop()
            or {width(one) for one in facts["estimators_"]} != {width(thing)}
        ):
            raise ValueError("its forest is not of one kind of tree")
    if type(thing).__name__ == "IsolationForest" and (
        type(facts.get("_max_features")) is not int or facts["_max_features"] != width(thing)
    ):
        # scikit-learn hands them over unchecked
        raise ValueError("its trees would read other features than it is given")
    yield from facts.values()


def width(estimator: Any) -> int:
    """How many features it reads; scikit-learn compares the rows it is given with this number, where there is one."""
    features = vars(estimator).get("n_features_in_")
    if type(features) is not int or not 0 <= features <= MOST_FEATURES:
        raise ValueError("it does not say how many features it reads")
    return features


def check_tree(tree: Any, features: int) -> None:
    """A tree of a forest."""
    from sklearn.tree._tree import Tree

    if type(tree) is not Tree or not 0 < tree.node_count <= tree.capacity or tree.n_features != features:
        raise ValueError("a tree has other nodes or features than it says")
    inner = tree.children_left != -1
    check_nodes(tree.children_left, tree.children_right, tree.feature, inner, np.array([tree.node_count]), features)


def check_boosting(estimator: Any, rounds: Any) -> None:
    """Boosted trees over histograms: their nodes, and the sets of categories that nodes point to."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    facts, binned = vars(estimator), estimator._bin_mapper.is_categorical_
    predictors = [one for trees in rounds for one in trees]
    if facts.get("_in_fit") or {len(trees) for trees in rounds} != {facts["n_trees_per_iteration_"]}:
        raise ValueError("its rounds of trees differ")
    for one in predictors:
        if type(one) is not TreePredictor or vars(one).keys() != {
            "nodes",
            "binned_left_cat_bitsets",
            "raw_left_cat_bitsets",
        }:
            raise ValueError("a tree is none")
        sets = one.raw_left_cat_bitsets
        if type(sets) is not np.ndarray or sets.ndim != 2 or sets.shape[1] != 8 or type(one.nodes) is not np.ndarray:
            raise ValueError("a tree's categories have another form")
        if one.nodes.dtype != PREDICTOR_RECORD_DTYPE or one.nodes.ndim != 1 or not len(one.nodes):
            raise ValueError("a tree's nodes have another form")
    check_sound({"prepares": facts["_preprocessor"]})  # before it is asked
    features = estimator._preprocess_X(np.zeros((1, width(estimator))), reset=False).shape[1]
    if type(binned) is not np.ndarray or binned.shape != (features,):
        raise ValueError("its bins are of other features")
    nodes, sizes = np.concatenate([one.nodes for one in predictors]), np.array([len(one.nodes) for one in predictors])
    inner = nodes["is_leaf"] == 0
    check_nodes(nodes["left"], nodes["right"], nodes["feature_idx"], inner, sizes, features)
    chooses = inner & (nodes["is_categorical"] != 0)
    sets = np.repeat([len(one.raw_left_cat_bitsets) for one in predictors], sizes)
    if (nodes["bitset_idx"] >= sets)[chooses].any() or not binned.astype(bool)[nodes["feature_idx"][chooses]].all():
        raise ValueError("a tree asks for categories that there are not")


def check_nodes(
    left: np.ndarray, right: np.ndarray, feature: np.ndarray, inner: np.ndarray, sizes: np.ndarray, features: int
) -> None:
    """Nodes of trees of `sizes`, one after another: children come after their parent and within its tree, features
    exist."""
    place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    first, last = np.minimum(left, right), np.maximum(left, right)
    sound = (first > place) & (last < np.repeat(sizes, sizes)) & (feature >= 0) & (feature < features)
    if not sound[inner].all():
        raise ValueError("a tree leads nowhere")
