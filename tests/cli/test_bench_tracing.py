"""`./recoup bench tracing` compares every answer, says what was missed, and draws it."""

from __future__ import annotations

import argparse
from xml.etree import ElementTree

import pytest

pytest.importorskip("numpy")
pytest.importorskip("numba")

from recoup.cli import bench, bench_index, bench_tracing, measured  # noqa: E402
from recoup.cli.bench_plot import log_log  # noqa: E402
from recoup.cli.bench_result import Result, Table  # noqa: E402
from recoup.cli.measured import Line  # noqa: E402

ARGUMENTS = ("tracing", "--sizes", "1e3,2e3", "--workloads", "base", "--repeats", "1", "--no-write")


def measure(tmp_path, *more):
    return bench_tracing.tracing(bench.read_options([*ARGUMENTS, *more]), tmp_path)


def parsed(picture):
    return ElementTree.fromstring(picture)  # noqa: S314 - our own


def line(result, begins):
    return next(one for one in result.lines if one.what.startswith(begins))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return measure(tmp_path_factory.mktemp("bench"))


def test_all_answers_are_compared_and_equal(result):
    differing = line(result, "answers that differ")
    assert differing.measured.startswith("0 of ")
    assert int(differing.measured.split()[-1].replace(",", "")) > 150
    assert line(result, "units unaccounted for").is_met
    assert not result.differs


def test_every_way_is_in_the_tables_with_a_time_for_each_size(result):
    ways = result.tables[0]
    assert list(ways.head) == ["base: one answer", "1,000", "2,000"]
    names = [row[0] for row in ways.rows]
    for name in ("look-up, compiled", "look-up on the same", "replay, pure", "DuckDB", "Polars",
                 "NetworkX", "rustworkx"):  # fmt: skip
        (row,) = [row for row in ways.rows if row[0].startswith(name)][:1]
        assert all(row[1:]), name
    assert [name for name in names if "answers less" in name] == [
        "NetworkX descendants (reachability only: answers less)",
        "rustworkx descendants (reachability only: answers less)",
    ]


def test_an_answer_that_differs_is_told_and_has_its_own_exit_code(tmp_path, monkeypatch, capsys):
    look_up = bench_index.look_up

    def one_unit_off(index, rows, as_of=None):
        steps, rests = look_up(index, rows, as_of)
        rests[0, 2] += 1
        return steps, rests

    monkeypatch.setattr(bench_index, "look_up", one_unit_off)
    assert bench.main([*ARGUMENTS, "--sizes", "1e3"]) == bench.WRONG
    assert "DIFFERS" in capsys.readouterr().err


def test_what_would_take_too_long_is_left_out_and_told(tmp_path):
    found = measure(tmp_path, "--limit", "0.001", "--sizes", "1e3")
    cells = [cell for row in found.tables[0].rows for cell in row]
    assert any(cell.startswith("left out: about ") for cell in cells)
    assert not found.differs


@pytest.mark.parametrize(
    "given, code",
    (
        ([Line("a", "1", "1", True)], 0),
        ([Line("a", "1", "2", False)], bench.MISSED),
        ([Line("a", "", "2", None)], 0),
    ),
)
def test_a_missed_figure_has_an_exit_code(monkeypatch, given, code):
    answer = Result("Tracing", "told", given)
    monkeypatch.setitem(bench.BENCHES, "tracing", lambda options, folder: answer)
    assert bench.main(["tracing", "--no-write"]) == code


def test_tables_and_pictures_are_written_into_the_document(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "DOCUMENT", tmp_path / "benchmarks.md")
    monkeypatch.setattr(bench, "IMAGES", tmp_path)
    table = Table("More", ["what", "1,000"], [["seconds", "1"]])
    answer = Result(
        title="Tracing",
        told="told",
        lines=[Line("a", "1", "1", True)],
        tables=[table],
        images={"one.svg": ("what it shows", "<svg/>")},
        packages=("django",),
    )
    monkeypatch.setitem(bench.BENCHES, "tracing", lambda options, folder: answer)
    assert bench.main(["tracing"]) == 0
    text = (tmp_path / "benchmarks.md").read_text()
    assert "### More\n\n| what | 1,000 |\n| --- | --- |\n| seconds | 1 |" in text
    assert "![what it shows](images/one.svg)" in text
    assert "PostgreSQL" not in text.split("<!-- measured: tracing -->")[1]
    assert (tmp_path / "one.svg").read_text() == "<svg/>"


@pytest.mark.parametrize("text", ("", "1e5,x", "10", "inf"))
def test_sizes_that_are_none_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="1e5|small|list"):
        bench.sizes(text)


def test_a_workload_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(argparse.ArgumentTypeError, match="'slow'.*base"):
        bench.workloads("base,slow")


def test_plots_are_small_and_told_to_those_who_do_not_see_them(result):
    (words, picture) = result.images["bench-tracing-base.svg"]
    assert len(picture.encode()) < 60_000
    assert "look-up, compiled: " in words
    root = parsed(picture)
    space = {"": "http://www.w3.org/2000/svg"}
    assert root.attrib["role"] == "img"
    ids = root.attrib["aria-labelledby"].split()
    assert [root.find(name, space).attrib["id"] for name in ("title", "desc")] == ids
    assert "prefers-color-scheme:dark" in picture


def test_a_plot_s_places_grow_with_the_logarithm():
    lines = {"a": [(1e3, 1e-3), (1e4, 1e-2), (1e5, 1e-1)], "b": [(1e3, 1e-3), (1e5, 1e-1)]}
    root = parsed(log_log("t", "d", lines, across="x", up="y"))
    space = {"": "http://www.w3.org/2000/svg"}
    first, second = root.findall("polyline", space)
    places = [tuple(map(float, pair.split(","))) for pair in first.attrib["points"].split()]
    assert places[0][0] < places[1][0] < places[2][0]
    assert places[1][0] - places[0][0] == pytest.approx(places[2][0] - places[1][0], abs=0.2)
    assert places[0][1] - places[1][1] == pytest.approx(places[1][1] - places[2][1], abs=0.2)
    assert second.attrib["points"].split()[0] == first.attrib["points"].split()[0]
    names = [text for text in root.findall("text", space) if text.text in ("a", "b")]
    heights = sorted(float(text.attrib["y"]) for text in names)
    assert heights[1] - heights[0] >= 18  # names at the same end do not lie on each other


def test_the_verdict_of_a_line_is_of_its_figure(result):
    assert all(one.is_met is not None or not one.asked for one in result.lines)
    assert measured.as_text(result.lines).count("\n") == len(result.lines)
