//! The session in the README is what the program says, byte for byte.

use std::fs;

use crate::harness::Bench;

/// The folder that the README's reader works in.
const READERS_FOLDER: &str = "/home/ana";

#[test]
fn the_session_in_the_readme_is_what_the_program_says() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let bench = Bench::empty();
    let mut commands = 0;
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for shown in block.split("$ ").skip(1) {
            let (command, expected) = shown.split_once('\n').unwrap();
            let args = words(command);
            assert_eq!(args[0], "amparo", "{command}");
            let folder = bench.path().join("cases");
            let args: Vec<&str> = args[1..].iter().map(String::as_str).collect();
            let mut run = bench.command(&args);
            if folder.exists() {
                run.env("AMPARO_LEDGER", "cases");
            }
            let said = crate::harness::together(&mut run, bench.path());
            let said = said.replace(bench.path().to_str().unwrap(), READERS_FOLDER);
            assert_eq!(said.trim_end(), expected.trim_end(), "{command}");
            commands += 1;
        }
    }
    assert!(commands >= 10, "{commands}");
}

/// Splits a command line at spaces outside double quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}
