"""Other programs beside patterns and linking, where they are installed.

snapml counts the different counterparties of both ends of each transfer. NetworkX, rustworkx and
SciPy group what is connected; they get the links that join, and keep no reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from recoup.cli.bench_pattern_work import Rows
from recoup.core.linking.fast import kernels
from recoup.core.linking.fast.coded import Column
from recoup.core.linking.fast.groups import Groups

BATCH: Final = 2_048
# Two ends of each link: reports, and identifiers numbered on after them.
Links = tuple[Column, Column]


def snapml_fans(rows: Rows, window: int, *, as_bins: bool, batch: int = BATCH) -> Column:
    """Counterparties of each transfer's ends in the window, exact or as bins of patterns."""
    from snapml import GraphFeaturePreprocessor

    looker = GraphFeaturePreprocessor()
    others = dict.fromkeys(("degree", "scatter-gather", "temp-cycle", "lc-cycle"), False)
    looker.set_params(
        others
        | {
            "num_threads": 1, "time_window": window, "fan": as_bins, "fan_tw": window,
            "fan_bins": [8], "vertex_stats": not as_bins, "vertex_stats_tw": window,
            "vertex_stats_cols": [3], "vertex_stats_feats": [0],
        }
    )  # fmt: skip
    table = np.column_stack(
        [np.arange(len(rows.t)), rows.payer, rows.payee, rows.t, rows.amount]
    ).astype(float)
    found = [looker.transform(table[n : n + batch].copy()) for n in range(0, len(table), batch)]
    return np.vstack(found)[:, 5:]


def joining(groups: Groups) -> Links:
    """What joins, as links of a graph; for pairs of identifiers the unions that they made."""
    reports = groups.reports
    report = np.repeat(np.arange(reports), np.diff(groups.at))
    joins = (groups.first[groups.identifier] != kernels.NOTHING) & (
        groups.first[groups.identifier] != kernels.PAIR
    )
    pairs = groups.by_pair
    ends = np.concatenate([groups.identifier[joins].astype(np.int64) + reports, pairs[:, 1]])
    return np.concatenate([report[joins], pairs[:, 0]]), ends


def _scipy(links: Links, nodes: int) -> Column:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    one, other = links
    matrix = coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(nodes, nodes))
    return connected_components(matrix, directed=False)[1]


def _rustworkx(links: Links, nodes: int) -> Column:
    import rustworkx

    graph = rustworkx.PyGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from_no_data(list(zip(links[0].tolist(), links[1].tolist(), strict=True)))
    return _labels(rustworkx.connected_components(graph), nodes)


def _networkx(links: Links, nodes: int) -> Column:
    import networkx

    graph = networkx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(zip(links[0].tolist(), links[1].tolist(), strict=True))
    return _labels(networkx.connected_components(graph), nodes)


def _labels(parts: Any, nodes: int) -> Column:
    label = np.empty(nodes, np.int64)
    for number, part in enumerate(parts):
        label[list(part)] = number
    return label


def least_of(label: Column, reports: int) -> Column:
    """Each report's group by its least report, so that answers can be compared."""
    least = np.full(int(label.max()) + 1, reports)
    np.minimum.at(least, label[:reports], np.arange(reports))
    return least[label[:reports]]


# name, package, and up to how many reports it is asked
LINKERS: Final[tuple[tuple[str, str, int, Callable[[Links, int], Column]], ...]] = (
    ("SciPy", "scipy", 10**7, _scipy),
    ("rustworkx", "rustworkx", 10**6, _rustworkx),
    ("NetworkX", "networkx", 2 * 10**5, _networkx),
)


def is_there(package: str) -> bool:
    return find_spec(package) is not None
