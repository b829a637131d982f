//! Files of drafts and standard input, line by line and as often as asked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read as _};
use std::iter;
use std::path::PathBuf;

use amparo_core::limit;

use crate::error::Failure;
use crate::world::World;

/// The most bytes read from standard input, which is kept for the second pass.
const STDIN_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// What a line reader keeps of one line: enough to see that it is too long.
const LINE_BYTES_KEPT: u64 = limit::LINE_BYTES_MAX as u64 + 16;
/// Input is read in pieces of this size.
const READ_BYTES: usize = 256 * 1024;
/// Lines that are given to a thread at once, and bytes, where lines are long.
pub(super) const PIECE_LINES: usize = 256;
const PIECE_BYTES: usize = 256 * 1024;
/// The mark that some editors put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One file of drafts, readable more than once.
pub struct Input {
    /// As it was named; `-` is standard input.
    pub name: String,
    from: From,
}

enum From {
    File(PathBuf),
    Memory(Vec<u8>),
}

impl Input {
    /// Makes an input of a file name, `-` being standard input.
    ///
    /// # Errors
    /// Usage, when the file cannot be read.
    pub fn open(name: &str, world: &mut World<'_>) -> Result<Self, Failure> {
        let unreadable = |error: io::Error| {
            Failure::usage(format!("cannot read {name}")).cause(error.to_string())
        };
        let from = if name == "-" {
            let mut bytes = Vec::new();
            let mut stdin = (&mut world.stdin).take(STDIN_BYTES_MAX + 1);
            stdin.read_to_end(&mut bytes).map_err(unreadable)?;
            if bytes.len() as u64 > STDIN_BYTES_MAX {
                return Err(Failure::usage("standard input is too long").hint("import a file"));
            }
            From::Memory(bytes)
        } else {
            let path = world.dir.join(name);
            if path.is_dir() {
                return Err(Failure::usage(format!("{name} is a folder")));
            }
            File::open(&path).map_err(unreadable)?;
            From::File(path)
        };
        Ok(Self {
            name: name.to_owned(),
            from,
        })
    }

    pub(super) fn lines(&self) -> Result<Lines<'_>, Failure> {
        let reader: Box<dyn BufRead + Send + '_> = match &self.from {
            From::Memory(bytes) => Box::new(Cursor::new(bytes)),
            From::File(path) => {
                let file = File::open(path).map_err(|error| self.unreadable(&error))?;
                Box::new(BufReader::with_capacity(READ_BYTES, file))
            }
        };
        Ok(Lines {
            reader,
            number: 0,
            line: Vec::new(),
        })
    }

    pub(super) fn unreadable(&self, error: &io::Error) -> Failure {
        Failure::usage(format!("cannot read {}", self.name)).cause(error.to_string())
    }
}

/// The lines of an input that are not blank.
pub(super) struct Lines<'i> {
    reader: Box<dyn BufRead + Send + 'i>,
    number: u64,
    line: Vec<u8>,
}

impl Lines<'_> {
    /// The next line that is not blank, without its end; cut where it is far too long.
    fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        loop {
            self.line.clear();
            let mut limited = (&mut self.reader).take(LINE_BYTES_KEPT);
            if limited.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.line.last() == Some(&b'\n') {
                self.line.pop();
            } else if self.line.len() as u64 == LINE_BYTES_KEPT {
                self.reader.skip_until(b'\n')?;
            }
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some((self.number, &self.line)));
            }
        }
    }

    /// The next lines, each with a line end; none at the end of the input.
    pub(super) fn piece(&mut self) -> io::Result<Option<Piece>> {
        let mut piece = Piece::default();
        while piece.lines.len() < PIECE_LINES && piece.bytes.len() < PIECE_BYTES {
            let Some((number, line)) = self.next()? else {
                break;
            };
            piece.bytes.extend_from_slice(line);
            piece.bytes.push(b'\n');
            piece.lines.push((number, piece.bytes.len()));
        }
        Ok((!piece.lines.is_empty()).then_some(piece))
    }
}

/// Consecutive lines, as they were read.
#[derive(Default)]
pub(super) struct Piece {
    bytes: Vec<u8>,
    /// The number of each, and where it ends.
    lines: Vec<(u64, usize)>,
}

impl Piece {
    /// All of it: each line has a line end.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The lines with their numbers, without their ends.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let starts = iter::once(0).chain(self.lines.iter().map(|(_, end)| *end));
        let spans = starts.zip(&self.lines);
        spans.map(|(start, (number, end))| (*number, &self.bytes[start..end - 1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Input {
        /// One that was read from standard input.
        pub(in super::super) fn of_text(text: &[u8]) -> Self {
            Self {
                name: "x".into(),
                from: From::Memory(text.to_vec()),
            }
        }
    }

    fn lines(text: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let input = Input::of_text(text);
        let mut lines = input.lines().unwrap();
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push((number, line.to_vec()));
        }
        all
    }

    #[test]
    fn blank_lines_count_and_are_skipped_and_a_mark_goes() {
        let expect = vec![
            (1, b"{}".to_vec()),
            (4, b"[]\r".to_vec()),
            (5, b"x".to_vec()),
        ];
        assert_eq!(lines(b"\xef\xbb\xbf{}\n\n  \r\n[]\r\nx"), expect);
        assert_eq!(lines(b""), vec![]);
        assert_eq!(lines(b"\n\n"), vec![]);
    }

    #[test]
    fn a_line_far_too_long_is_cut_and_the_next_is_whole() {
        let mut text = vec![b'a'; 3 * limit::LINE_BYTES_MAX];
        text.extend(b"\n{}\n");
        let read = lines(&text);
        assert_eq!(read.len(), 2);
        assert!(read[0].1.len() > limit::LINE_BYTES_MAX);
        assert_eq!(read[1], (2, b"{}".to_vec()));
    }

    #[test]
    fn a_line_of_exactly_what_is_kept_does_not_swallow_the_next() {
        for more in [LINE_BYTES_KEPT as usize - 1, LINE_BYTES_KEPT as usize] {
            let mut text = vec![b'a'; more];
            text.extend(b"\n{}\n");
            assert_eq!(lines(&text).last(), Some(&(2, b"{}".to_vec())), "{more}");
        }
    }
}
