//! Odd input is accepted: refusing what is merely unusual is how tools lose their users.

use super::harness::{Bench, fixture};

#[test]
fn every_odd_fixture_is_accepted_whole() {
    for (file, new, registered) in [
        ("byte-order-mark", 2, 0),
        ("crlf", 2, 0),
        ("blank-lines", 2, 0),
        ("no-final-newline", 2, 0),
        ("escapes-and-scripts", 1, 0),
        ("other-spellings", 5, 1),
        ("flagged", 14, 0),
    ] {
        let bench = Bench::new();
        let rows = bench.rows(&["import", &fixture(&format!("odd/{file}.jsonl"))]);
        assert_eq!(rows[0]["new"], new, "{file}");
        assert_eq!(rows[0]["registered"], registered, "{file}");
    }
}

#[test]
fn names_in_any_script_are_kept_and_found() {
    let bench = Bench::new();
    bench.ok(&["import", &fixture("odd/escapes-and-scripts.jsonl")]);
    let rows = bench.rows(&["person", "show", "Ольга Демо"]);
    assert_eq!(rows[0]["ref"], "p1");
    assert_eq!(rows[0]["refs"][0], "demo:olga");
    assert_eq!(bench.rows(&["find", "ольга"])[0]["ref"], "p1");
}
