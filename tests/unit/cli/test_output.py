"""What commands print is what was recorded."""

from cli.output import out


def test_names_of_pictures_stay_names() -> None:
    with out.capture() as captured:
        out.print('{"name": ":bell:"}', markup=False)
    assert captured.get() == '{"name": ":bell:"}\n'
