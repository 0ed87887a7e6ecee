import numpy as np
import pytest
from brian2 import ms

from nmdasim.protocols import latencies


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "latencies.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_rows_are_pulses_and_columns_synapses_in_ms(file):
    assert latencies.read(file("1,2,3\n4,5,6\n")) / ms == pytest.approx(np.array([[1, 2, 3], [4, 5, 6]]))


@pytest.mark.parametrize(
    "text", ["# head\n1,2\n\n3,4 # tail\n", "1, 2\r\n3, 4\r\n", "1,2\n3,4", "  1 ,2\n\t3,4\n# end", "\ufeff1,2\n3,4\n"]
)
def test_comments_blank_lines_spaces_and_line_ends_do_not_matter(file, text):
    assert latencies.read(file(text)) / ms == pytest.approx(np.array([[1, 2], [3, 4]]))


@pytest.mark.parametrize("text", ["1\n2\n3\n", "1,2,3\n", "# fixed\n1\n2\n3"])
def test_one_row_or_one_column_is_one_fixed_delay_per_synapse(file, text):
    assert latencies.read(file(text)) / ms == pytest.approx([1, 2, 3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("# nothing\n\n", "has no rows"),
        ("1,2\n3\n", "has rows of 1, 2 columns"),
        ("1,2\na,4\n", "line 2: 'a' is not a number of milliseconds"),
        ("1,,2\n", "line 1: '' is not a number"),
        ("1 2 3\n", "line 1: '1 2 3' is not a number"),
        ("1,-2\n", "line 1: -2 ms; a delay is finite and 0 or more"),
        ("1,nan\n", "line 1: nan ms"),
        ("1,inf\n", "line 1: inf ms"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_file_that_is_no_latency_table_is_refused_with_its_line(file, text, message):
    with pytest.raises(ValueError, match=message):
        latencies.read(file(text))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(ValueError, match="cannot be read"):
            latencies.read(path)


def test_the_published_tables_have_20_synapses(direct_c, aguiar_latencies):
    assert direct_c["adelta"].shape == direct_c["c"].shape == (15, 20)
    assert aguiar_latencies["adelta"].shape == (30, 20)
    assert aguiar_latencies["c"].shape == (20,)
