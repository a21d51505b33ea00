"""`recoup bench csv`: the file it makes is traced, and what was missed is said."""

from __future__ import annotations

from pathlib import Path

from recoup.cli import bench_csv


def test_a_small_file_is_made_and_traced_in_a_process_of_its_own(tmp_path: Path):
    file, losses = tmp_path / "transfers.csv", tmp_path / "losses.txt"
    bench_csv.write(file, losses, 200, seed=1)
    again = tmp_path / "again.csv"
    bench_csv.write(again, losses, 200, seed=1)
    assert file.read_bytes() == again.read_bytes()
    seconds, cpu, mib, unaccounted = bench_csv.run(file, losses)
    assert unaccounted == 0
    assert 0 < cpu and 0 < seconds and 1 < mib < 1024


def test_a_run_that_fails_is_no_answer(tmp_path: Path):
    file, losses = tmp_path / "transfers.csv", tmp_path / "losses.txt"
    bench_csv.write(file, losses, 20, seed=1)
    file.write_text(file.read_text().replace(",RSD", ",XXQ"))
    assert bench_csv.run(file, losses)[3] == -1
