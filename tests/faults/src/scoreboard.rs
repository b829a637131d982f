//! The page of counts: one line for each claim, written by the run that counted.

use std::fs;
use std::io;
use std::path::Path;

use crate::claim::{CLAIMS, Claim};

const HEAD: &str = "# What was tried, and how often\n\n\
    Written by the long runs themselves (package `amparo-faults`); each line by the command beside \
    it. `cargo test`\nasks the same questions in a short form.\n\n\
    | claim | counted | reproduce with |\n|---|---|---|\n";

/// Puts a claim's line in its place, and leaves those of the others.
///
/// # Errors
/// Those of the system.
pub fn write(page: &Path, claim: &Claim, counted: &str) -> io::Result<()> {
    let old = match fs::read_to_string(page) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    fs::write(page, put(&old, claim, counted))
}

fn command(claim: &Claim) -> String {
    let Claim { name, cargo, .. } = claim;
    format!("`cargo run {cargo} -p amparo-faults -- {name}`")
}

fn put(old: &str, claim: &Claim, counted: &str) -> String {
    let mut page = HEAD.to_owned();
    for other in CLAIMS {
        let command = command(other);
        if other.name == claim.name {
            page += &format!("| {} | {counted} | {command} |\n", claim.says);
        } else if let Some(line) = old.lines().find(|line| line.contains(&command)) {
            page += line;
            page.push('\n');
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_the_place_of_its_claim_and_leaves_the_others() {
        let first = put("", &CLAIMS[1], "1 case");
        let both = put(&first, &CLAIMS[0], "2 cases");
        let again = put(&both, &CLAIMS[1], "3 cases");
        let lines: Vec<_> = again
            .lines()
            .filter(|line| line.contains("cargo run"))
            .collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("| 2 cases |") && lines[0].contains(CLAIMS[0].name));
        assert!(lines[1].contains("| 3 cases |") && lines[1].contains(CLAIMS[1].name));
    }
}
