"""Wrong passwords make the next try wait; nothing is ever locked."""

from console.services.identity.back_off import FREE_TRIES, LONGEST_WAIT_S, BackOff

S = 1_000_000
NOW = 10**15


def failed(times: int, login: str = "anna") -> BackOff:
    back_off = BackOff()
    for _ in range(times):
        back_off.failed(login, NOW)
    return back_off


def test_four_mistakes_are_free_and_the_fifth_waits():
    assert failed(FREE_TRIES - 1).waits_s("anna", NOW) == 0
    assert failed(FREE_TRIES).waits_s("anna", NOW) == 30


def test_each_further_mistake_doubles_the_wait_up_to_a_quarter_of_an_hour():
    assert [failed(n).waits_s("anna", NOW) for n in (6, 7, 8, 9, 10, 500)] == [60, 120, 240, 480, 900, LONGEST_WAIT_S]


def test_the_wait_ends_and_counts_whole_seconds():
    back_off = failed(5)
    assert back_off.waits_s("anna", NOW + 29 * S + 1) == 1
    assert back_off.waits_s("anna", NOW + 30 * S) == 0


def test_case_and_blanks_do_not_give_new_tries_and_others_do_not_wait():
    back_off = failed(5)
    assert back_off.waits_s(" ANNA ", NOW) == 30
    assert back_off.waits_s("bert", NOW) == 0


def test_success_forgets():
    back_off = failed(9)
    back_off.succeeded("Anna")
    assert back_off.waits_s("anna", NOW) == 0


def test_a_clock_set_back_a_year_does_not_lock_anybody_out():
    assert failed(5).waits_s("anna", NOW - 365 * 86400 * S) == 30


def test_a_million_made_up_logins_do_not_fill_the_memory():
    back_off = failed(5)
    for n in range(1001):
        back_off.failed(f"login {n}", NOW)
    assert back_off.waits_s("anna", NOW) == 0
    assert back_off.waits_s("login 1000", NOW) == 0
