//! What one command costs as a process of its own: time,
//! processor time, memory at its peak, bytes of its answer.

use std::fmt;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// From start to end.
    pub time: Duration,
    /// Of all threads together: says more than the time on a machine that is shared.
    processor: Duration,
    /// Memory at its peak.
    pub peak_bytes: u64,
    output_bytes: u64,
    exit_code: Option<i32>,
}

impl Cost {
    /// Whether the exit code was 0.
    pub fn is_success(&self) -> bool {
        self.exit_code == Some(0)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{:.2} | {:.2} | {:.0} | {:.1}",
            self.time.as_secs_f64(),
            self.processor.as_secs_f64(),
            self.peak_bytes as f64 / 1e6,
            self.output_bytes as f64 / 1e6,
        )?;
        match self.exit_code {
            Some(0) => Ok(()),
            Some(code) => write!(out, " (exit {code})"),
            None => write!(out, " (killed)"),
        }
    }
}

/// The run of median time among so many, each a new process.
///
/// # Errors
/// Whatever keeps the program from being started.
pub fn median(program: &Path, ledger: &Path, arguments: &[&str], runs: usize) -> io::Result<Cost> {
    let mut command = Command::new(program);
    command.arg("-L").arg(ledger).args(arguments);
    let costs: io::Result<Vec<Cost>> = (0..runs.max(1)).map(|_| once(&mut command)).collect();
    let mut costs = costs?;
    costs.sort_unstable();
    Ok(costs[costs.len() / 2])
}

/// Runs a command once; its answer is read and thrown away.
fn once(command: &mut Command) -> io::Result<Cost> {
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output_bytes = 0;
    if let Some(mut out) = child.stdout.take() {
        let mut piece = vec![0; 1 << 16];
        loop {
            match out.read(&mut piece)? {
                0 => break,
                read => output_bytes += read as u64,
            }
        }
    }
    let used = child.wait4()?;
    Ok(Cost {
        time: start.elapsed(),
        processor: used.rusage.utime + used.rusage.stime,
        peak_bytes: used.rusage.maxrss,
        output_bytes,
        exit_code: used.status.code(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_tells_its_bytes_its_memory_and_its_exit_code() {
        let cost = median(Path::new("echo"), Path::new("x"), &["four"], 3).unwrap();
        assert_eq!(cost.output_bytes, "-L x four\n".len() as u64);
        assert_eq!(cost.exit_code, Some(0));
        // A process has some hundred kilobytes at the least: the unit is bytes.
        assert!(cost.peak_bytes > 100_000, "{cost:?}");
        let failed = once(Command::new("false").arg("x")).unwrap();
        assert!(failed.to_string().ends_with("(exit 1)"), "{failed}");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        assert!(median(&missing, folder.path(), &[], 1).is_err());
    }
}
