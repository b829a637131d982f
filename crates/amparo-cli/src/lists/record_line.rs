//! In which line of a file a record of CSV begins.

/// The lines of a text, counted as far as it was read.
#[derive(Default)]
pub struct Lines {
    /// Bytes in which line ends are counted.
    counted: usize,
    ended: u64,
}

impl Lines {
    /// The line, from 1, in which a record begins. The reader of CSV takes its beginning to be where
    /// the one before ended, which may be in the middle of a line end, or before empty lines.
    pub fn of(&mut self, text: &[u8], position: Option<&csv::Position>) -> u64 {
        let start = position.map_or(0, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX));
        let start = start.clamp(self.counted, text.len());
        let blank = text[start..].iter();
        let blank = blank.take_while(|byte| matches!(**byte, b'\r' | b'\n'));
        let begin = start + blank.count();
        for at in self.counted..begin {
            let is_end = match text[at] {
                b'\n' => true,
                b'\r' => text.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.ended += u64::from(is_end);
        }
        self.counted = begin;
        self.ended + 1
    }
}

#[cfg(test)]
mod tests {
    use csv::ByteRecord;

    use super::*;

    #[test]
    fn a_record_is_in_the_line_that_it_begins_in() {
        for (end, name) in [("\n", "LF"), ("\r\n", "CRLF"), ("\r", "CR")] {
            let text = ["a,b", "1,2", "", "3,\"x", "y\"", "5,6", ""].join(end);
            let mut csv = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(text.as_bytes());
            let (mut lines, mut record) = (Lines::default(), ByteRecord::new());
            let mut found = Vec::new();
            while csv.read_byte_record(&mut record).unwrap() {
                found.push(lines.of(text.as_bytes(), record.position()));
            }
            assert_eq!(found, [1, 2, 4, 6], "{name}");
        }
    }
}
