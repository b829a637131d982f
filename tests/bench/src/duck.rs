//! The reference for the as-of count: DuckDB's SQL over the same lines, where Python has it.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const PYTHON: &str = "python3";
const SCRIPT: &str = include_str!("duck.py");

/// What the count cost.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// How many are deprived of liberty.
    pub count: u64,
    /// The lines into a table of typed columns, once.
    pub load: Duration,
    /// A question as a process of its own, its start included: the median.
    pub cold: Duration,
    /// The query alone, again in the same process: the median.
    pub warm: Duration,
}

/// Whether Python and its module `duckdb` are at hand.
pub fn is_at_hand() -> bool {
    let asked = Command::new(PYTHON).args(["-c", "import duckdb"]).output();
    asked.is_ok_and(|output| output.status.success())
}

/// Counts who is deprived of liberty on a day, by a file of entry lines.
///
/// # Errors
/// Whatever the system or Python answers.
pub fn count(lines: &Path, database: &Path, day: &str, runs: usize) -> io::Result<Counted> {
    let start = Instant::now();
    python(&[
        "load",
        &lines.to_string_lossy(),
        &database.to_string_lossy(),
    ])?;
    let load = start.elapsed();
    let mut asked = Vec::new();
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        let answer = python(&["ask", &database.to_string_lossy(), day])?;
        asked.push((start.elapsed(), answer));
    }
    asked.sort_unstable();
    let (cold, answer) = asked.swap_remove(asked.len() / 2);
    let said = answer.trim().split_once(' ');
    let (count, warm) = said.ok_or_else(|| io::Error::other("no count"))?;
    let warm: f64 = warm.parse().map_err(io::Error::other)?;
    let queries = Duration::from_secs_f64(warm / 1e3);
    Ok(Counted {
        count: count.parse().map_err(io::Error::other)?,
        load,
        // Five queries were asked, and a cold process asks one.
        cold: cold.saturating_sub(queries * 4),
        warm: queries,
    })
}

fn python(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new(PYTHON)
        .args(["-c", SCRIPT])
        .args(arguments)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(said));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_lines_are_counted_as_by_hand() {
        if !is_at_hand() {
            println!("skipped: Python has no module duckdb");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let lines = [
            // Held; released; held by a merge alone; a retracted arrest; one after the day.
            r#"{"seq":1,"id":"1","kind":"arrest","person":"a","occurred":"2024-01-02"}"#,
            r#"{"seq":2,"id":"2","kind":"arrest","person":"b","occurred":"2024-01-02"}"#,
            r#"{"seq":3,"id":"3","kind":"release","person":"b","occurred":"2024-02"}"#,
            r#"{"seq":4,"id":"4","kind":"release","person":"a","occurred":"2023"}"#,
            r#"{"seq":5,"id":"5","kind":"arrest","person":"c","occurred":"2024-01-02"}"#,
            r#"{"seq":6,"id":"6","kind":"merge","person":"c","into":"a"}"#,
            r#"{"seq":7,"id":"7","kind":"arrest","person":"d","occurred":"2024-01-02"}"#,
            r#"{"seq":8,"id":"8","kind":"retraction","entry":"7"}"#,
            r#"{"seq":9,"id":"9","kind":"arrest","person":"e","occurred":"2024-07-01"}"#,
            r#"{"seq":10,"id":"10","kind":"arrest","person":"f","occurred":"2024-03-01"}"#,
            r#"{"seq":11,"id":"11","kind":"transfer","person":"f","occurred":"2024-04-01"}"#,
        ];
        let path = folder.path().join("lines.jsonl");
        std::fs::write(&path, lines.join("\n")).unwrap();
        let counted = count(&path, &folder.path().join("duck"), "2024-06-30", 1).unwrap();
        assert_eq!(counted.count, 2);
    }
}
