//! Inputs that are kept: what reached something new in a reader, and what once made it fail.
//!
//! `corpus/TARGET` is written by a long guided run, `crashes/TARGET` by hand, and both are tried with
//! the other tests. One file a reader and one input a line, in hex: an input is any bytes, and as
//! files of their own hundreds of them would say nothing by their names and hide what a change
//! added. A failure is told in the same spelling, so that its line is copied as it stands.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::claim::Broken;

/// The most bytes that a reader's corpus holds, before they are spelled in hex.
const BYTES_MAX: usize = 24 << 10;

/// Which inputs of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Those that reach something that sound input does not.
    Corpus,
    /// Those that it once failed on.
    Crashes,
}

impl Kept {
    fn folder(self) -> PathBuf {
        let name = match self {
            Self::Corpus => "corpus",
            Self::Crashes => "crashes",
        };
        Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
    }

    /// Those of a reader; none where there is no file.
    ///
    /// # Errors
    /// [`Broken`] where the file cannot be read, or with the line that is not hex.
    pub fn of(self, reader: &str) -> Result<Vec<Vec<u8>>, Broken> {
        let path = self.folder().join(reader);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read?,
        };
        let line = |(number, line): (usize, &str)| {
            let bad = || Broken::new(format!("{}:{number}: not hex", path.display()));
            bytes(line).ok_or_else(bad)
        };
        (1..).zip(text.lines()).map(line).collect()
    }
}

/// Writes the corpus of a reader anew: the shortest of these inputs, at most so many, and 24 KiB.
///
/// # Errors
/// Those of the system.
pub fn keep(reader: &str, mut inputs: Vec<Vec<u8>>, inputs_max: usize) -> io::Result<()> {
    inputs.sort_by_key(|input| (input.len(), input.clone()));
    inputs.dedup();
    let mut room = BYTES_MAX;
    let fits = |input: &&Vec<u8>| {
        let left = room.checked_sub(input.len());
        room = left.unwrap_or(room);
        left.is_some()
    };
    let kept = inputs.iter().take_while(fits).take(inputs_max);
    let lines: String = kept.map(|input| hex(input) + "\n").collect();
    let folder = Kept::Corpus.folder();
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(reader), lines)
}

/// Bytes as a line holds them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut line, byte| {
        // Writing to a text does not fail.
        let _ = write!(line, "{byte:02x}");
        line
    })
}

fn bytes(line: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = line.as_bytes().as_chunks::<2>();
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::files;
    use crate::fuzz_targets::targets;

    #[test]
    fn bytes_come_back_from_their_line_and_no_other_line_is_read() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes(&hex(&all)), Some(all));
        assert_eq!(bytes(""), Some(Vec::new()));
        for line in ["0", "0g", "+1", "00 00", "é"] {
            assert_eq!(bytes(line), None, "{line}");
        }
    }

    #[test]
    fn every_reader_is_a_target_of_cargo_fuzz_and_all_that_is_kept_is_of_a_reader() {
        let names: Vec<_> = targets()
            .unwrap()
            .iter()
            .map(|target| target.name)
            .collect();
        let there = |folder: PathBuf| {
            let files = files(&folder).unwrap_or_default().into_iter();
            files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        };
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/targets");
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(there(fuzz).collect::<Vec<_>>(), sorted);
        for kept in [Kept::Corpus, Kept::Crashes] {
            for file in there(kept.folder()) {
                assert!(names.contains(&file.as_str()), "{kept:?} of {file}");
            }
        }
    }
}
