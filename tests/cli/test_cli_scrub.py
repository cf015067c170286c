import pytest

from relfm.cli.scrub import scrub, secrets_of, secrets_of_environment

URL = "postgresql://ada:tops3cret@db.example/shop"


@pytest.mark.parametrize(
    "text",
    [
        f"could not connect to {URL}",
        'FATAL: password authentication failed, dsn was "host=db password=tops3cret user=ada"',
        "tops3cret",
        "mysql+pymysql://ada:tops3cret@db/shop?charset=utf8",
        "Access denied (using password: tops3cret)",
    ],
)
def test_a_password_is_masked_wherever_it_stands(text):
    assert "tops3cret" not in scrub(text, secrets_of([URL]))


def test_a_password_is_masked_in_every_spelling():
    secrets = secrets_of(["postgresql://ada:p%40ss%2Fword%20x@db/shop"])
    for spelling in ("p%40ss%2Fword%20x", "p@ss/word x", "p%40ss%2Fword+x"):
        assert scrub(f"<{spelling}>", secrets) == "<***>"


def test_the_pieces_of_a_password_that_was_not_quoted_are_masked():
    """A driver takes 'word@db' for the host and says so."""
    secrets = secrets_of(["postgresql://ada:first/second@db/shop"])
    assert scrub('could not translate host name "second"', secrets) == 'could not translate host name "***"'


def test_the_rest_of_a_password_that_was_taken_for_host_and_name_is_masked():
    secrets = secrets_of(["mysql://ada:p@ss/w:rd#1@127.0.0.1:3306/shop"])
    for said in ("mysql://ada:***@ss/w%3Ard%231%40127.0.0.1%3A3306/shop", "no host 'ss/w:rd#1'", "unknown name w:rd#1"):
        masked = scrub(said, secrets)
        assert "rd" not in masked


def test_a_short_password_does_not_blot_out_the_message():
    assert scrub("a table has no a", secrets_of(["postgresql://ada:a@db/shop"])) == "*** table has no ***"
    assert scrub("that table", secrets_of(["postgresql://ada:a@db/shop"])) == "that table"


def test_text_without_secrets_stays_as_it_is():
    text = "unknown table 'order' in sqlite:///shop.db at 2026-01-01T00:00:00"
    assert scrub(text, secrets_of([URL])) == text


def test_the_variable_that_an_argument_names_is_secret():
    environment = {"MY_DB": URL, "OTHER": "postgresql://ada:unrelated@db/shop", "PGPASSWORD": "fr0mlibpq"}
    secrets = secrets_of_environment(["predict", "@env:MY_DB"], environment)
    assert "tops3cret" in secrets
    assert "fr0mlibpq" in secrets
    assert "unrelated" not in secrets


def test_the_default_variable_is_secret_without_being_named():
    assert "tops3cret" in secrets_of_environment([], {"RELFM_DATABASE_URL": URL})
